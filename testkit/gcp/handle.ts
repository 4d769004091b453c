// One call from arrival to answer: log, play the planned faults, authenticate, throttle, answer.
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import type { PageTokens } from '../page-tokens.ts';
import type { Throttle } from '../throttle.ts';
import type { GcpBehaviour } from './behaviour.ts';
import type { FaultEffect, Faults } from './faults.ts';
import type { Method } from './protos.ts';
import { GcpRefusal, refuseArgument, refuseCredentials, refuseDisabled, refuseQuota, refuseScopes } from './refusal.ts';
import type { Attempts, LoggedRequest } from './request-log.ts';
import { type Answer, type ApiContext, answerResourceManager } from './resource-manager.ts';
import type { WireObject } from './wire.ts';
import { anonymous } from './world.ts';

/** What the handler works with beside the operations' own context. */
export interface HandlerContext extends ApiContext {
  readonly behaviour: GcpBehaviour;
  readonly page_tokens: PageTokens;
  readonly throttle: Throttle;
  readonly faults: Faults;
  readonly requests: LoggedRequest[];
  readonly attempts: Attempts;
  /** Operations and queries that the fake does not know, and mistakes in planned mutations; see `assertNoUnexpected`. */
  readonly unexpected: string[];
  /** Ends delays when the fake closes. */
  readonly closing: AbortSignal;
  /** Whether calls must bear an access token. */
  readonly is_secure: boolean;
  /** Where the quota is taken from, as `projects/<number>`. */
  readonly quota_project: string;
  now(): Date;
}

/** A call as it came over the wire. */
export interface RawCall {
  /** Service and method, such as `Projects/ListProjects`. */
  readonly operation: string;
  readonly method: Method;
  readonly request: Buffer;
  readonly authorization: string | undefined;
}

/** What becomes of the call. */
export type Outcome =
  | { readonly kind: 'answer'; readonly message: Buffer }
  | { readonly kind: 'refuse'; readonly refusal: GcpRefusal }
  | { readonly kind: 'reset' }
  | { readonly kind: 'hang' };

/** No message of Google's begins like this: field 0 of a wire type that does not exist. */
const unreadable = Buffer.from([0x07, 0xff, 0xff]);

const readingScopes = ['', '.read-only'].map((suffix) => `https://www.googleapis.com/auth/cloud-platform${suffix}`);

/** Answers one call and writes it into the log. */
export async function handleCall(context: HandlerContext, raw: RawCall): Promise<Outcome> {
  const input: WireObject = Object.fromEntries(Object.entries(raw.method.requestDeserialize(raw.request)));
  const key = JSON.stringify([raw.operation, input]);
  const entry = log(context, raw, { input, attempt: context.attempts.next(key) });
  const effects = context.faults.take(entry);
  entry.faults = effects.map((effect) => effect.kind);
  for (const effect of effects) {
    if (effect.kind === 'delay') await wait(effect.ms, undefined, { signal: context.closing });
    if (effect.kind === 'mutate') effect.mutate(context.world);
  }
  if (effects.some((effect) => effect.kind === 'hang')) return { kind: 'hang' };
  if (effects.some((effect) => effect.kind === 'reset')) return { kind: 'reset' };
  try {
    const message = answer(context, raw, { entry, effects });
    entry.code = 'OK';
    context.attempts.succeed(key);
    return { kind: 'answer', message };
  } catch (error) {
    if (!(error instanceof GcpRefusal)) throw error;
    entry.code = error.status;
    return { kind: 'refuse', refusal: error };
  }
}

interface Job {
  readonly entry: LoggedRequest;
  readonly effects: readonly FaultEffect[];
}

function answer(context: HandlerContext, raw: RawCall, { entry, effects }: Job): Buffer {
  for (const effect of effects) throwPlanned(context, effect);
  entry.principal = authenticate(context, raw.authorization);
  if (!context.behaviour.api_enabled) throw refuseDisabled(context.quota_project);
  requireQuota(context, entry.operation ?? '');
  const call = { operation: raw.operation, input: entry.input, principal: entry.principal };
  const answered = answerResourceManager(context, call);
  if (answered === undefined) {
    context.unexpected.push(`the fake does not know ${raw.operation}`);
    throw new GcpRefusal('UNIMPLEMENTED', `the fake does not know ${raw.operation}`);
  }
  const body = spoil(answered, entry, effects);
  const { nextPageToken: token } = body;
  entry.page_token_out = typeof token === 'string' && token !== '' ? token : null;
  entry.subjects = [...new Set([...entry.subjects, ...answered.subjects])].sort();
  return effects.some((effect) => effect.kind === 'malformed') ? unreadable : raw.method.responseSerialize(body);
}

function authenticate(context: HandlerContext, authorization: string | undefined): string {
  if (!context.is_secure) return anonymous;
  const token = context.world.tokens.check(authorization);
  if (!token.scopes.some((scope) => readingScopes.includes(scope))) throw refuseScopes();
  return token.principal;
}

function requireQuota(context: HandlerContext, operation: string): void {
  const { rates } = context.behaviour;
  const rate = rates?.[operation] ?? rates?.['default'];
  if (rate === undefined || context.throttle.allows(operation, rate)) return;
  throw refuseQuota(context.quota_project, 1 / rate.per_second);
}

function throwPlanned(context: HandlerContext, effect: FaultEffect): void {
  if (effect.kind === 'throttle') throw refuseQuota(context.quota_project, effect.retry_after_seconds);
  if (effect.kind === 'expired_credentials') throw refuseCredentials('ACCESS_TOKEN_EXPIRED');
  if (effect.kind === 'expired_page_token') throw refuseArgument('The page token is invalid or has expired.');
  if (effect.kind === 'error') {
    throw new GcpRefusal(effect.code, effect.message ?? 'planned by the test', effect.details);
  }
}

/** Plays the faults that change a good answer. */
function spoil(answered: Answer, entry: LoggedRequest, effects: readonly FaultEffect[]): WireObject {
  let body = answered.body;
  for (const effect of effects) {
    if (effect.kind === 'omit') {
      body = Object.fromEntries(Object.entries(body).filter(([name]) => name !== effect.member));
    }
    if (effect.kind === 'alter') body = effect.alter(structuredClone({ ...body }));
    if (effect.kind === 'repeat_token') body = { ...body, nextPageToken: entry.page_token_in ?? body['nextPageToken'] };
  }
  return body;
}

const namedSchema = z.object({
  name: z.string().default(''),
  parent: z.string().default(''),
  pageToken: z.string().default(''),
  pageSize: z.int().default(0),
});

function log(
  context: HandlerContext,
  raw: RawCall,
  { input, attempt }: { readonly input: WireObject; readonly attempt: number },
): LoggedRequest {
  const { name, parent, pageToken, pageSize } = namedSchema.catch(namedSchema.parse({})).parse(input);
  const pageTokenIn = pageToken === '' ? null : pageToken;
  const entry: LoggedRequest = {
    at: context.now(),
    service: 'resourcemanager',
    operation: raw.operation.replace(/^.*\//, ''),
    input,
    parent: parent === '' ? null : parent,
    page_size: pageSize === 0 ? null : pageSize,
    page_token_in: pageTokenIn,
    page: context.page_tokens.pageNumber(pageTokenIn),
    attempt,
    page_token_out: null,
    principal: null,
    code: null,
    subjects: [name, parent].filter((subject) => subject !== ''),
    faults: [],
  };
  context.requests.push(entry);
  return entry;
}
