// The configuration: one document, validated in one go, every problem reported with its key and remedy and never its value.
import { z } from 'zod';
import { isSecureUrl } from './endpoint-url.ts';
import type { ConfigProblem } from './errors.ts';
import { allowedHostSchema } from './local-address.ts';
import { isSecretName } from './redact.ts';
import { toRemedy } from './remedy.ts';

/** `host:port`, an IPv6 host in brackets. */
const listenSchema = z
  .string()
  .regex(/^(\[[0-9a-fA-F:]+\]|[^\s:/]+):\d{1,5}$/, 'must be host:port, for example 127.0.0.1:8080')
  .transform((text) => {
    const colon = text.lastIndexOf(':');
    return { host: text.slice(0, colon).replace(/^\[|\]$/g, ''), port: Number(text.slice(colon + 1)) };
  })
  .refine((listen) => listen.port <= 65_535, 'the port must be at most 65535');
export type Listen = z.output<typeof listenSchema>;

const durationRemedy = 'must be a number and a unit: 90s, 15m, 6h or 1d';

/** A length of time with its unit, `90s`, `15m`, `6h` or `1d`, as milliseconds. */
export const durationSchema = z
  .string(durationRemedy)
  .regex(/^\d+(s|m|h|d)$/, durationRemedy)
  .transform((text) => Number.parseInt(text, 10) * (durationUnits[text.slice(-1)] ?? 0));

const durationUnits: Readonly<Record<string, number>> = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** What a tenant can be called, here and in the claim of a token. */
export const tenantSchema = z
  .string()
  .regex(/^[a-z0-9][a-z0-9_-]{0,62}$/, 'must be lower-case letters, digits, - and _, at most 63');

/** A static token: its SHA-256 only, for whom it reads, and what it may do. `inventory token new` prints one. */
export const staticTokenSchema = z.strictObject({
  name: z.string().min(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/, 'must be 64 lower-case hex digits: inventory token new prints them'),
  tenant: tenantSchema.default('default'),
  scopes: z.array(z.string().min(1)).min(1),
});

/**
 * Signatures that anybody can check and only the issuer can make (RFC 7518 §3.1, RFC 8037 §3.1, RFC 9864 §2.2). Symmetric
 * ones are not on offer: whoever can check one can make one.
 */
const signatureAlgorithms = [
  ...['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512'],
  ...['ES256', 'ES384', 'ES512', 'EdDSA', 'Ed25519'],
];

const wordSchema = z.string().min(1);

const oneOrMoreSchema = z.union([wordSchema.transform((one) => [one]), z.array(wordSchema).min(1)], {
  error: 'must be one or a list of them',
});

/** The issuer as its tokens name it, to the letter: it is compared as text and never normalised. */
const issuerSchema = z
  .url({ protocol: /^https?$/, error: 'must be an https URL' })
  .refine((text) => !URL.canParse(text) || isSecureUrl(new URL(text)), 'must be an https URL: keys are fetched from it')
  .refine((text) => !URL.canParse(text) || new URL(text).username + new URL(text).password === '', 'must name no user')
  .refine((text) => !/[?#]/.test(text), 'must have no query and no fragment');

/** Who may read by a token of an OpenID Connect issuer, and what its claims mean here. */
export const oidcSchema = z.strictObject({
  mode: z.literal('oidc'),
  issuer: issuerSchema,
  /** A token must be meant for one of them. */
  audience: oneOrMoreSchema,
  tenant_claim: wordSchema.default('tenant'),
  /** The tenant that a value of the tenant claim stands for; other values have none. Without it the value is the tenant. */
  tenants: z.record(z.string(), tenantSchema).optional(),
  /** Of several claims all values count: people's tokens have groups where those of machines have scopes. */
  scopes_claim: oneOrMoreSchema.prefault('scope'),
  /** The scopes that a value of such a claim stands for; other values have none. Without it the value is the scope. */
  scopes: z.record(z.string(), z.array(wordSchema).min(1)).optional(),
  algorithms: z
    .array(z.enum(signatureAlgorithms, { error: `must be one of ${signatureAlgorithms.join(', ')}` }))
    .min(1)
    .default(signatureAlgorithms),
  /** How far the issuer's clock and ours may differ. */
  clock_skew: durationSchema
    .prefault('60s')
    .refine((skewMs) => skewMs <= 300_000, 'must be at most 5m: every token lives that much longer'),
  /** PEM of the only authorities that may vouch for the issuer; those of Node when absent. */
  ca_file: wordSchema.optional(),
});
export type OidcConfig = z.output<typeof oidcSchema>;

const staticTokensSchema = z
  .array(staticTokenSchema)
  .min(1)
  .superRefine((tokens, context) => {
    for (const [index, { sha256 }] of tokens.entries()) {
      const first = tokens.findIndex((token) => token.sha256 === sha256);
      if (first === index) continue;
      const message = `is that of tokens.${first} too: give each a token of its own`;
      context.addIssue({ code: 'custom', path: [index, 'sha256'], message });
    }
  });

/** Who may read: bearers of an issuer's tokens or of a static one, or, on loopback only, anybody. */
export const authSchema = z.discriminatedUnion('mode', [
  oidcSchema,
  z.strictObject({ mode: z.literal('token'), tokens: staticTokensSchema }),
  z.strictObject({ mode: z.literal('none') }),
]);
export type AuthConfig = z.output<typeof authSchema>;

const databaseSchema = z.strictObject({
  url: z.string().min(1).optional(),
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

// How old a last success may be.
const budgetSchema = durationSchema.refine((ms) => ms > 0, 'must be more than 0');

/** That `inventory prune` is scheduled, and how old its last success may be: two nights. */
const pruneSchema = z.preprocess(
  // `prune:` and no more.
  (part) => (part === null ? {} : part),
  z.strictObject({ freshness_budget: budgetSchema.prefault('50h') }).optional(),
);

/** What the part of every collector may say beside its own fields. */
export const collectorSchema = z.preprocess(
  // `aws:` and no more.
  (part) => part ?? {},
  z
    .looseObject({ freshness_budget: budgetSchema.prefault('20m') })
    .transform(({ freshness_budget, ...own }) => ({ freshness_budget, own })),
);

/** Who may write over HTTP, how often, and what. `allow_hosts` holds for `inventory seed` as well. */
const ingestSchema = z.strictObject({
  listen: listenSchema.prefault('127.0.0.1:8081'),
  auth: authSchema.default({ mode: 'none' }),
  requests_per_minute: z.int().min(1).max(60_000).default(60).meta({ description: 'of each caller' }),
  allow_hosts: z.array(allowedHostSchema).default([]),
});

export const configSchema = z.strictObject({
  tenant: tenantSchema.default('default'),
  database: databaseSchema.prefault({}),
  collectors: z
    .record(z.string().regex(/^[a-z][a-z0-9-]*$/, 'is not the name of a collector'), collectorSchema)
    .default({}),
  api: z
    .strictObject({ listen: listenSchema.prefault('127.0.0.1:8080'), auth: authSchema.default({ mode: 'none' }) })
    .prefault({}),
  ingest: ingestSchema.prefault({}),
  retention: retentionSchema.prefault({}),
  prune: pruneSchema,
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
  const parsed = schema.safeParse(value, { error: toRemedy });
  if (parsed.success) return parsed.data;
  for (const issue of parsed.error.issues) {
    const path = [key, ...issue.path.map(String)].filter((part) => part !== '').join('.');
    // Of a key that is none, what its own schema says.
    const { message } = (issue.code === 'invalid_key' && issue.issues[0]) || issue;
    problems.push({ key: path || 'configuration', remedy: message });
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
    const remedy = name === '' ? 'names no variable: env:NAME' : `set the environment variable ${name}`;
    if (found === undefined || found === '') problems.push({ key, remedy });
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
