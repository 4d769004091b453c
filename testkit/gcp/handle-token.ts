// One request for a token from arrival to answer: log, play the planned faults, answer in the service's own words.
import { setTimeout as wait } from 'node:timers/promises';
import type { FaultEffect } from './faults.ts';
import { type CallContext, spoilBody, throwPlanned } from './handle.ts';
import type { HttpOutcome, HttpRequest } from './http-server.ts';
import { GcpRefusal, type StatusName } from './refusal.ts';
import type { LoggedRequest } from './request-log.ts';
import {
  OAuthRefusal,
  routeTokenRequest,
  type TokenAnswer,
  type TokenContext,
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
  request: HttpRequest,
): Promise<HttpOutcome> {
  const route = routeTokenRequest(request);
  const entry = log(context, request, route);
  const effects = context.faults.take(entry);
  entry.faults = effects.map((effect) => effect.kind);
  for (const effect of effects) {
    if (effect.kind === 'delay') await wait(effect.ms, undefined, { signal: context.closing });
    if (effect.kind === 'mutate') effect.mutate(context.world);
  }
  if (effects.some((effect) => effect.kind === 'hang')) return { kind: 'hang' };
  if (effects.some((effect) => effect.kind === 'reset')) return { kind: 'reset' };
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
    return toOutcome(answered, effects);
  } catch (error) {
    return refuse(error, entry);
  }
}

function toOutcome({ body }: TokenAnswer, effects: readonly FaultEffect[]): HttpOutcome {
  if (typeof body === 'string') return { kind: 'send', status: 200, body, content_type: 'application/text' };
  const json = JSON.stringify(spoilBody(body, effects));
  const isBroken = effects.some((effect) => effect.kind === 'malformed');
  return sendJson(200, isBroken ? json.slice(0, json.length / 2) : json);
}

function refuse(error: unknown, entry: LoggedRequest): HttpOutcome {
  if (error instanceof OAuthRefusal) {
    entry.code = error.name;
    return sendJson(400, JSON.stringify({ error: error.name, error_description: error.message }));
  }
  if (!(error instanceof GcpRefusal)) throw error;
  entry.code = error.status;
  const code = httpStatuses[error.status] ?? 500;
  return sendJson(code, JSON.stringify({ error: { code, message: error.message, status: error.status } }));
}

function sendJson(status: number, body: string): HttpOutcome {
  return { kind: 'send', status, body, content_type: 'application/json' };
}

function toKey({ method, url }: HttpRequest): string {
  return `${method} ${url.pathname}`;
}

function log(context: CallContext, request: HttpRequest, route: TokenRoute | undefined): LoggedRequest {
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
