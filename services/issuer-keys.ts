// The keys that an OpenID Connect issuer signs its tokens with: found through its discovery document, fetched anew when they
// are old or one is missing, and kept while the issuer does not answer.
import { type CompactJWSHeaderParameters, createLocalJWKSet, errors, type FlattenedJWSInput } from 'jose';
import { z } from 'zod';
import { openDeadline } from '#core/deadline.ts';
import { isSecureUrl } from '#core/endpoint-url.ts';
import { ProviderError } from '#core/errors.ts';
import type { HttpClient } from '#core/http.ts';
import { parseJson } from '#core/json.ts';
import type { Logger } from '#core/log.ts';
import { describeError } from '#core/redact.ts';

/** What the keys are fetched with. */
export interface IssuerKeysOptions {
  /** As the configuration has it. */
  readonly issuer: string;
  readonly http: HttpClient;
  /** Milliseconds of a clock that nobody sets: one that was set back would keep the issuer from being asked. */
  readonly elapsedMs: () => number;
  readonly log: Logger;
  /** Aborts when nobody needs the keys any more. */
  readonly signal: AbortSignal;
}

/** An issuer's keys. */
export interface IssuerKeys {
  /**
   * The key that a token's header names. Throws jose's JWKSNoMatchingKey when the issuer has no such key, and ProviderError
   * `issuer_unavailable` when it cannot be asked and what it said before does not answer the question.
   */
  find: LocalKeys;
  /** Fetches them, if nobody just did; false when that failed, which the log tells. */
  refresh(): Promise<boolean>;
}

type LocalKeys = (
  header: CompactJWSHeaderParameters,
  token: FlattenedJWSInput,
) => ReturnType<ReturnType<typeof createLocalJWKSet>>;

interface Fetched {
  readonly find: LocalKeys;
  readonly atMs: number;
}

/** For discovery and keys together: callers wait for them. */
const timeoutMs = 5_000;
/** Which key a token names is for its sender to say, so whoever sends requests decides how often the issuer would be asked. */
export const cooldownMs = 10_000;
/** How long a key that the issuer has withdrawn can go on being trusted while the issuer answers … */
export const freshMs = 600_000;
/** … and while it does not: as long as tokens usually live, for without an issuer there are no new ones. */
export const validMs = 3_600_000;

/** Nothing is fetched before the first key is looked for. */
export function createIssuerKeys(options: IssuerKeysOptions): IssuerKeys {
  const { issuer, elapsedMs, log, signal } = options;
  let fetched: Fetched | undefined;
  let isAway = false;
  let attempt: { readonly atMs: number; readonly succeeded: Promise<boolean> } | undefined;
  const ageMs = (since: { readonly atMs: number }) => elapsedMs() - since.atMs;

  function refresh(): Promise<boolean> {
    if (attempt === undefined || ageMs(attempt) >= cooldownMs) {
      const atMs = elapsedMs();
      attempt = { atMs, succeeded: tryFetch(atMs) };
    }
    return attempt.succeeded;
  }

  async function tryFetch(atMs: number): Promise<boolean> {
    try {
      fetched = { find: await fetchKeys(options), atMs };
      isAway = false;
      return true;
    } catch (error) {
      isAway = true;
      if (!signal.aborted)
        log.warn({ event: 'issuer_unavailable', issuer, cause: describeError(error) }, 'no keys from the issuer');
      return false;
    }
  }

  function current(): Fetched {
    if (fetched !== undefined && ageMs(fetched) < validMs) return fetched;
    throw new ProviderError('issuer_unavailable', `${issuer} gives no keys: see the log`, { retryable: true });
  }

  return {
    refresh,
    async find(header, token) {
      if (fetched === undefined || ageMs(fetched) >= freshMs) {
        const refreshed = refresh();
        // An issuer that did not answer before is not waited for again, as long as what it said still holds.
        if (fetched === undefined || ageMs(fetched) >= validMs || !isAway) await refreshed;
      }
      try {
        return await current().find(header, token);
      } catch (error) {
        if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      }
      // It may be a new key; while the issuer does not say so, nobody knows.
      if (await refresh()) return await current().find(header, token);
      throw new ProviderError('issuer_unavailable', `${issuer} cannot be asked for a new key`, { retryable: true });
    },
  };
}

const discoverySchema = z.object({
  issuer: z.string(),
  jwks_uri: z.url().refine((text) => !URL.canParse(text) || isSecureUrl(new URL(text)), 'must be https'),
});
const keysSchema = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });

// https://openid.net/specs/openid-connect-discovery-1_0.html#ProviderConfig
async function fetchKeys({ issuer, http, log, signal }: IssuerKeysOptions): Promise<LocalKeys> {
  const deadline = openDeadline(timeoutMs, signal);
  try {
    const ask = { http, signal: deadline.signal };
    const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
    const discovery = await readDocument(url, discoverySchema, ask);
    if (discovery.issuer !== issuer) {
      throw new ProviderError(
        'bad_issuer',
        `${url} calls the issuer ${discovery.issuer.slice(0, 200)}: configure that`,
      );
    }
    const found = await readDocument(discovery.jwks_uri, keysSchema, ask);
    // An answer like any other (RFC 7517 §5): taken for none, all keys that it withdraws would hold on.
    if (found.keys.length === 0) log.warn({ event: 'issuer_without_keys', issuer }, 'every token is refused');
    return createLocalJWKSet(found);
  } finally {
    deadline.clear();
  }
}

async function readDocument<Schema extends z.ZodType>(
  url: string,
  schema: Schema,
  { http, signal }: Pick<IssuerKeysOptions, 'http' | 'signal'>,
): Promise<z.output<Schema>> {
  const headers = { accept: 'application/json' };
  const { status, body } = await http.request(url, { headers, timeoutMs, maxBytes: 1_000_000, signal });
  if (status !== 200) throw new ProviderError('bad_answer', `${url} answers ${status}`, { status });
  const parsed = schema.safeParse(parseJson(body));
  if (parsed.success) return parsed.data;
  throw new ProviderError('bad_answer', `${url} is not what it should be: ${z.prettifyError(parsed.error)}`);
}
