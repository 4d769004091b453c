// Checks what a collector yields: a valid observation goes on without secrets in `raw`, a bad one is counted and named.
import { z } from 'zod';
import { compileOnUse } from '#core/compiled.ts';
import type { Logger } from '#core/log.ts';
import { type Observation, observationKindSchema, observationKinds, observationSchema } from '#core/observation.ts';
import { redactJson, toTold } from '#core/redact.ts';
import { noteSkipped, seeUnread, type Tally } from './tally.ts';

const maxCauseLength = 300;

const compiledSchema = compileOnUse(observationSchema);

// What is left to read of an observation that is none.
const readableSchema = z.object({ kind: observationKindSchema, key: z.string().min(1).optional().catch(undefined) });

/** The observation, or undefined when it was rejected. One whose kind and key can be read counts as seen: it is there, after all. */
export function acceptObservation(yielded: unknown, tally: Tally, log: Logger): Observation | undefined {
  const parsed = compiledSchema().safeParse(yielded);
  if (parsed.success) {
    // What the schema returns is a copy of its own.
    parsed.data.raw = redactJson(parsed.data.raw);
    return parsed.data;
  }
  reject(yielded, { tally, log, error: parsed.error });
  return undefined;
}

function reject(
  yielded: unknown,
  { tally, log, error }: { readonly tally: Tally; readonly log: Logger; readonly error: z.ZodError },
): void {
  const readable = readableSchema.safeParse(yielded).data;
  const kinds = readable ? [readable.kind] : observationKinds;
  tally.counts.rejected += 1;
  if (readable?.key !== undefined) seeUnread(tally, readable.kind, readable.key);
  const what = readable?.key ?? 'an observation without a readable key';
  // A zod message does not repeat the value, but it may name a member of it.
  const issues = error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`).join('; ');
  const noted = noteSkipped(tally, { what, kinds: [...kinds], cause: toTold(issues).slice(0, maxCauseLength) });
  if (noted) log.warn({ event: 'rejected', ...noted }, 'not a valid observation');
}
