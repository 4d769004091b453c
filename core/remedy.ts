// What to do about a value that a schema refuses, in the words of who writes the file; what the schema says itself goes before.
import { z } from 'zod';

const shapes: Readonly<Record<string, string>> = {
  array: 'a list',
  object: 'keys with values',
  record: 'keys with values',
  string: 'a text',
  number: 'a number',
  int: 'a whole number',
  boolean: 'true or false',
};

/** Given to a schema's `safeParse` as `error`. The remedy names keys, never a value; undefined leaves zod its own words. */
export function toRemedy(issue: z.core.$ZodRawIssue): string | undefined {
  const missing = issue.input === undefined ? 'is missing: ' : '';
  switch (issue.code) {
    case 'invalid_type': {
      const shape = shapes[issue.expected];
      return shape && `${missing}must be ${shape}${listKnown(issue.inst)}`;
    }
    case 'invalid_value':
      return `${missing}must be ${issue.values.map(String).join(' or ')}`;
    case 'invalid_union':
      return Array.isArray(issue['options']) ? `must be ${issue['options'].map(String).join(' or ')}` : undefined;
    case 'too_small':
      return issue.minimum === 1 && issue.origin !== 'number'
        ? 'must not be empty'
        : `must be at least ${issue.minimum}${unitOf(issue.origin)}`;
    case 'too_big':
      return `must be at most ${issue.maximum}${unitOf(issue.origin)}`;
    case 'unrecognized_keys':
      return `there is no ${issue.keys.map((key) => JSON.stringify(key)).join(', ')}${listKnown(issue.inst)}`;
    default:
      return undefined;
  }
}

function unitOf(origin: string): string {
  if (origin === 'string') return ' characters long';
  return origin === 'array' ? ' long' : '';
}

function listKnown(schema: unknown): string {
  return schema instanceof z.ZodObject ? `: only ${Object.keys(schema.shape).join(', ')}` : '';
}
