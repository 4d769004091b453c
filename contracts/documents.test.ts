// Tests of the generated contract files: they are what the schemas say, and hang together.
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { asyncApiSchema } from './asyncapi.ts';
import { exampleProblems, findDrift, toDocuments } from './documents.ts';
import { eventSchema } from './events.ts';
import { readGenerated } from './generate.ts';

const documents = toDocuments();

describe('the generated files', () => {
  test('are what the schemas say', async () => {
    expect(findDrift(documents, await readGenerated())).toEqual([]);
  });

  test('accept the example of their type', () => {
    expect(exampleProblems(documents)).toEqual([]);
  });

  test('a schema that refuses its example is a problem', () => {
    const broken = new Map([...documents, ['account.moved.schema.json', '{"type":"array"}']]);

    expect(exampleProblems(broken)).toEqual([
      'account.moved: its example is refused by account.moved.schema.json:  must be array',
    ]);
  });

  test.for([
    ['a changed file', new Map([...documents, ['asyncapi.yaml', 'asyncapi: 2.0.0\n']]), ['asyncapi.yaml']],
    ['a left-over file', new Map([...documents, ['account.born.schema.json', '{}']]), ['account.born.schema.json']],
    ['a missing file', new Map([...documents].slice(1)), ['envelope.schema.json']],
  ] as const)('%s is drift', ([, found, names]) => {
    expect(findDrift(documents, found)).toEqual(names);
  });
});

describe('the AsyncAPI document', () => {
  const text = documents.get('asyncapi.yaml') ?? '';

  test('is valid and has a channel per event type', () => {
    const asyncApi = asyncApiSchema.parse(parse(text));

    const addresses = Object.values(asyncApi.channels).map((channel) => channel.address);
    expect(addresses).toEqual(eventSchema.options.map((option) => `inventory.events.${option.shape.event_type.value}`));
  });

  test('every reference leads somewhere', () => {
    const references = [...text.matchAll(/\$ref: "?([^"\n]+)/g)].map(([, reference]) => reference ?? '');

    const dangling = references.filter((reference) => !leadsSomewhere(parse(text), reference));

    expect(references).toHaveLength(3 * eventSchema.options.length);
    expect(dangling).toEqual([]);
  });
});

function leadsSomewhere(document: unknown, reference: string): boolean {
  if (reference.startsWith('./')) return documents.has(reference.slice(2));
  let target = document;
  for (const name of reference.split('/').slice(1)) {
    target = z.record(z.string(), z.unknown()).catch({}).parse(target)[name];
  }
  return target !== undefined;
}
