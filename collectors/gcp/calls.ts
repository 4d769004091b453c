// One call to Resource Manager at a time: paced, asked again when it may help, and kept as evidence.
import sdkPackage from '@google-cloud/resource-manager/package.json' with { type: 'json' };
import { InterceptingCall, type Interceptor, status } from '@grpc/grpc-js';
import { openDeadline, pause, raceSignal } from '#core/deadline.ts';
import { ProviderError } from '#core/errors.ts';
import { hashJson, type JsonObject } from '#core/json.ts';
import type { Request } from '#core/provenance.ts';
import type { Credentials } from './credentials.ts';
import { isTransient, type Refusal, readRefusal, toHttpStatus, toProviderError } from './errors.ts';
import { type Method, permissionsByMethod } from './permissions.ts';
import { isObject, toPlain } from './plain.ts';

/** The SDK, as evidence names it. */
export const sdk = `${sdkPackage.name}@${sdkPackage.version}`;

/** What is asked; `page_token` only tells whether the call goes on with a listing. */
export interface Question {
  readonly method: Method;
  /** Which page of its listing, from 1. */
  readonly page?: number;
  readonly page_token?: string;
}

/** What every SDK call must be given. gax's own retries are off: they know no quota and end in a deadline that hides the cause. */
export interface CallOptions {
  readonly autoPaginate: false;
  readonly timeout: number;
  readonly retry: { readonly retryCodes: number[] };
  readonly otherArgs: { readonly headers: Record<string, string>; readonly options: { interceptors: Interceptor[] } };
}

/** The answer as plain JSON, and the evidence. */
export interface Answer {
  readonly body: JsonObject;
  readonly request: Request;
}

/** Makes the calls of one scope. */
export interface Caller {
  /** Throws a ProviderError, or the signal's reason. `send` resolves to the answer's message. */
  ask(question: Question, send: (options: CallOptions) => Promise<unknown>): Promise<Answer>;
}

/** How patient a caller is. */
export interface Patience {
  readonly timeoutMs: number;
  readonly maxAttempts: number;
  /** For failures other than "too many" and "not now", which seldom pass. */
  readonly maxOtherAttempts: number;
  /** The first wait after a failure that names none; the next ones are twice as long each. */
  readonly backoffMs: number;
  readonly maxBackoffMs: number;
  /** All waits of one call. */
  readonly maxWaitMs: number;
  /** Between two calls once the quota was exhausted. */
  readonly paceMs: number;
  readonly maxPaceMs: number;
}

// Quotas are per minute (600 lists), so that the waits must outlast one.
const defaultPatience: Patience = {
  timeoutMs: 20_000,
  maxAttempts: 10,
  maxOtherAttempts: 3,
  backoffMs: 500,
  maxBackoffMs: 30_000,
  maxWaitMs: 180_000,
  paceMs: 110,
  maxPaceMs: 2_000,
};

export interface CallerOptions {
  readonly signal: AbortSignal;
  readonly fetched: (request: Request) => void;
  readonly credentials: Credentials;
  /** Scheme, host and port, for the evidence. */
  readonly endpoint: string;
  readonly patience?: Partial<Patience>;
}

// What is known of a call so far.
interface Course {
  attempts: number;
  waitedMs: number;
  isTokenRenewed: boolean;
  readonly request_ids: string[];
}

/** A caller that reports every call, failed ones too, to `fetched`. */
export function createCaller(options: CallerOptions): Caller {
  const { signal, fetched, credentials } = options;
  const patience = { ...defaultPatience, ...options.patience };
  const pacer = createPacer(patience);

  const record = (question: Question, course: Course, end: { body?: JsonObject; httpStatus: number | null }) => {
    const request = toRequest(question, course, { ...end, options });
    fetched(request);
    return request;
  };
  const attempt = async (send: (options: CallOptions) => Promise<unknown>) => {
    await pacer.wait(signal);
    const headers = await credentials.readHeaders(signal);
    return sendInTime(send, { headers, timeoutMs: patience.timeoutMs, signal });
  };

  return {
    async ask(question, send) {
      const course: Course = { attempts: 0, waitedMs: 0, isTokenRenewed: false, request_ids: [] };
      for (;;) {
        course.attempts += 1;
        try {
          const body = toBody(question.method, await attempt(send));
          pacer.relax();
          return { body, request: record(question, course, { body, httpStatus: 200 }) };
        } catch (error) {
          const refusal = readRefusal(error);
          if (refusal.request_id !== undefined) course.request_ids.push(refusal.request_id);
          if (refusal.code === status.RESOURCE_EXHAUSTED) pacer.slowDown();
          const waitMs = signal.aborted ? undefined : nextWait(refusal, course, patience);
          if (waitMs === undefined) {
            if (refusal.code !== undefined) record(question, course, { httpStatus: toStatus(refusal) });
            if (signal.aborted) throw signal.reason;
            throw toProviderError(error, toAsked(question, credentials.principal));
          }
          if (refusal.code === status.UNAUTHENTICATED) credentials.expire();
          await pause(waitMs, signal).catch((reason: unknown) => {
            record(question, course, { httpStatus: toStatus(refusal) });
            throw reason;
          });
          course.waitedMs += waitMs;
        }
      }
    },
  };
}

// Undefined when asking again does not help or is not allowed any more.
function nextWait(refusal: Refusal, course: Course, patience: Patience): number | undefined {
  if (refusal.code === status.UNAUTHENTICATED && !course.isTokenRenewed) {
    // Tokens end before their time when they are revoked or clocks differ.
    course.isTokenRenewed = true;
    return 0;
  }
  if (!isTransient(refusal)) return undefined;
  const isBusy = refusal.code === status.RESOURCE_EXHAUSTED || refusal.code === status.UNAVAILABLE;
  if (course.attempts >= (isBusy ? patience.maxAttempts : patience.maxOtherAttempts)) return undefined;
  const longest = Math.min(patience.maxBackoffMs, patience.backoffMs * 2 ** (course.attempts - 1));
  // Collectors that were refused together must not come back together.
  const waitMs = refusal.retry_after_ms ?? longest * (0.5 + Math.random() / 2);
  return course.waitedMs + waitMs > patience.maxWaitMs ? undefined : waitMs;
}

function toBody(method: Method, message: unknown): JsonObject {
  const body = toPlain(message);
  if (!isObject(body)) throw new ProviderError('malformed_answer', `${toOperation(method)} answered without a message`);
  return body;
}

async function sendInTime(
  send: (options: CallOptions) => Promise<unknown>,
  { headers, timeoutMs, signal }: { headers: Record<string, string>; timeoutMs: number; signal: AbortSignal },
): Promise<unknown> {
  // gRPC's own deadline comes first; this one is for an SDK that never gets that far.
  const deadline = openDeadline(timeoutMs + 5_000, signal);
  try {
    return await raceSignal(
      send({
        autoPaginate: false,
        timeout: timeoutMs,
        retry: { retryCodes: [] },
        otherArgs: { headers, options: { interceptors: [cancelOn(deadline.signal)] } },
      }),
      deadline.signal,
    );
  } catch (error) {
    if (!deadline.signal.aborted || signal.aborted) throw error;
    throw new ProviderError('timeout', `the SDK gave no answer within ${timeoutMs} ms`, { retryable: true });
  } finally {
    deadline.clear();
  }
}

// The SDK takes no signal.
function cancelOn(signal: AbortSignal): Interceptor {
  return (options, nextCall) => {
    const call = new InterceptingCall(nextCall(options));
    signal.addEventListener('abort', () => call.cancelWithStatus(status.CANCELLED, 'stopped'), { once: true });
    return call;
  };
}

// Full speed until the quota says no, and never faster than its usual rate after that: others share it.
function createPacer({ paceMs, maxPaceMs }: Patience) {
  let intervalMs = 0;
  let nextAt = 0;
  return {
    async wait(signal: AbortSignal): Promise<void> {
      const delayMs = nextAt - performance.now();
      if (delayMs > 0) await pause(delayMs, signal);
      nextAt = performance.now() + intervalMs;
    },
    slowDown(): void {
      intervalMs = Math.min(maxPaceMs, Math.max(paceMs, intervalMs * 1.5));
    },
    relax(): void {
      if (intervalMs > paceMs) intervalMs = Math.max(paceMs, intervalMs * 0.95);
    },
  };
}

function toRequest(
  { method, page = 1 }: Question,
  course: Course,
  { body, httpStatus, options }: { body?: JsonObject; httpStatus: number | null; options: CallerOptions },
): Request {
  return {
    operation: toOperation(method),
    endpoint: options.endpoint,
    page,
    request_ids: course.request_ids,
    attempts: course.attempts,
    retry_delay_ms: Math.round(course.waitedMs),
    http_status: httpStatus,
    items: body === undefined ? 0 : countItems(body),
    sha256: body === undefined ? null : hashJson(body),
    sdk,
    principal: options.credentials.principal,
  };
}

/** The method as evidence and messages name it. */
export function toOperation(method: Method): string {
  return `cloudresourcemanager:${method}`;
}

function toAsked(question: Question, principal: string | null) {
  return {
    operation: toOperation(question.method),
    permission: permissionsByMethod[question.method],
    principal,
    is_continued: question.page_token !== undefined && question.page_token !== '',
  };
}

// gRPC says these two itself when no answer came.
function toStatus({ code, is_answered }: Refusal): number | null {
  const isSilence = code === status.UNAVAILABLE || code === status.DEADLINE_EXCEEDED || code === status.CANCELLED;
  return code === undefined || (isSilence && !is_answered) ? null : toHttpStatus(code);
}

// A list's answer has one array; every other answer is one item.
function countItems(body: JsonObject): number {
  return Object.values(body).find((member) => Array.isArray(member))?.length ?? 1;
}
