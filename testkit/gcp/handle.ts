// One call from arrival to answer: log, play the planned faults, authenticate, throttle, answer.
import { z } from 'zod';
import { alterBody, hasEffect, meetFaults } from '../effects.ts';
import type { PageTokens } from '../page-tokens.ts';
import type { Throttle } from '../throttle.ts';
import type { GcpBehaviour } from './behaviour.ts';
import type { FaultEffect, Faults } from './faults.ts';
import type { Method } from './protos.ts';
import { GcpRefusal, refuseArgument, refuseCredentials, refuseDisabled, refuseQuota, refuseScopes } from './refusal.ts';
import type { Attempts, LoggedRequest } from './request-log.ts';
import { type Answer, type ApiContext, answerResourceManager } from './resource-manager.ts';
import { fullScope, OAuthRefusal, verifyKeyHolder } from './token-services.ts';
import type { WireObject } from './wire.ts';
import { anonymous, type GcpWorld } from './world.ts';

/** What every request goes through, whatever the service. */
export interface CallContext {
  readonly world: GcpWorld;
  readonly faults: Faults;
  readonly requests: LoggedRequest[];
  readonly attempts: Attempts;
  /** Operations that the fake does not know, and mistakes in planned mutations; see `assertNoUnexpected`. */
  readonly unexpected: string[];
  /** Ends delays when the fake closes. */
  readonly closing: AbortSignal;
  /** Where the quota is taken from unless the caller says otherwise, as `projects/<number>`. */
  readonly quota_project: string;
  now(): Date;
}

/** What Resource Manager's handler works with beside the operations' own context. */
export interface HandlerContext extends ApiContext, CallContext {
  readonly behaviour: GcpBehaviour;
  readonly page_tokens: PageTokens;
  readonly throttle: Throttle;
  /** Whether calls must bear an access token. */
  readonly requires_token: boolean;
}

/** A call as it came over the wire. */
export interface RawCall {
  /** Service and method, such as `Projects/ListProjects`. */
  readonly operation: string;
  readonly method: Method;
  readonly request: Buffer;
  readonly authorization: string | undefined;
  /** `x-goog-user-project`. */
  readonly quota_project: string | undefined;
}

/** What becomes of the call. */
export type Outcome =
  | { readonly kind: 'answer'; readonly message: Buffer }
  | { readonly kind: 'refuse'; readonly refusal: GcpRefusal }
  | { readonly kind: 'reset' }
  | { readonly kind: 'hang' };

/** No message of Google's begins like this: field 0 of a wire type that does not exist. */
const unreadable = Buffer.from([0x07, 0xff, 0xff]);

const readingScopes = [fullScope, `${fullScope}.read-only`];

const ownAudiences = new Set(['https://cloudresourcemanager.googleapis.com/']);

/** Answers one call and writes it into the log. */
export async function handleCall(context: HandlerContext, raw: RawCall): Promise<Outcome> {
  const input: WireObject = Object.fromEntries(Object.entries(raw.method.requestDeserialize(raw.request)));
  const key = JSON.stringify([raw.operation, input]);
  const entry = log(context, raw, { input, attempt: context.attempts.next(key) });
  const effects = await meetFaults(context, entry);
  if (hasEffect(effects, 'hang')) return { kind: 'hang' };
  if (hasEffect(effects, 'reset')) return { kind: 'reset' };
  try {
    const message = await answer(context, raw, { entry, effects });
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

async function answer(context: HandlerContext, raw: RawCall, { entry, effects }: Job): Promise<Buffer> {
  for (const effect of effects) throwPlanned(context, effect);
  entry.principal = await authenticate(context, raw.authorization);
  if (!context.behaviour.api_enabled) throw refuseDisabled(toConsumer(context, raw));
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
  return hasEffect(effects, 'malformed') ? unreadable : raw.method.responseSerialize(body);
}

async function authenticate(context: HandlerContext, authorization: string | undefined): Promise<string> {
  if (!context.requires_token) return anonymous;
  const { principal, scopes } = await readBearer(context, authorization);
  if (!scopes.some((scope) => readingScopes.includes(scope))) throw refuseScopes();
  return principal;
}

/** Takes what the fake issued, and what the holder of a key has signed himself. */
async function readBearer({ world, now }: HandlerContext, authorization: string | undefined) {
  const [, jwt] = /^Bearer ([\w-]+\.[\w-]+\.[\w-]+)$/.exec(authorization ?? '') ?? [];
  if (jwt === undefined) return world.tokens.check(authorization);
  try {
    const { account, scopes, audience } = await verifyKeyHolder({ identities: world.identities, now }, jwt);
    // Such a token names either scopes or the service that it is for.
    return { principal: account.email, scopes: ownAudiences.has(audience) ? [fullScope] : scopes };
  } catch (error) {
    if (error instanceof OAuthRefusal) throw refuseCredentials('ACCESS_TOKEN_TYPE_UNSUPPORTED');
    throw error;
  }
}

function toConsumer(context: HandlerContext, { quota_project: named }: RawCall): string {
  return named === undefined ? context.quota_project : `projects/${named}`;
}

function requireQuota(context: HandlerContext, operation: string): void {
  const { rates } = context.behaviour;
  const rate = rates?.[operation] ?? rates?.['default'];
  if (rate === undefined || context.throttle.allows(operation, rate)) return;
  throw refuseQuota(context.quota_project, 1 / rate.per_second);
}

/** Throws what a planned fault says. */
export function throwPlanned(context: Pick<CallContext, 'quota_project'>, effect: FaultEffect): void {
  if (effect.kind === 'throttle') throw refuseQuota(context.quota_project, effect.retry_after_seconds);
  if (effect.kind === 'expired_credentials') throw refuseCredentials('ACCESS_TOKEN_EXPIRED');
  if (effect.kind === 'expired_page_token') throw refuseArgument('The page token is invalid or has expired.');
  if (effect.kind === 'error') {
    throw new GcpRefusal(effect.code, effect.message ?? 'planned by the test', effect.details);
  }
}

function spoil({ body }: Answer, { page_token_in: token }: LoggedRequest, effects: readonly FaultEffect[]): WireObject {
  const isRepeated = token !== null && hasEffect(effects, 'repeat_token');
  return alterBody(isRepeated ? { ...body, nextPageToken: token } : body, effects);
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
    quota_project: raw.quota_project ?? null,
    principal: null,
    code: null,
    subjects: [name, parent].filter((subject) => subject !== ''),
    faults: [],
  };
  context.requests.push(entry);
  return entry;
}
