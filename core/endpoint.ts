// An HTTP endpoint that is itself inventory: asked a few bounded questions, each recorded, and never further than its own origin.
import type { ObserveContext } from './collector.ts';
import type { Auth } from './endpoint-auth.ts';
import { principalOf, readAuthorization, readText } from './endpoint-credentials.ts';
import { isLoginPage, locationOf } from './endpoint-verdict.ts';
import { ProviderError } from './errors.ts';
import { createHttpClient, type HttpAnswer, type HttpClient, httpSdk } from './http.ts';
import { hashText } from './json.ts';
import type { Request } from './provenance.ts';

/** Where the endpoint is, and how it and we are known to each other. */
export interface EndpointAccess {
  /** Everything is asked for below it; without a slash at its end. */
  readonly url: string;
  readonly auth: Auth;
  /** Sent with every question, such as whose data is meant. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly ca_file?: string | undefined;
  readonly client_certificate_file?: string | undefined;
  readonly client_key_file?: string | undefined;
}

/** How it is asked. */
export interface EndpointOptions {
  /** What operations are called after in evidence: `grafana` makes `grafana:Health`. */
  readonly service: string;
  /** For one question, the connection to its end included. */
  readonly timeoutMs: number;
  readonly maxBytes: number;
}

/** One question: the operation's name in evidence and its path below the endpoint's URL. */
export interface Question {
  readonly operation: string;
  readonly path: string;
  /** Without the credentials, to learn whether they are needed. */
  readonly isAnonymous?: boolean;
  /** More than `maxBytes` of the options allow. */
  readonly maxBytes?: number;
}

/** An endpoint that can be asked. */
export interface Endpoint {
  /** Answers of any status are answers. Throws ProviderError `unreachable`, `timeout` or `answer_too_large`, or the signal's reason. */
  ask(question: Question): Promise<HttpAnswer>;
  /** Every request so far: the record's evidence. */
  readonly requests: readonly Request[];
  readonly principal: string | null;
  readonly sdk: string;
  /** When the server's certificate ends, once one was seen. */
  certificateEnd(): Date | undefined;
  close(): Promise<void>;
}

type Context = Pick<ObserveContext<unknown>, 'signal' | 'http' | 'proxyEnv' | 'fetched'>;

const maxRedirects = 3;

/** Reads the credentials; nothing is asked of the endpoint yet. Throws ProviderError when they cannot be had. */
export async function openEndpoint(
  context: Context,
  access: EndpointAccess,
  options: EndpointOptions,
): Promise<Endpoint> {
  const { signal } = context;
  const { timeoutMs } = options;
  const authorization = await readAuthorization(access.auth, { http: context.http, timeoutMs, signal });
  let end: Date | undefined;
  const http = await openClient(context, access, (presented) => {
    end = presented;
  });
  const requests: Request[] = [];
  const principal = principalOf(access.auth);
  async function askOnce(
    url: string,
    { operation, isAnonymous = false, maxBytes = options.maxBytes }: Question,
  ): Promise<HttpAnswer> {
    const headers = { accept: 'application/json', ...access.headers, ...(isAnonymous ? {} : authorization) };
    const note = (answer: HttpAnswer | undefined) => {
      const request = toRequest({ operation: `${options.service}:${operation}`, url, principal }, answer);
      requests.push(request);
      context.fetched(request);
    };
    try {
      const answer = await http.request(url, { headers, timeoutMs, maxBytes, signal });
      note(answer);
      return answer;
    } catch (error) {
      if (error instanceof ProviderError) note(undefined);
      throw error;
    }
  }
  return {
    async ask(question) {
      let url = access.url + question.path;
      for (let redirects = 0; ; redirects += 1) {
        const answer = await askOnce(url, question);
        const next = locationOf(answer, url);
        if (next === undefined || redirects === maxRedirects || !isWorthFollowing(next, url)) return answer;
        url = next.href;
      }
    },
    requests,
    principal,
    sdk: httpSdk,
    certificateEnd: () => end,
    close: () => http.close(),
  };
}

// Credentials go to no other origin, and a page for people to log in is no answer to the question.
function isWorthFollowing(next: URL, from: string): boolean {
  return next.origin === new URL(from).origin && !isLoginPage(next);
}

// No retries: whether and how fast it answers at once is what is to be known.
async function openClient(
  { proxyEnv, signal }: Context,
  access: EndpointAccess,
  onCertificateEnd: (end: Date) => void,
): Promise<HttpClient> {
  const readOptional = (path: string | undefined) => (path === undefined ? undefined : readText(path, signal));
  const ca = await readOptional(access.ca_file);
  const certificate = await readOptional(access.client_certificate_file);
  const key = await readOptional(access.client_key_file);
  return createHttpClient({
    proxyEnv,
    maxRetries: 0,
    tls: {
      ...(ca !== undefined && { ca }),
      ...(certificate !== undefined && { certificate }),
      ...(key !== undefined && { key }),
      onCertificate: ({ valid_to }) => onCertificateEnd(new Date(valid_to)),
    },
  });
}

function toRequest(
  {
    operation,
    url,
    principal,
  }: { readonly operation: string; readonly url: string; readonly principal: string | null },
  answer: HttpAnswer | undefined,
): Request {
  return {
    operation,
    endpoint: new URL(url).origin,
    page: 1,
    request_ids: ['x-request-id', 'x-amzn-requestid'].flatMap((name) => answer?.headers[name] ?? []),
    attempts: 1,
    retry_delay_ms: 0,
    http_status: answer?.status ?? null,
    items: answer?.status === 200 ? 1 : 0,
    sha256: answer === undefined ? null : hashText(answer.body),
    sdk: httpSdk,
    principal,
  };
}
