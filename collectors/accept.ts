// Checks what a collector yields: a valid observation goes on without secrets in `raw`, a bad one is counted and named.
import { z } from 'zod';
import type { Logger } from '#core/log.ts';
import { type Observation, observationKindSchema, observationSchema } from '#core/observation.ts';
import { redactJson } from '#core/redact.ts';
import { see, type Tally } from './tally.ts';

// What is left to read of an observation that is none.
const readableSchema = z.object({ kind: observationKindSchema, key: z.string().min(1).optional().catch(undefined) });

/** How many rejected observations a scope names; the others are only counted. */
const maxNamed = 20;

/** The observation, or undefined when it was rejected. One whose kind and key can be read counts as seen: it is there, after all. */
export function acceptObservation(yielded: unknown, tally: Tally, log: Logger): Observation | undefined {
  const parsed = observationSchema.safeParse(yielded);
  if (parsed.success) return { ...parsed.data, raw: redactJson(parsed.data.raw) };
  reject(yielded, { tally, log, error: parsed.error });
  return undefined;
}

function reject(
  yielded: unknown,
  { tally, log, error }: { readonly tally: Tally; readonly log: Logger; readonly error: z.ZodError },
): void {
  const readable = readableSchema.safeParse(yielded).data;
  const kinds = readable ? [readable.kind] : [...observationKindSchema.options];
  tally.counts.rejected += 1;
  for (const kind of kinds) tally.restricted.add(kind);
  if (readable?.key !== undefined) see(tally, readable.kind, readable.key);
  if (tally.counts.rejected > maxNamed) return;
  // Paths and expectations only: a zod message does not repeat the value.
  const cause = error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  tally.skipped.push({ what: readable?.key ?? 'an observation without a readable key', kinds, cause });
  log.warn({ event: 'rejected', kind: readable?.kind, key: readable?.key, cause }, 'not a valid observation');
}
