// Subscriptions that the list shows and the hierarchy does not, as Lighthouse projects them from other tenants: no view proves them gone.
import { z } from 'zod';
import { ProviderError } from '#core/errors.ts';
import type { AzureSession } from './session.ts';
import { type ListedSubscription, toHome } from './subscription.ts';

const projectedSchema = z.object({ id: z.string(), home: z.string().nullable(), state: z.string().nullable() });

/** One of them, as it was last; without its home where the list names this tenant instead. */
export type Projected = z.output<typeof projectedSchema>;

const memoSchema = z.object({ projected: z.array(projectedSchema) });

/** What to remember. */
export type Memo = z.output<typeof memoSchema>;

/** Those that earlier runs have seen, by id. */
export function recallProjected({ context }: AzureSession): Map<string, Projected> {
  const known = memoSchema.safeParse(context.memo).data?.projected ?? [];
  return new Map(known.map((projected) => [projected.id, projected]));
}

/** What to remember of a subscription. */
export function toProjected(session: AzureSession, { id, fields }: ListedSubscription): Projected {
  return { id, home: toHome(session, fields, true) ?? null, state: fields.state ?? null };
}

/** What to remember of them. */
export function toMemo(projected: ReadonlyMap<string, Projected>): Memo {
  return { projected: [...projected.values()] };
}

/** Why one that is not listed any more is kept. */
export function toDoubt({ home }: Projected): ProviderError {
  const remedy = `it is of ${home ?? 'another tenant'} and no longer listed: deleted, no longer delegated or no longer readable; read that tenant as a source of its own to know`;
  return new ProviderError('not_listed', remedy);
}
