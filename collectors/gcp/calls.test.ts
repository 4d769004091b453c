// The loop around single calls: what it asks again, how long it waits, and what it keeps as evidence.
import { Metadata, status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { hashJson } from '#core/json.ts';
import type { Request } from '#core/provenance.ts';
import { createCaller, type Patience } from './calls.ts';
import type { Credentials } from './credentials.ts';

const quick = { backoffMs: 1, maxBackoffMs: 4, paceMs: 1, maxPaceMs: 2 };

function openCaller({ patience, signal }: { patience?: Partial<Patience>; signal?: AbortSignal } = {}) {
  const requests: Request[] = [];
  let expirations = 0;
  // Only what the caller uses of them.
  const credentials = {
    principal: 'reader@tools.iam.gserviceaccount.com',
    readHeaders: async () => ({ authorization: 'Bearer of-a-test' }),
    expire: () => {
      expirations += 1;
    },
  } as unknown as Credentials;
  const caller = createCaller({
    signal: signal ?? new AbortController().signal,
    fetched: (request) => requests.push(request),
    credentials,
    endpoint: 'https://cloudresourcemanager.googleapis.com',
    patience: { ...quick, ...patience },
  });
  return { caller, requests, countExpirations: () => expirations };
}

function refusal(code: number, statusDetails: readonly unknown[] = []): Error {
  const metadata = new Metadata();
  metadata.set('content-type', 'application/grpc');
  return Object.assign(new Error(`refused with ${code}`), { code, statusDetails, metadata });
}

/** Answers these in turn. */
function script(...answers: readonly unknown[]) {
  const waiting = [...answers];
  return async () => {
    const answer = waiting.shift();
    if (answer instanceof Error) throw answer;
    return answer;
  };
}

const page = { projects: [{ name: 'projects/1' }, { name: 'projects/2' }], nextPageToken: '' };

test('an answer is evidence of method, endpoint, page, items, payload and principal', async () => {
  const { caller, requests } = openCaller();

  const { body } = await caller.ask({ method: 'ListProjects', page: 3 }, script(page));

  expect(body).toEqual(page);
  expect(requests).toEqual([
    {
      operation: 'cloudresourcemanager:ListProjects',
      endpoint: 'https://cloudresourcemanager.googleapis.com',
      page: 3,
      request_ids: [],
      attempts: 1,
      retry_delay_ms: 0,
      http_status: 200,
      items: 2,
      sha256: hashJson(page),
      sdk: expect.stringMatching(/^@google-cloud\/resource-manager@\d/),
      principal: 'reader@tools.iam.gserviceaccount.com',
    },
  ]);
});

test.for([
  ['RESOURCE_EXHAUSTED', status.RESOURCE_EXHAUSTED],
  ['UNAVAILABLE', status.UNAVAILABLE],
  ['DEADLINE_EXCEEDED', status.DEADLINE_EXCEEDED],
  ['INTERNAL', status.INTERNAL],
] as const)('%s is asked again, and the evidence counts it', async ([, code]) => {
  const { caller, requests } = openCaller();

  await caller.ask({ method: 'ListFolders' }, script(refusal(code), refusal(code), page));

  expect(requests).toMatchObject([{ attempts: 3, http_status: 200 }]);
  expect(requests[0]?.retry_delay_ms).toBeGreaterThan(0);
});

test.for([
  ['PERMISSION_DENIED', status.PERMISSION_DENIED, 'access_denied'],
  ['INVALID_ARGUMENT', status.INVALID_ARGUMENT, 'google_error'],
  ['NOT_FOUND', status.NOT_FOUND, 'not_found'],
] as const)('%s is final', async ([, code, told]) => {
  const { caller, requests } = openCaller();

  await expect(caller.ask({ method: 'ListFolders' }, script(refusal(code), page))).rejects.toMatchObject({
    code: told,
  });
  expect(requests).toMatchObject([{ attempts: 1, items: 0, sha256: null }]);
});

test('a wait that the server asks for is kept, and its request id too', async () => {
  const { caller, requests } = openCaller();
  const details = [{ retryDelay: { seconds: '0', nanos: 30_000_000 } }, { requestId: 'r-7' }];
  const startedMs = performance.now();

  await caller.ask({ method: 'ListFolders' }, script(refusal(status.RESOURCE_EXHAUSTED, details), page));

  expect(performance.now() - startedMs).toBeGreaterThanOrEqual(29);
  expect(requests).toMatchObject([{ attempts: 2, retry_delay_ms: 30, request_ids: ['r-7'] }]);
});

test('a wait that is longer than all waits may be ends the call at once', async () => {
  const { caller } = openCaller();
  const details = [{ retryDelay: { seconds: '3600', nanos: 0 } }];

  const asked = caller.ask({ method: 'ListFolders' }, script(refusal(status.RESOURCE_EXHAUSTED, details), page));

  await expect(asked).rejects.toMatchObject({ code: 'throttled', retryable: true });
});

test('it ends after so many attempts, with the cause that the last one had', async () => {
  const { caller, requests } = openCaller({ patience: { maxAttempts: 3 } });
  const busy = refusal(status.UNAVAILABLE);

  await expect(caller.ask({ method: 'ListFolders' }, script(busy, busy, busy, page))).rejects.toMatchObject({
    code: 'unreachable',
    status: 503,
  });
  expect(requests).toMatchObject([{ attempts: 3, http_status: 503 }]);
});

test('an answer that never came has no HTTP status', async () => {
  const { caller, requests } = openCaller({ patience: { maxAttempts: 1 } });
  const silence = Object.assign(new Error('connect ECONNREFUSED'), {
    code: status.UNAVAILABLE,
    metadata: new Metadata(),
  });

  await expect(caller.ask({ method: 'ListFolders' }, script(silence))).rejects.toMatchObject({ code: 'unreachable' });
  expect(requests).toMatchObject([{ http_status: null }]);
});

test('a token that is refused is renewed once', async () => {
  const { caller, countExpirations } = openCaller();
  const expired = refusal(status.UNAUTHENTICATED);

  await caller.ask({ method: 'ListFolders' }, script(expired, page));
  expect(countExpirations()).toBe(1);

  await expect(caller.ask({ method: 'ListFolders' }, script(expired, expired, page))).rejects.toMatchObject({
    code: 'invalid_credentials',
  });
  expect(countExpirations()).toBe(2);
});

test('an SDK that never answers is left when the time is up', async () => {
  const { caller } = openCaller({ patience: { timeoutMs: -4_990 } });

  const asked = caller.ask({ method: 'ListFolders' }, () => new Promise(() => undefined));

  await expect(asked).rejects.toMatchObject({ code: 'timeout' });
});

test.for([
  ['in flight', () => new Promise(() => undefined)],
  ['between two attempts', script(refusal(status.UNAVAILABLE, [{ retryDelay: { seconds: '60', nanos: 0 } }]))],
] as const)('a stop %s ends it with the reason of the stop', async ([, send]) => {
  const controller = new AbortController();
  const { caller } = openCaller({ signal: controller.signal });
  const reason = new Error('told to stop');
  setTimeout(() => controller.abort(reason), 5);

  await expect(caller.ask({ method: 'ListFolders' }, send)).rejects.toBe(reason);
});
