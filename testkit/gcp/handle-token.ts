// One request for a token from arrival to answer: log, play the planned faults, answer in the service's own words.
import { alterBody, answerOverHttp, breakOff, meetFaults } from '../effects.ts';
import type { HttpAnswer, HttpOutcome, HttpRequest } from '../loopback-server.ts';
import type { FaultEffect } from './faults.ts';
import { type CallContext, throwPlanned } from './handle.ts';
import { GcpRefusal, type StatusName } from './refusal.ts';
import type { LoggedRequest } from './request-log.ts';
import {
  OAuthRefusal,
  routeTokenRequest,
  type TokenAnswer,
  type TokenContext,
  type TokenRequest,
  type TokenRoute,
} from './token-services.ts';

const httpStatuses: Partial<Record<StatusName, number>> = {
  INVALID_ARGUMENT: 400,
  UNAUTHENTICATED: 401,
  PERMISSION_DENIED: 403,
  NOT_FOUND: 404,
  RESOURCE_EXHAUSTED: 429,
  UNIMPLEMENTED: 501,
  UNAVAILABLE: 503,
  DEADLINE_EXCEEDED: 504,
};

/** Answers one request and writes it into the log. */
export async function handleTokenRequest(
  context: CallContext & { readonly token_context: TokenContext },
  raw: HttpRequest,
): Promise<HttpOutcome> {
  const request = { ...raw, url: new URL(raw.path, 'http://127.0.0.1'), body: raw.body.toString() };
  const route = routeTokenRequest(request);
  const entry = log(context, request, route);
  const effects = await meetFaults(context, entry);
  return answerOverHttp(effects, async () => {
    try {
      for (const effect of effects) throwPlanned(context, effect);
      if (route === undefined) {
        context.unexpected.push(`the fake does not know ${request.method} ${request.url.pathname}`);
        throw new GcpRefusal('NOT_FOUND', `the fake does not know ${request.url.pathname}`);
      }
      const answered = await route.answer(context.token_context, request);
      entry.principal = answered.principal;
      entry.code = 'OK';
      context.attempts.succeed(toKey(request));
      return toAnswer(answered, effects);
    } catch (error) {
      return refuse(error, entry);
    }
  });
}

function toAnswer({ body }: TokenAnswer, effects: readonly FaultEffect[]): HttpAnswer {
  if (typeof body === 'string') return render(200, body, 'application/text');
  return render(200, breakOff(JSON.stringify(alterBody(body, effects)), effects));
}

function refuse(error: unknown, entry: LoggedRequest): HttpAnswer {
  if (error instanceof OAuthRefusal) {
    entry.code = error.name;
    return render(400, JSON.stringify({ error: error.name, error_description: error.message }));
  }
  if (!(error instanceof GcpRefusal)) throw error;
  entry.code = error.status;
  const code = httpStatuses[error.status] ?? 500;
  return render(code, JSON.stringify({ error: { code, message: error.message, status: error.status } }));
}

function render(status: number, body: string, contentType = 'application/json'): HttpAnswer {
  // Clients of the metadata server believe only answers that say who answers.
  return { status, headers: { 'content-type': contentType, 'metadata-flavor': 'Google' }, body };
}

function toKey({ method, url }: TokenRequest): string {
  return `${method} ${url.pathname}`;
}

function log(context: CallContext, request: TokenRequest, route: TokenRoute | undefined): LoggedRequest {
  const entry: LoggedRequest = {
    at: context.now(),
    service: route?.service ?? null,
    operation: route?.operation ?? null,
    // Never the body: it holds tokens.
    input: { path: request.url.pathname },
    parent: null,
    page_size: null,
    page_token_in: null,
    page: 1,
    attempt: context.attempts.next(toKey(request)),
    page_token_out: null,
    quota_project: null,
    principal: null,
    code: null,
    subjects: [],
    faults: [],
  };
  context.requests.push(entry);
  return entry;
}
