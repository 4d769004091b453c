// Keeps what a fake was asked and had not planned, so that a test cannot pass by an accident.
import type { Faults } from './faults.ts';

/** What a fake knows about being used otherwise than planned. */
export interface Mistakes<Request, Effect> {
  /** Operations and members that the fake does not know, and errors of its own. */
  readonly unexpected: string[];
  readonly faults: Faults<Request, Effect>;
  /** Ends delays when the fake closes. */
  readonly closing: AbortSignal;
}

/** An error that is no refusal is a mistake in the test or the fake: the client sees a broken answer, the cause is kept. */
export async function keepMistakes<Outcome>(
  { unexpected, closing }: Pick<Mistakes<never, never>, 'unexpected' | 'closing'>,
  handling: Promise<Outcome>,
): Promise<Outcome> {
  try {
    return await handling;
  } catch (error) {
    if (!closing.aborted) unexpected.push(String(error));
    throw error;
  }
}

/** Throws when something unknown was asked of the fake of this name, or when a planned fault never happened. */
export function assertAsPlanned<Request, Effect extends { readonly kind: string }>(
  name: string,
  { unexpected, faults }: Pick<Mistakes<Request, Effect>, 'unexpected' | 'faults'>,
): void {
  const idle = faults
    .unused()
    .map(({ operation = 'any operation', effect }) => `unused fault ${effect.kind} on ${operation}`);
  const problems = [...unexpected, ...idle];
  if (problems.length > 0) throw new Error(`the ${name} fake was used otherwise than planned:\n${problems.join('\n')}`);
}
