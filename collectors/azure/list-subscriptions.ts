// Lists subscriptions with the SDK, seen through its pipeline: the SDK itself hands out neither bodies nor ids, and its options reach page 1 only.
import { SubscriptionClient } from '@azure/arm-resources-subscriptions';
import { openDeadline } from '#core/deadline.ts';
import { type Exchange, readRequestIds } from './calls.ts';
import { type Listing, requireOwnHost } from './paging.ts';
import type { AzureSession } from './session.ts';

type Policy = Parameters<SubscriptionClient['pipeline']['addPolicy']>[0];

const attemptTimeoutMs = 30_000;
const maxWaitSeconds = 180;

/** `GET /subscriptions`: those of the token's tenant that the application may read, with those delegated to it. */
export function subscriptionListing(session: AzureSession): Listing {
  const { endpoints, credential, context } = session;
  const client = new SubscriptionClient(credential, {
    endpoint: endpoints.arm_endpoint,
    // Whatever the endpoint, the SDK asks for a token of the public cloud unless it is told the scope.
    credentials: { scopes: [endpoints.token_scope] },
    retryOptions: { maxRetries: 5 },
    // A redirect is an answer that no listing gives.
    redirectOptions: { maxRetries: 0 },
  });
  const wire = createWire();
  client.pipeline.addPolicy(createAbortPolicy(context.signal));
  client.pipeline.addPolicy(patiencePolicy, { afterPhase: 'Retry' });
  client.pipeline.addPolicy(createEvidencePolicy(session, wire), { afterPhase: 'Retry' });
  return {
    operation: 'ListSubscriptions',
    open() {
      const pages = client.subscriptions.list().byPage()[Symbol.asyncIterator]();
      return async () => {
        wire.reset();
        try {
          await pages.next();
          return wire.read();
        } catch (thrown) {
          return { ...wire.read(), thrown };
        }
      };
    },
  };
}

// What the attempts of one request left behind.
interface Wire {
  reset(): void;
  read(): Exchange;
  begin(): void;
  end(answer?: Pick<Exchange, 'status' | 'body' | 'request_ids'>): void;
}

function createWire(): Wire {
  const nothing = { status: null, body: undefined, request_ids: [] };
  let answer: Pick<Exchange, 'status' | 'body' | 'request_ids'> = nothing;
  let attempts = 0;
  let waitedMs = 0;
  let endedAt: number | undefined;
  return {
    reset() {
      answer = nothing;
      attempts = 0;
      waitedMs = 0;
      endedAt = undefined;
    },
    read: () => ({ ...answer, attempts, retry_delay_ms: waitedMs }),
    begin() {
      attempts += 1;
      if (endedAt !== undefined) waitedMs += performance.now() - endedAt;
    },
    end(received = nothing) {
      answer = received;
      endedAt = performance.now();
    },
  };
}

// Around the retries, so that the waits between them end too.
function createAbortPolicy(signal: AbortSignal): Policy {
  return {
    name: 'abort',
    sendRequest(request, next) {
      request.abortSignal = signal;
      return next(request);
    },
  };
}

// Around each attempt, and the evidence of it. The SDK would wait for as long as it is told to, past the run's end, and nothing
// would tell of what; this it does not ask again after.
const patiencePolicy: Policy = {
  name: 'patience',
  async sendRequest(request, next) {
    const response = await next(request);
    const seconds = Number(response.headers.get('retry-after'));
    if (seconds > maxWaitSeconds) throw new Error(`asked to wait for ${seconds} s`);
    return response;
  },
};

// A connection that is cut in the middle of an answer: the SDK repeats a request only when it is cut before.
function isCutAnswer(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && error.code === 'PARSE_ERROR';
}

// Around each attempt.
function createEvidencePolicy(session: AzureSession, wire: Wire): Policy {
  const { signal } = session.context;
  return {
    name: 'evidence',
    async sendRequest(request, next) {
      requireOwnHost(session, request.url);
      const deadline = openDeadline(attemptTimeoutMs, signal);
      request.abortSignal = deadline.signal;
      wire.begin();
      try {
        const response = await next(request);
        const body = response.bodyAsText ?? undefined;
        wire.end({ status: response.status, body, request_ids: readRequestIds((name) => response.headers.get(name)) });
        return response;
      } catch (error) {
        wire.end();
        if (deadline.signal.aborted && !signal.aborted) throw deadline.signal.reason;
        throw isCutAnswer(error) ? Object.assign(error, { code: 'ECONNRESET' }) : error;
      } finally {
        request.abortSignal = signal;
        deadline.clear();
      }
    },
  };
}
