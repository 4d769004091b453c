// What an endpoint is found to be when it does not answer as hoped, in words that stay the same from run to run: they are content, and a change of them is history.
import type { ProviderError } from './errors.ts';
import type { HttpAnswer } from './http.ts';

/** `foreign` is something that answers, but not this API; each kind of endpoint has its own word for it. */
export interface Verdict {
  readonly status: 'auth_required' | 'unreachable' | 'foreign';
  readonly reason: string;
}

// Node's and OpenSSL's codes: https://nodejs.org/api/errors.html#common-system-errors, https://nodejs.org/api/tls.html#x509-certificate-error-codes
const reasons: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'the connection is refused',
  ECONNRESET: 'the connection is cut',
  UND_ERR_SOCKET: 'the connection is cut',
  ENOTFOUND: 'its name cannot be resolved',
  EAI_AGAIN: 'its name cannot be resolved',
  EHOSTUNREACH: 'there is no route to it',
  ENETUNREACH: 'there is no route to it',
  ETIMEDOUT: 'there is no connection in time',
  UND_ERR_CONNECT_TIMEOUT: 'there is no connection in time',
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet',
  ERR_TLS_CERT_ALTNAME_INVALID: 'its certificate is for another name',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'its certificate is of no trusted authority',
  SELF_SIGNED_CERT_IN_CHAIN: 'its certificate is of no trusted authority',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its certificate is of no trusted authority',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its certificate is of no trusted authority',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS',
};

const notHttp = 'not_http';

/** The verdict on an endpoint that gave no answer, or one that is none of HTTP. */
export function judgeNoAnswer(error: ProviderError): Verdict {
  if (error.code === 'timeout') return { status: 'unreachable', reason: 'there is no answer in time' };
  if (error.code === 'answer_too_large') {
    return { status: 'foreign', reason: 'its answer is larger than any of the API' };
  }
  const code = codeOf(error);
  if (code === notHttp) return { status: 'foreign', reason: 'it does not speak HTTP' };
  return { status: 'unreachable', reason: reasons[code ?? ''] ?? `there is no connection: ${code ?? error.code}` };
}

/** The verdict on an answer that keeps us out, or sends us elsewhere; undefined for any other. */
export function judgeRefusal(answer: HttpAnswer, { url, path }: { url: string; path: string }): Verdict | undefined {
  if (answer.status === 401 || answer.status === 403) {
    return { status: 'auth_required', reason: `${path} answers ${answer.status}` };
  }
  const location = locationOf(answer, url);
  if (location === undefined) return undefined;
  if (location.origin === new URL(url).origin) {
    const isLogin = isLoginPage(location);
    const reason = isLogin ? 'it redirects to its login page' : `${path} redirects and leads nowhere`;
    return { status: isLogin ? 'auth_required' : 'foreign', reason };
  }
  const reason = `it redirects to ${location.origin}, where its credentials are not sent`;
  return { status: isLoginPage(location) ? 'auth_required' : 'foreign', reason };
}

/** Where a redirect leads; undefined for any other answer. */
export function locationOf({ status, headers }: HttpAnswer, from: string): URL | undefined {
  const { location = '' } = headers;
  return status >= 300 && status < 400 && URL.canParse(location, from) ? new URL(location, from) : undefined;
}

const loginWords = /(^|[./_-])(log-?in|sign-?in|sso|saml2?|auth|oauth2?|oidc|authorize)([./_-]|$)/i;

/** Whether people log in there: the page of the endpoint itself, or single sign-on in front of it. */
export function isLoginPage({ host, pathname }: URL): boolean {
  return loginWords.test(host + pathname);
}

// The innermost: the ones around it only say that a request has failed.
function codeOf(error: Error): string | undefined {
  let found: string | undefined;
  for (let cause: unknown = error.cause, depth = 0; cause instanceof Error && depth < 5; depth += 1) {
    // Of undici; its code is mostly missing.
    if (cause.name === 'HTTPParserError') return notHttp;
    if ('code' in cause && typeof cause.code === 'string') found = cause.code;
    cause = cause.cause;
  }
  return found;
}
