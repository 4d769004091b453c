// Subscriptions that the list shows and the hierarchy does not, as Lighthouse projects them from other tenants: no view proves them gone.
import { z } from 'zod';
import { ProviderError } from '#core/errors.ts';
import { jsonObjectSchema } from '#core/json.ts';
import { requestSchema } from '#core/provenance.ts';
import type { AzureSession } from './session.ts';
import { type ListedSubscription, parseSubscription } from './subscription.ts';

const memoSchema = z.object({ projected: z.array(z.object({ raw: jsonObjectSchema, request: requestSchema })) });

/** What to remember. */
export type Memo = z.output<typeof memoSchema>;

/** Those that earlier runs have seen, by id, as they were last. */
export function recallProjected({ context }: AzureSession): Map<string, ListedSubscription> {
  const memo = memoSchema.safeParse(context.memo).data;
  const known = (memo?.projected ?? []).map(({ raw, request }) => parseSubscription(raw, request));
  return new Map(known.map((subscription) => [subscription.id, subscription]));
}

/** What to remember of them. */
export function toMemo(projected: ReadonlyMap<string, ListedSubscription>): Memo {
  return { projected: [...projected.values()].map(({ raw, request }) => ({ raw, request })) };
}

/** Why one that is not listed any more is kept. */
export function toDoubt({ fields }: ListedSubscription): ProviderError {
  const home = fields.tenantId ?? 'another tenant';
  const remedy = `it is of ${home} and no longer listed: deleted, no longer delegated or no longer readable; read that tenant as a source of its own to know`;
  return new ProviderError('not_listed', remedy);
}
