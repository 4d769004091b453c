// The contracts as files that consumers in other languages read, and what may be wrong with such files.
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import { stringify } from 'yaml';
import { z } from 'zod';
import { schemaFile, toAsyncApi } from './asyncapi.ts';
import { envelopeSchema } from './envelope.ts';
import { eventSchema } from './events.ts';
import { examples } from './examples.ts';

/** Every generated file by its name: a JSON Schema per event type, one of the envelope alone, and the AsyncAPI document. */
export function toDocuments(): ReadonlyMap<string, string> {
  const types = eventSchema.options.map((option) => option.shape.event_type.value);
  const documents = new Map([['envelope.schema.json', toJsonSchemaText(envelopeSchema, 'envelope')]]);
  for (const option of eventSchema.options) {
    const type = option.shape.event_type.value;
    documents.set(schemaFile(type), toJsonSchemaText(option, type));
  }
  return documents.set('asyncapi.yaml', stringify(toAsyncApi(types), { aliasDuplicateObjects: false, lineWidth: 0 }));
}

/** The names of files that are missing, superfluous or not what the schemas in this folder say. */
export function findDrift(expected: ReadonlyMap<string, string>, found: ReadonlyMap<string, string>): string[] {
  const names = new Set([...expected.keys(), ...found.keys()]);
  return [...names].filter((name) => expected.get(name) !== found.get(name)).sort();
}

/** What is wrong with the examples: a type has none or several, or our schema or the generated one refuses it. */
export function exampleProblems(documents: ReadonlyMap<string, string>): string[] {
  return eventSchema.options.flatMap((option) => {
    const type = option.shape.event_type.value;
    const ofType = examples.filter((example) => example.event_type === type);
    if (ofType.length !== 1) return [`${type}: has ${ofType.length} examples instead of one`];
    const parsed = eventSchema.safeParse(ofType[0]);
    const problems = parsed.success ? [] : [`${type}: its example is refused: ${z.prettifyError(parsed.error)}`];
    for (const name of ['envelope.schema.json', schemaFile(type)]) {
      const validate = compileSchema(documents.get(name) ?? 'false');
      if (!validate(ofType[0])) problems.push(`${type}: its example is refused by ${name}: ${describe(validate)}`);
    }
    return problems;
  });
}

const jsonSchemaSchema = z.union([z.boolean(), z.record(z.string(), z.unknown())]);

/** The validator of a generated JSON Schema, by an implementation that is not ours. Unknown keywords are an error. */
export function compileSchema(text: string): ValidateFunction {
  // The patterns beside them are stricter than these formats.
  const formats = { uuid: true, 'date-time': true } as const;
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true, formats });
  return ajv.compile(jsonSchemaSchema.parse(JSON.parse(text)));
}

function describe(validate: ValidateFunction): string {
  return (validate.errors ?? []).map((error) => `${error.instancePath} ${error.message ?? ''}`).join('; ');
}

function toJsonSchemaText(schema: z.ZodType, title: string): string {
  const { $schema, ...rest } = z.toJSONSchema(schema, { target: 'draft-2020-12' });
  return `${JSON.stringify({ $schema, title, ...rest }, null, 2)}\n`;
}
