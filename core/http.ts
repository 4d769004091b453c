// The HTTP client for everything that has no SDK: a deadline on every request, bounded bodies, retries, the environment's proxies.
import { Agent, EnvHttpProxyAgent, fetch, interceptors } from 'undici';
import { openDeadline } from './deadline.ts';
import { ProviderError } from './errors.ts';
import { describeError } from './redact.ts';

export interface HttpRequest {
  readonly method?: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly timeoutMs?: number;
  readonly maxBytes?: number;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

/** Answers of any status are answers; only a request without one throws. */
export interface HttpClient {
  request(url: string, request: HttpRequest): Promise<HttpAnswer>;
  close(): Promise<void>;
}

export interface HttpOptions {
  /** `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY`, either case. */
  readonly proxyEnv: Readonly<Record<string, string | undefined>>;
  readonly maxRetries?: number;
}

/** Throws ProviderError `unreachable`, `timeout` or `answer_too_large`; 429 and 503 are retried and their Retry-After honoured. */
export function createHttpClient(options: HttpOptions): HttpClient {
  const proxy = readProxy(options.proxyEnv);
  const base = proxy === undefined ? new Agent() : new EnvHttpProxyAgent(proxy);
  const dispatcher = base.compose(interceptors.retry({ maxRetries: options.maxRetries ?? 2, statusCodes: [429, 503] }));
  return {
    async request(url, request) {
      const deadline = openDeadline(request.timeoutMs ?? 10_000, request.signal);
      try {
        const response = await fetch(url, {
          method: request.method ?? 'GET',
          headers: request.headers ?? {},
          body: request.body ?? null,
          redirect: 'manual',
          signal: deadline.signal,
          dispatcher,
        });
        const body = await readBounded(response.body, request.maxBytes ?? 10_000_000);
        return { status: response.status, headers: Object.fromEntries(response.headers), body };
      } catch (error) {
        throw toProviderError(error, new URL(url).origin, request.signal);
      } finally {
        deadline.clear();
      }
    },
    close: () => base.close(),
  };
}

async function readBounded(body: AsyncIterable<Uint8Array> | null, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body ?? []) {
    size += chunk.byteLength;
    if (size > maxBytes) throw new ProviderError('answer_too_large', `the answer is larger than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function toProviderError(error: unknown, origin: string, signal: AbortSignal): unknown {
  if (error instanceof ProviderError || signal.aborted) return error;
  const isTimeout = error instanceof DOMException && error.name === 'TimeoutError';
  const code = isTimeout ? 'timeout' : 'unreachable';
  return new ProviderError(code, `${origin} gave no answer: ${describeError(error)}`, {
    cause: error,
    retryable: true,
  });
}

function readProxy(variables: HttpOptions['proxyEnv']) {
  const read = (name: string) => variables[name.toLowerCase()] ?? variables[name];
  const [httpsProxy, httpProxy, noProxy] = [read('HTTPS_PROXY'), read('HTTP_PROXY'), read('NO_PROXY')];
  if (!httpsProxy && !httpProxy) return undefined;
  return { ...(httpsProxy && { httpsProxy }), ...(httpProxy && { httpProxy }), ...(noProxy && { noProxy }) };
}
