// The configuration: one document, validated in one go, every problem reported with its key and remedy and never its value.
import { z } from 'zod';
import type { ConfigProblem } from './errors.ts';
import { isSecretName } from './redact.ts';

/** `host:port`, an IPv6 host in brackets. */
export const listenSchema = z
  .string()
  .regex(/^(\[[0-9a-fA-F:]+\]|[^\s:/]+):\d{1,5}$/, 'must be host:port, for example 127.0.0.1:8080')
  .transform((text) => {
    const colon = text.lastIndexOf(':');
    return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) };
  })
  .refine((listen) => listen.port <= 65_535, 'the port must be at most 65535');
export type Listen = z.output<typeof listenSchema>;

/** A length of time with its unit, `90s`, `15m`, `6h` or `1d`, as milliseconds. */
export const durationSchema = z
  .string()
  .regex(/^\d+(s|m|h|d)$/, 'must be a number and a unit: 90s, 15m, 6h or 1d')
  .transform((text) => Number.parseInt(text, 10) * (durationUnits[text.slice(-1)] ?? 0));

const durationUnits: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

const tenantSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'must be lower-case letters, digits, - and _, at most 63');

/** A static token: its SHA-256 only, for whom it reads, and what it may do. `inventory token new` prints one. */
export const staticTokenSchema = z.strictObject({
  name: z.string().min(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits: inventory token new prints them'),
  tenant: tenantSchema.default('default'),
  scopes: z.array(z.string().min(1)).min(1),
});

/** Who may read: bearers of a static token, or, on loopback only, anybody. */
export const authSchema = z.discriminatedUnion('mode', [
  z.strictObject({ mode: z.literal('token'), tokens: z.array(staticTokenSchema).min(1) }),
  z.strictObject({ mode: z.literal('none') }),
]);
export type AuthConfig = z.output<typeof authSchema>;

const databaseSchema = z.strictObject({
  url: z
    .string()
    .min(1)
    .refine((url) => URL.canParse(url) || !/^postgres/.test(url), 'is not a URL: postgres://user@host:5432/database')
    .optional(),
  url_file: z.string().min(1).optional(),
  password_file: z
    .string()
    .min(1)
    .optional()
    .meta({ description: 'the password alone, where the rest of the URL is no secret' }),
});

/** How long each kind of history is kept before `inventory prune` deletes it. Requests are many and only their run shows them. */
const retentionSchema = z.strictObject({
  pages: durationSchema.prefault('30d'),
  runs: durationSchema.prefault('400d'),
  versions: durationSchema.prefault('400d'),
  events: durationSchema.prefault('400d'),
});

export const configSchema = z.strictObject({
  tenant: tenantSchema.default('default'),
  database: databaseSchema.prefault({}),
  collectors: z
    .record(z.string().regex(/^[a-z][a-z0-9-]*$/, 'is not the name of a collector'), z.unknown())
    .default({}),
  api: z
    .strictObject({ listen: listenSchema.prefault('127.0.0.1:8080'), auth: authSchema.default({ mode: 'none' }) })
    .prefault({}),
  retention: retentionSchema.prefault({}),
  ops: z.strictObject({ host: z.string().min(1).default('0.0.0.0'), port: z.int().min(1).max(65_535) }).optional(),
});
export type Config = z.output<typeof configSchema>;

/** Adds what is wrong with one part of the configuration to `problems`; undefined when anything is. */
export function parsePart<Schema extends z.ZodType>(
  schema: Schema,
  value: unknown,
  key: string,
  problems: ConfigProblem[],
): z.output<Schema> | undefined {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) {
    const path = [key, ...issue.path.map(String)].filter((part) => part !== '').join('.');
    problems.push({ key: path || 'configuration', remedy: issue.message });
  }
  return undefined;
}

/** A copy in which every `env:NAME` is the variable's value; a variable that is not set is a problem. */
export function resolveReferences(
  value: unknown,
  variables: Readonly<Record<string, string | undefined>>,
  problems: ConfigProblem[],
  key = '',
): unknown {
  if (typeof value === 'string' && value.startsWith('env:')) {
    const name = value.slice('env:'.length);
    const found = variables[name];
    if (found === undefined || found === '') problems.push({ key, remedy: `set the environment variable ${name}` });
    return found ?? '';
  }
  if (Array.isArray(value)) {
    return value.map((item, index) => resolveReferences(item, variables, problems, join(key, String(index))));
  }
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      resolveReferences(member, variables, problems, join(key, name)),
    ]),
  );
}

/** A password or another secret written into the document itself is a problem; it belongs in a variable or a mounted file. */
export function findInlineSecrets(document: unknown, problems: ConfigProblem[], key = ''): void {
  if (typeof document === 'string') {
    const hasPassword = /^[a-z][a-z0-9+.-]*:\/\/[^/\s@]*:[^/\s@]+@/i.test(document);
    const isSecret = isSecretName(key.slice(key.lastIndexOf('.') + 1)) && !/^(env:|$)/.test(document);
    if (hasPassword || isSecret) problems.push({ key, remedy: 'holds a secret: give it as env:NAME or in a file' });
    return;
  }
  if (typeof document !== 'object' || document === null) return;
  for (const [name, member] of Object.entries(document)) findInlineSecrets(member, problems, join(key, name));
}

function join(key: string, name: string): string {
  return key === '' ? name : `${key}.${name}`;
}
