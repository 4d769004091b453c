// One request from arrival to answer: route, log, play the planned faults, authenticate, throttle, answer.
import { answerOverHttp, breakOff, hasEffect, meetFaults } from '../effects.ts';
import type { HttpAnswer, HttpOutcome, HttpRequest } from '../loopback-server.ts';
import type { PageTokens } from '../page-tokens.ts';
import { type Answer, AzureRefusal } from './answer.ts';
import { authenticate, findToken } from './authenticate.ts';
import { azureReads } from './behaviour.ts';
import type { ApiContext, ArmCall } from './context.ts';
import { getEntities } from './entities-api.ts';
import type { FaultEffect, Faults } from './faults.ts';
import { answerConfiguration, answerToken } from './login-api.ts';
import type { ReadBuckets } from './read-buckets.ts';
import { render, renderAnswer, renderRefusal } from './render.ts';
import type { LoggedRequest } from './request-log.ts';
import { type RoutedRequest, readSkipToken, routeRequest } from './route.ts';
import { spoil, toRefusal } from './spoil.ts';
import { listSubscriptions, listTenants } from './subscriptions-api.ts';

/** What the handler works with beside the operations' own context. */
export interface HandlerContext extends ApiContext {
  readonly tokens: PageTokens;
  readonly takeRead: ReadBuckets;
  readonly faults: Faults;
  readonly requests: LoggedRequest[];
  /** What the fake does not know, and calls of the foreign host; see `assertNoUnexpected`. */
  readonly unexpected: string[];
  readonly foreign_url: string;
  /** Ends delays when the fake closes. */
  readonly closing: AbortSignal;
}

type Routed = RoutedRequest | AzureRefusal;

const armOperations: Readonly<Record<string, (context: ApiContext, call: ArmCall) => Answer>> = {
  ListSubscriptions: listSubscriptions,
  ListTenants: listTenants,
  GetEntities: getEntities,
};

/** Answers one request and writes it into the log. */
export async function handleRequest(context: HandlerContext, raw: HttpRequest): Promise<HttpOutcome> {
  const routed = route(raw);
  const entry = log(context, raw, routed);
  const effects = await meetFaults(context, entry);
  const outcome = await answerOverHttp(effects, () => respond(context, { raw, routed, entry, effects }));
  if (outcome.kind === 'send') entry.http_status = outcome.answer.status;
  return outcome;
}

interface Job {
  readonly raw: HttpRequest;
  readonly routed: Routed;
  readonly entry: LoggedRequest;
  readonly effects: readonly FaultEffect[];
}

async function respond(context: HandlerContext, { raw, routed, entry, effects }: Job): Promise<HttpAnswer> {
  const reads = entry.service === 'arm' ? takeRead(context, entry) : null;
  const envelope = { ...entry, remaining_reads: reads?.remaining ?? null, at: context.now() };
  const replaced = effects.find((effect) => effect.kind === 'raw');
  if (replaced !== undefined) {
    return render(envelope, replaced.status, replaced.content_type ?? 'text/html', replaced.body);
  }
  try {
    if (routed instanceof AzureRefusal) throw routed;
    const forced = effects.map((effect) => toRefusal(routed.service, effect)).find((refusal) => refusal !== undefined);
    if (forced !== undefined) throw forced;
    if (hasEffect(effects, 'expired_token')) expireToken(context, raw);
    if (reads?.is_allowed === false) throw refuseReads(reads.retry_after_seconds);
    const answer = spoil(await dispatch(context, raw, routed), {
      entry,
      effects,
      origin: toOrigin(raw),
      foreign_url: context.foreign_url,
    });
    entry.page_token_out = answer.next_token ?? null;
    entry.subjects = [...new Set(answer.subjects)].sort();
    const rendered = renderAnswer(envelope, answer.body, context.behaviour.shuffle_seed);
    return { ...rendered, body: breakOff(rendered.body, effects) };
  } catch (error) {
    if (!(error instanceof AzureRefusal)) throw error;
    if (error.options.is_unexpected === true)
      context.unexpected.push(`${entry.operation ?? 'request'}: ${error.message}`);
    entry.error_code = error.name;
    return renderRefusal(envelope, error);
  }
}

async function dispatch(context: HandlerContext, raw: HttpRequest, routed: RoutedRequest): Promise<Answer> {
  const { service, operation } = routed;
  const origin = toOrigin(raw);
  if (service === 'login') {
    const call = { tenant: routed.tenant ?? '', origin, body: raw.body };
    return operation === 'Token' ? answerToken(context, call) : answerConfiguration(context, call);
  }
  const caller = authenticate(context, raw.headers.authorization, origin);
  const answer = armOperations[operation];
  if (answer === undefined) throw new TypeError(`${operation} is routed and not served`);
  return answer(context, { ...caller, operation, skip_token: readSkipToken(routed) });
}

function takeRead({ takeRead, behaviour }: HandlerContext, entry: LoggedRequest) {
  // Without rates nothing is counted, and the header says what a rested bucket would.
  const rested = { is_allowed: true, remaining: azureReads.burst - 1, retry_after_seconds: 0 };
  return behaviour.reads === null ? rested : takeRead(`${entry.tenant_id}/${entry.client_id}`, behaviour.reads);
}

function refuseReads(seconds: number): AzureRefusal {
  return new AzureRefusal('TooManyRequests', `The request is being throttled. Please try after '${seconds}' seconds.`, {
    status: 429,
    headers: { 'retry-after': String(seconds) },
  });
}

function expireToken(context: HandlerContext, raw: HttpRequest): void {
  const token = findToken(context, raw.headers.authorization);
  if (token !== undefined) token.expires_at = context.now();
}

/** The server as the client addressed it; links and endpoints in answers follow it. */
function toOrigin(raw: HttpRequest): string {
  return `https://${raw.headers.host ?? ''}`;
}

function route(raw: HttpRequest): Routed {
  try {
    return routeRequest(raw.method, raw.path);
  } catch (error) {
    if (error instanceof AzureRefusal) return error;
    throw error;
  }
}

function log(context: HandlerContext, raw: HttpRequest, routed: Routed): LoggedRequest {
  const known = routed instanceof AzureRefusal ? undefined : routed;
  const token = findToken(context, raw.headers.authorization);
  const form = known?.operation === 'Token' ? new URLSearchParams(raw.body.toString()) : undefined;
  const pageTokenIn = known?.query.get('$skiptoken') ?? null;
  const entry: LoggedRequest = {
    at: context.now(),
    request_id: context.random.uuid(),
    correlation_id: known?.query.get('client-request-id') ?? context.random.uuid(),
    client_request_id: readHeader(raw, 'x-ms-client-request-id'),
    service: known?.service ?? null,
    operation: known?.operation ?? null,
    method: raw.method,
    path: raw.path,
    cache_control: readHeader(raw, 'cache-control'),
    tenant_id: token?.tenant_id ?? known?.tenant ?? null,
    client_id: token?.client_id ?? form?.get('client_id') ?? null,
    page_token_in: pageTokenIn,
    page: context.tokens.pageNumber(pageTokenIn),
    page_token_out: null,
    http_status: null,
    error_code: null,
    subjects: [],
    faults: [],
  };
  context.requests.push(entry);
  return entry;
}

function readHeader(raw: HttpRequest, name: string): string | null {
  const value = raw.headers[name];
  return typeof value === 'string' ? value : null;
}
