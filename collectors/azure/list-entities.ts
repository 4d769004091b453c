// Lists the management groups and subscriptions of a tenant: the first page by POST, the others by GET, with the credential's token.
import { z } from 'zod';
import { pause } from '#core/deadline.ts';
import type { HttpAnswer } from '#core/http.ts';
import { type Exchange, readRequestIds } from './calls.ts';
import { isProviderError, toCredentialError } from './errors.ts';
import type { Listing } from './paging.ts';
import type { AzureSession } from './session.ts';

// https://learn.microsoft.com/rest/api/managementgroups/entities/list
const path = '/providers/Microsoft.Management/getEntities?api-version=2021-04-01';
const timeoutMs = 120_000;
const maxBytes = 50_000_000;
const firstWaitMs = 500;
const lastWaitMs = 1000;
const passing: ReadonlySet<number> = new Set([500, 502, 504]);

/** The hierarchy as the application may see it, which is all of it only with rights at the root group. */
export function entityListing(session: AzureSession): Listing {
  return { operation: 'GetEntities', open: () => (link) => ask(session, link) };
}

async function ask(session: AzureSession, link: string | undefined): Promise<Exchange> {
  try {
    const first = await sendUntilAnswered(session, link);
    const claims = first.status === 401 ? readClaims(first.headers['www-authenticate']) : undefined;
    return toExchange(claims === undefined ? first : await send(session, link, claims));
  } catch (thrown) {
    return { status: null, body: undefined, request_ids: [], attempts: 1, retry_delay_ms: 0, thrown };
  }
}

// The HTTP client asks again what was too much or too early, and never repeats a POST without an answer, for it may have been
// done; this one only asks. Failures of the service pass as well, and the SDK asks again after them where it lists.
async function sendUntilAnswered(session: AzureSession, link: string | undefined): Promise<HttpAnswer> {
  const { signal } = session.context;
  let before = { attempts: 0, retry_delay_ms: 0 };
  for (let waitMs = firstWaitMs; ; waitMs *= 2) {
    const isLast = waitMs > lastWaitMs;
    try {
      const answer = addTo(before, await send(session, link));
      if (isLast || !passing.has(answer.status)) return answer;
      before = answer;
    } catch (error) {
      if (isLast || link !== undefined || !isProviderError(error, 'unreachable') || signal.aborted) throw error;
      before = addTo(before, { attempts: 1, retry_delay_ms: 0 });
    }
    await pause(waitMs, signal);
    before = addTo(before, { attempts: 0, retry_delay_ms: waitMs });
  }
}

type Effort = Pick<HttpAnswer, 'attempts' | 'retry_delay_ms'>;

function addTo<Spent extends Effort>({ attempts, retry_delay_ms }: Effort, spent: Spent): Spent {
  return { ...spent, attempts: spent.attempts + attempts, retry_delay_ms: spent.retry_delay_ms + retry_delay_ms };
}

async function send(session: AzureSession, link: string | undefined, claims?: string): Promise<HttpAnswer> {
  const { context, credential, endpoints } = session;
  const { signal } = context;
  const token = await credential.getToken(endpoints.token_scope, {
    abortSignal: signal,
    ...(claims !== undefined && { claims }),
  });
  if (token === null) throw toCredentialError(new Error('the login endpoint gave no token'));
  return context.http.request(link ?? `${endpoints.arm_endpoint}${path}`, {
    method: link === undefined ? 'POST' : 'GET',
    headers: {
      authorization: `Bearer ${token.token}`,
      accept: 'application/json',
      // A cached hierarchy would lag behind the subscriptions.
      'cache-control': 'no-cache',
    },
    timeoutMs,
    maxBytes,
    signal,
  });
}

function toExchange({ status, body, headers, attempts, retry_delay_ms }: HttpAnswer): Exchange {
  return { status, body, request_ids: readRequestIds((name) => headers[name]), attempts, retry_delay_ms };
}

const claimsSchema = z.string().regex(/^\{.*\}$/s);

// A token that was ended before its time: the answer says which one is wanted (continuous access evaluation).
function readClaims(challenge: string | undefined): string | undefined {
  const encoded = /\bclaims="([A-Za-z0-9+/=_-]+)"/.exec(challenge ?? '')?.[1];
  if (encoded === undefined) return undefined;
  return claimsSchema.safeParse(Buffer.from(encoded, 'base64').toString()).data;
}
