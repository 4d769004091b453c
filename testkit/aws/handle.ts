// One request from arrival to answer: route, log, play the planned faults, authenticate, throttle, answer.
import { alterBody, answerOverHttp, breakOff, hasEffect, meetFaults } from '../effects.ts';
import type { HttpAnswer, HttpOutcome, HttpRequest } from '../loopback-server.ts';
import type { PageTokens } from '../page-tokens.ts';
import type { Throttle } from '../throttle.ts';
import { type Answer, AwsRefusal, type Service } from './answer.ts';
import { authenticate, refuseCredentials } from './authenticate.ts';
import type { ApiContext } from './context.ts';
import type { FaultEffect, Faults } from './faults.ts';
import { unexpectedCodes } from './input.ts';
import { answerOrganizations } from './organizations-api.ts';
import { answerPodIdentity } from './pod-identity.ts';
import { type Envelope, render, renderAnswer, renderRefusal } from './render.ts';
import { type LoggedRequest, listNamed } from './request-log.ts';
import { type RoutedRequest, routeRequest } from './route.ts';
import { parseSignature } from './sigv4.ts';
import { answerSts, answerWebIdentity } from './sts-api.ts';
import { answerTagging } from './tagging-api.ts';
import { findOrganization } from './world.ts';

/** What the handler works with beside the operations' own context. */
export interface HandlerContext extends ApiContext {
  readonly tokens: PageTokens;
  readonly throttle: Throttle;
  readonly faults: Faults;
  readonly requests: LoggedRequest[];
  /** Operations and members that the fake does not know; see `assertNoUnexpected`. */
  readonly unexpected: string[];
  /** Ends delays when the fake closes. */
  readonly closing: AbortSignal;
}

type Routed = RoutedRequest | AwsRefusal;

const throttled: Readonly<Record<Service, [string, string]>> = {
  organizations: ['TooManyRequestsException', "You've sent too many requests in too short a period of time."],
  tagging: ['ThrottledException', 'The request was denied to limit the frequency of submitted requests.'],
  sts: ['Throttling', 'Rate exceeded'],
  'pod-identity': ['ThrottlingException', 'Rate exceeded'],
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

function respond(context: HandlerContext, { raw, routed, entry, effects }: Job): HttpAnswer {
  const { service, request_id } = entry;
  const envelope: Envelope = { service, operation: entry.operation ?? '', request_id, at: context.now() };
  const replaced = effects.find((effect) => effect.kind === 'raw');
  if (replaced !== undefined) {
    return render(envelope, replaced.status, replaced.content_type ?? 'text/html', replaced.body);
  }
  try {
    if (routed instanceof AwsRefusal) throw routed;
    const forced = effects.map((effect) => toRefusal(routed.service, effect)).find((refusal) => refusal !== undefined);
    if (forced !== undefined) return withRetryAfter(renderForced(envelope, entry, forced), effects);
    const answer = spoil(dispatch(context, raw, routed), entry, effects);
    entry.page_token_out = answer.next_token ?? null;
    entry.subjects = toSubjects(entry.input, answer.subjects);
    const rendered = renderAnswer(envelope, answer.body, context.behaviour.shuffle_seed);
    return { ...rendered, body: breakOff(rendered.body, effects) };
  } catch (error) {
    if (!(error instanceof AwsRefusal)) throw error;
    if (unexpectedCodes.has(error.name)) context.unexpected.push(`${entry.operation ?? 'request'}: ${error.message}`);
    return renderForced(envelope, entry, error);
  }
}

function renderForced(envelope: Envelope, entry: LoggedRequest, refusal: AwsRefusal): HttpAnswer {
  entry.error_code = refusal.name;
  return renderRefusal(envelope, refusal);
}

function dispatch(context: HandlerContext, raw: HttpRequest, routed: RoutedRequest): Answer {
  const { service, operation, input } = routed;
  if (service === 'pod-identity') return answerPodIdentity(context, raw.headers.authorization);
  if (operation === 'AssumeRoleWithWebIdentity' && service === 'sts') return answerWebIdentity(context, { input });
  const principal = authenticate(context.world, service, raw, context.now());
  const rates = context.behaviour.rates;
  const rate = rates?.[operation] ?? rates?.['default'];
  // Organizations counts the calls of the organization, the other services those of the account.
  const organization = service === 'organizations' ? findOrganization(context.world, principal.account_id) : undefined;
  const bucket = `${organization?.id ?? principal.account_id}/${service}/${operation}`;
  if (rate !== undefined && !context.throttle.allows(bucket, rate)) throw refuseThrottled(service);
  const region = parseSignature(raw.headers.authorization)?.region ?? '';
  const call = { operation, input, principal, region };
  if (service === 'organizations') return answerOrganizations(context, call);
  return service === 'tagging' ? answerTagging(context, call) : answerSts(context, call);
}

function refuseThrottled(service: Service): AwsRefusal {
  const [code, message] = throttled[service];
  return new AwsRefusal(code, message);
}

function toRefusal(service: Service, effect: FaultEffect): AwsRefusal | undefined {
  if (effect.kind === 'throttle') return refuseThrottled(service);
  if (effect.kind === 'expired_credentials') {
    return refuseCredentials(service, 'expired', 'The security token included in the request is expired');
  }
  if (effect.kind === 'expired_page_token') {
    return service === 'tagging'
      ? new AwsRefusal('PaginationTokenExpiredException', 'The token has expired.')
      : new AwsRefusal('InvalidInputException', 'You specified an invalid value.', {
          fields: { Reason: 'INVALID_NEXT_TOKEN' },
        });
  }
  if (effect.kind !== 'error') return undefined;
  return new AwsRefusal(effect.code, effect.message ?? 'planned by the test', { status: effect.status ?? 400 });
}

function withRetryAfter(answer: HttpAnswer, effects: readonly FaultEffect[]): HttpAnswer {
  const seconds = effects
    .map((effect) => ('retry_after_seconds' in effect ? effect.retry_after_seconds : undefined))
    .find((value) => value !== undefined);
  return seconds === undefined ? answer : { ...answer, headers: { ...answer.headers, 'retry-after': String(seconds) } };
}

/** Plays the faults that change a good answer. */
function spoil(answer: Answer, entry: LoggedRequest, effects: readonly FaultEffect[]): Answer {
  if (!hasEffect(effects, 'repeat_token')) return { ...answer, body: alterBody(answer.body, effects) };
  const next_token = entry.page_token_in ?? answer.next_token;
  const member = entry.service === 'tagging' ? 'PaginationToken' : 'NextToken';
  return { ...answer, body: alterBody({ ...answer.body, [member]: next_token }, effects), next_token };
}

function route(raw: HttpRequest): Routed {
  try {
    return routeRequest(raw);
  } catch (error) {
    if (error instanceof AwsRefusal) return error;
    throw error;
  }
}

function log(context: HandlerContext, raw: HttpRequest, routed: Routed): LoggedRequest {
  const known = routed instanceof AwsRefusal ? undefined : routed;
  const claims = parseSignature(raw.headers.authorization);
  const input = known?.input ?? {};
  const token = input['NextToken'] ?? input['PaginationToken'];
  const pageTokenIn = typeof token === 'string' && token !== '' ? token : null;
  const entry: LoggedRequest = {
    at: context.now(),
    request_id: context.random.uuid(),
    service: known?.service ?? null,
    operation: known?.operation ?? null,
    region: claims?.region ?? null,
    access_key_id: claims?.access_key_id ?? null,
    input,
    page_token_in: pageTokenIn,
    page: context.tokens.pageNumber(pageTokenIn),
    page_token_out: null,
    http_status: null,
    error_code: null,
    subjects: toSubjects(input, []),
    faults: [],
  };
  context.requests.push(entry);
  return entry;
}

function toSubjects(input: LoggedRequest['input'], answered: readonly string[]): readonly string[] {
  return [...new Set([...listNamed(input), ...answered])].sort();
}
