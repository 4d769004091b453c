// `inventory token new`: a fresh static token, and the half of it that belongs into the configuration.
import { createHash, randomBytes } from 'node:crypto';
import { stringify } from 'yaml';
import { parsePart, staticTokenSchema } from '#core/config.ts';
import { ConfigError, type ConfigProblem } from '#core/errors.ts';
import { metricsScope, readScope, seedScope } from '#services/auth.ts';
import type { Environment } from './environment.ts';

const known = [readScope, seedScope, metricsScope];

/**
 * Prints the token once, and the configuration entry with its SHA-256; 256 random bits need no slow hash. Throws ConfigError for
 * an option that the configuration would refuse.
 */
export function tokenNewCommand(
  environment: Pick<Environment, 'print'>,
  options: { readonly name: string; readonly tenant: string; readonly scope: readonly string[] },
): void {
  const token = `inv_${randomBytes(32).toString('base64url')}`;
  const sha256 = createHash('sha256').update(token).digest('hex');
  const entry = { name: options.name, sha256, tenant: options.tenant, scopes: options.scope };
  const problems: ConfigProblem[] = [];
  parsePart(staticTokenSchema, entry, 'token', problems);
  if (!options.scope.every((scope) => known.includes(scope))) {
    problems.push({ key: 'token.scope', remedy: `must be ${known.join(', ')}: nothing asks for another` });
  }
  if (problems.length > 0) throw new ConfigError('bad_option', problems);
  environment.print(`token (shown once, give it to the client): ${token}`);
  environment.print('configuration, under api.auth or ingest.auth, with mode: token:');
  environment.print(stringify({ tokens: [entry] }).trimEnd());
}
