// The HTTP client for everything that has no SDK: a deadline on every request, bounded bodies, retries, the environment's proxies.
import { isIP } from 'node:net';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import { Agent, EnvHttpProxyAgent, fetch } from 'undici';
import undiciPackage from 'undici/package.json' with { type: 'json' };
import { createRanges } from './address-ranges.ts';
import { openDeadline, pause } from './deadline.ts';
import { ConfigError, type ConfigProblem, ProviderError } from './errors.ts';
import { describeError } from './redact.ts';

/** The client's name and version, as evidence tells it. */
export const httpSdk = `${undiciPackage.name}@${undiciPackage.version}`;

export interface HttpRequest {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** For all attempts and the waits between them; 10 s when absent. */
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** How many requests it took, and how long was waited between them: what evidence tells. */
  readonly attempts: number;
  readonly retry_delay_ms: number;
  /** From the last request's start to the end of its body. */
  readonly duration_ms: number;
}

/** Answers of any status are answers; only a request without one throws. */
export interface HttpClient {
  request(url: string, request: HttpRequest): Promise<HttpAnswer>;
  /** Waits for nobody: what is still asked has no answer then. */
  close(): Promise<void>;
}

export interface HttpOptions {
  /** `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, either case; the last one may name ranges of addresses. */
  readonly proxyEnv: Readonly<Record<string, string | undefined>>;
  readonly maxRetries?: number;
  /** The first wait after a refusal that names none; the next ones are twice as long each. */
  readonly backoffMs?: number;
  readonly tls?: HttpTls;
}

/** How servers behind https are known, and how they know us; all PEM. */
export interface HttpTls {
  /** The only authorities that are trusted; those of Node when absent. */
  readonly ca?: string;
  readonly certificate?: string;
  readonly key?: string;
  /** Called with every server certificate that an authority vouches for, before its names are checked. */
  onCertificate?(certificate: PeerCertificate): void;
}

type Dispatcher = Agent | EnvHttpProxyAgent;

/** What sends the requests: directly or through a proxy, which is the URL's to tell. */
interface Dispatchers {
  for(url: string): Dispatcher;
  destroy(): Promise<void>;
}

type Attempt = Pick<HttpAnswer, 'status' | 'headers' | 'body' | 'duration_ms'>;

/**
 * 429 and 503 are asked again, after their Retry-After, and so is a GET without an answer, as often as the deadline leaves
 * time for. Redirects are answers. Throws ProviderError `unreachable`, `timeout` or `answer_too_large`, or the signal's reason;
 * at once a ConfigError for a proxy that is none.
 */
export function createHttpClient({ proxyEnv, maxRetries = 2, backoffMs = 500, tls }: HttpOptions): HttpClient {
  const dispatchers = createDispatchers(readProxy(proxyEnv), tls);

  async function requestInTime(url: string, request: HttpRequest, endsMs: number): Promise<HttpAnswer> {
    let waitedMs = 0;
    for (let attempts = 1; ; attempts += 1) {
      const outcome = await attempt(dispatchers.for(url), url, request);
      const waitMs = retryAfterMs(outcome) ?? backoffMs * 2 ** (attempts - 1);
      const isLast = attempts > maxRetries || performance.now() + waitMs >= endsMs;
      if (isLast || !isWorthAnother(outcome, request)) {
        if (outcome instanceof Error) throw outcome;
        return { ...outcome, attempts, retry_delay_ms: Math.round(waitedMs) };
      }
      await pause(waitMs, request.signal);
      waitedMs += waitMs;
    }
  }

  return {
    async request(url, request) {
      const timeoutMs = request.timeoutMs ?? 10_000;
      const deadline = openDeadline(timeoutMs, request.signal);
      try {
        const bounded = { ...request, signal: deadline.signal };
        return await requestInTime(url, bounded, performance.now() + timeoutMs);
      } catch (error) {
        if (request.signal.aborted) throw request.signal.reason;
        // The deadline may pass while the next attempt is waited for, however closely it was looked at before.
        throw deadline.signal.aborted ? toProviderError(error, new URL(url).origin) : error;
      } finally {
        deadline.clear();
      }
    },
    // Its own `close` would wait for connections that no request wants any more: 10 s for each server that never takes one.
    close: () => dispatchers.destroy(),
  };
}

function createDispatchers(proxy: Proxies | undefined, tls: HttpTls = {}): Dispatchers {
  const { ca, certificate, key, onCertificate } = tls;
  const connect = {
    ...(ca !== undefined && { ca }),
    ...(certificate !== undefined && { cert: certificate }),
    ...(key !== undefined && { key }),
    ...(onCertificate && {
      checkServerIdentity: (host: string, presented: PeerCertificate) => {
        onCertificate(presented);
        return checkServerIdentity(host, presented);
      },
    }),
  };
  const direct = new Agent({ connect });
  if (proxy === undefined) return { for: () => direct, destroy: () => direct.destroy() };
  const proxied = new EnvHttpProxyAgent({ ...proxy, connect, requestTls: connect });
  const isExempt = createExemption(proxy.noProxy ?? '');
  return {
    for: (url) => (isExempt(url) ? direct : proxied),
    destroy: async () => void (await Promise.all([direct.destroy(), proxied.destroy()])),
  };
}

// Of addresses alone, as curl and Go have it: no name is looked up for this. Names and ports the agent knows itself.
function createExemption(noProxy: string): (url: string) => boolean {
  const isInRange = createRanges(noProxy.split(/[,\s]+/));
  return (url) => {
    const host = new URL(url).hostname.replace(/^\[|\]$/g, '');
    return isIP(host) !== 0 && isInRange(host);
  };
}

// Credentials in the URL are no part of its origin.
async function attempt(dispatcher: Dispatcher, url: string, request: HttpRequest): Promise<Attempt | ProviderError> {
  const { origin } = new URL(url);
  const startedMs = performance.now();
  try {
    const response = await fetch(url, {
      method: request.method ?? 'GET',
      headers: request.headers ?? {},
      body: request.body ?? null,
      redirect: 'manual',
      signal: request.signal,
      dispatcher,
    });
    const body = await readBounded(response.body, request.maxBytes ?? 10_000_000, origin);
    const duration_ms = performance.now() - startedMs;
    return { status: response.status, headers: Object.fromEntries(response.headers), body, duration_ms };
  } catch (error) {
    return toProviderError(error, origin);
  }
}

async function readBounded(body: AsyncIterable<Uint8Array> | null, maxBytes: number, origin: string): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) {
      throw new ProviderError('answer_too_large', `the answer of ${origin} is larger than ${maxBytes} bytes`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function toProviderError(error: unknown, origin: string): ProviderError {
  if (error instanceof ProviderError) return error;
  const isTimeout = error instanceof DOMException && error.name === 'TimeoutError';
  const code = isTimeout ? 'timeout' : 'unreachable';
  return new ProviderError(code, `${origin} gave no answer: ${describeError(error)}`, {
    cause: error,
    retryable: true,
  });
}

// A POST that got no answer may have been done.
function isWorthAnother(outcome: Attempt | ProviderError, { method = 'GET', signal }: HttpRequest): boolean {
  if (signal.aborted) return false;
  if (outcome instanceof ProviderError) return outcome.retryable && method === 'GET';
  return outcome.status === 429 || outcome.status === 503;
}

// Seconds, by some servers with a fraction, or a date (RFC 9110 §10.2.3). Of a mere number Date.parse would make a day of 2001.
function retryAfterMs(outcome: Attempt | ProviderError): number | undefined {
  const header = outcome instanceof ProviderError ? undefined : outcome.headers['retry-after'];
  if (header === undefined) return undefined;
  if (/^\d+(\.\d+)?$/.test(header)) return Number(header) * 1000;
  const ms = /[a-z]/i.test(header) ? Date.parse(header) - Date.now() : Number.NaN;
  return Number.isNaN(ms) ? undefined : Math.max(0, ms);
}

interface Proxies {
  readonly httpsProxy?: string;
  readonly httpProxy?: string;
  readonly noProxy?: string;
}

function readProxy(variables: HttpOptions['proxyEnv']): Proxies | undefined {
  const problems: ConfigProblem[] = [];
  const read = (name: string) => variables[name.toLowerCase()] ?? variables[name];
  const readUrl = (name: string) => {
    const url = read(name);
    if (url && !isProxyUrl(url)) problems.push({ key: name, remedy: 'must be a URL, as http://proxy.example:3128' });
    return url;
  };
  const [httpsProxy, httpProxy, noProxy] = [readUrl('HTTPS_PROXY'), readUrl('HTTP_PROXY'), read('NO_PROXY')];
  if (problems.length > 0) throw new ConfigError('bad_proxy', problems);
  if (!httpsProxy && !httpProxy) return undefined;
  return { ...(httpsProxy && { httpsProxy }), ...(httpProxy && { httpProxy }), ...(noProxy && { noProxy }) };
}

// What undici takes: of a bare `proxy:3128` it would say that a protocol is invalid, of others not even that.
function isProxyUrl(text: string): boolean {
  if (!/^(https?|socks5?):\/\//i.test(text) || !URL.canParse(text)) return false;
  const { hostname, pathname, search, hash, username, password } = new URL(text);
  const isBare = hostname !== '' && /^\/?$/.test(pathname) && search + hash === '';
  return isBare && !/%(?![0-9a-f]{2})/i.test(username + password);
}
