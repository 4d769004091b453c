// Parses what a client sent, strictly: a member that the fake does not know is a test's mistake, not AWS's.
import type { z } from 'zod';
import { AwsRefusal } from './answer.ts';

/** Codes by which the fake says "I do not know this"; `assertNoUnexpected` looks for them. */
export const unexpectedCodes: ReadonlySet<string> = new Set(['UnknownOperationException', 'SerializationException']);

/** The parsed input; `refuse` words what the service says of a value out of its bounds. */
export function parseInput<Schema extends z.ZodType>(
  schema: Schema,
  input: unknown,
  refuse: (issue: z.core.$ZodIssue) => AwsRefusal,
): z.output<Schema> {
  const parsed = schema.safeParse(input);
  if (parsed.success) return parsed.data;
  const unknown = parsed.error.issues.find((issue) => issue.code === 'unrecognized_keys');
  if (unknown !== undefined) throw new AwsRefusal('SerializationException', unknown.message);
  const [first] = parsed.error.issues;
  throw first === undefined ? parsed.error : refuse(first);
}
