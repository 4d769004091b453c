// The small tables behind a GCP record: lifecycle, purge date, residency, times, and what the tree knows.
import { Metadata, status } from '@grpc/grpc-js';
import { describe, expect, test } from 'vitest';
import { isTransient, readRefusal, toProviderError } from './errors.ts';
import { toLifecycle, toPurgeTime } from './lifecycle.ts';
import { toPlain, toTimestamp } from './plain.ts';
import { readResidency } from './residency.ts';
import { chainOf, firstUnknown, learn, type Tree, toPathFields } from './tree.ts';

test.for([
  ['ACTIVE', 'active'],
  ['DELETE_REQUESTED', 'closing'],
  ['STATE_UNSPECIFIED', 'unknown'],
  ['SOMETHING_NEW', 'unknown'],
  ['constructor', 'unknown'],
] as const)('the state %s is the lifecycle %s', ([state, lifecycle]) => {
  expect(toLifecycle(state)).toBe(lifecycle);
});

test('what is deleted is purged thirty days later', () => {
  expect(toPurgeTime('2026-02-10T12:00:00.000Z')).toBe('2026-03-12T12:00:00.000Z');
});

describe('a message becomes plain JSON', () => {
  test.for([
    [{ seconds: '1767225600', nanos: 0 }, '2026-01-01T00:00:00Z'],
    [{ seconds: '1767225600', nanos: 120_000_000 }, '2026-01-01T00:00:00.120Z'],
    [{ seconds: '1767225600', nanos: 1_000 }, '2026-01-01T00:00:00.000001Z'],
    [{ seconds: '-1', nanos: 5 }, '1969-12-31T23:59:59.000000005Z'],
  ] as const)('with the time %o as %s', ([time, text]) => {
    expect(toPlain({ createTime: time })).toEqual({ createTime: text });
  });

  test('without what is not set, with labels of any name as they are', () => {
    const labels = { seconds: '1', nanos: '2' };

    expect(toPlain({ deleteTime: null, displayName: '', labels, total: 7 })).toEqual({
      displayName: '',
      labels,
      total: 7,
    });
  });

  test('whose times are kept in milliseconds, if they are any', () => {
    expect(toTimestamp('2026-01-01T00:00:00.123456789Z')).toBe('2026-01-01T00:00:00.123Z');
    expect(toTimestamp('soon')).toBeUndefined();
    expect(toTimestamp(undefined)).toBeUndefined();
  });
});

describe('residency', () => {
  const project = { id: '7', project_id: 'shop', chain: ['organizations/1', 'folders/2', 'folders/3'] };

  test.for([
    [undefined, 'googleapis.com', 'global', 'universe'],
    [undefined, 'apis.example', 'apis.example', 'universe'],
    ['eu', 'googleapis.com', 'eu', 'configuration'],
    [{ 'organizations/1': 'us' }, 'googleapis.com', 'us', 'configuration'],
    [{ 'folders/2': 'us', 'folders/3': 'de' }, 'googleapis.com', 'de', 'configuration'],
    [{ 'folders/3': 'de', shop: 'fr' }, 'googleapis.com', 'fr', 'configuration'],
    [{ shop: 'fr', '7': 'ch' }, 'googleapis.com', 'ch', 'configuration'],
    [{ 'folders/9': 'de' }, 'googleapis.com', 'global', 'universe'],
  ] as const)('of %o in %s is %s, by the %s', ([configured, universe, value, source]) => {
    expect(readResidency(configured, universe, project)).toEqual({ value, source });
  });
});

describe('the tree', () => {
  const node = (id: string, parent_id: string | null, name = id, updated_at: string | null = null) => ({
    ...{ id, parent_id, name, updated_at },
  });
  const treeOf = (...nodes: ReturnType<typeof node>[]): Tree => ({
    root_id: 'folders/1',
    org_id: '9',
    above: [node('organizations/9', null, 'example.com')],
    nodes: new Map(nodes.map((entry) => [entry.id, entry])),
    unreadable: new Set(),
  });

  test('leads from the root down, and names what is above it', () => {
    const tree = treeOf(node('folders/1', 'organizations/9', 'Shop'), node('folders/2', 'folders/1', 'Prod'));

    expect(chainOf(tree, 'folders/2')).toEqual(['folders/1', 'folders/2']);
    expect(toPathFields(tree, ['folders/1', 'folders/2'])).toEqual({
      org_path: 'example.com/Shop/Prod',
      org_path_ids: ['organizations/9', 'folders/1', 'folders/2'],
      org_path_names: ['example.com', 'Shop', 'Prod'],
    });
  });

  test('leads nowhere outside the root, past an unknown folder, or round a circle', () => {
    const circle = [node('folders/5', 'folders/6'), node('folders/6', 'folders/5')];
    const tree = treeOf(node('folders/1', 'organizations/9'), node('folders/3', 'folders/4'), ...circle);

    expect(chainOf(tree, 'organizations/9')).toBeUndefined();
    expect(chainOf(tree, 'folders/3')).toBeUndefined();
    expect(firstUnknown(tree, 'folders/3')).toBe('folders/4');
    expect(chainOf(tree, 'folders/5')).toBeUndefined();
    expect(firstUnknown(tree, 'folders/5')).toBeUndefined();
  });

  test('keeps the newer of two accounts of a folder', () => {
    const tree = treeOf(node('folders/2', 'folders/1', 'New', '2026-01-02T00:00:00.000Z'));

    expect(learn(tree, node('folders/2', 'folders/1', 'Old', '2026-01-01T00:00:00.000Z'))).toBe(false);
    expect(learn(tree, node('folders/2', 'folders/1', 'Newest', '2026-01-03T00:00:00.000Z'))).toBe(true);
    expect(tree.nodes.get('folders/2')?.name).toBe('Newest');
  });
});

describe('a refusal', () => {
  const asked = {
    operation: 'cloudresourcemanager:ListProjects',
    permission: 'resourcemanager.projects.list',
    principal: 'reader@tools.iam.gserviceaccount.com',
    is_continued: false,
  };

  test.for([
    [{ code: status.UNAUTHENTICATED }, 'invalid_credentials', 401],
    [{ code: status.PERMISSION_DENIED, reason: 'IAM_PERMISSION_DENIED' }, 'access_denied', 403],
    [{ code: status.PERMISSION_DENIED, reason: 'SERVICE_DISABLED' }, 'api_disabled', 403],
    [{ code: status.PERMISSION_DENIED, reason: 'USER_PROJECT_DENIED' }, 'quota_project_denied', 403],
    [{ code: status.NOT_FOUND }, 'not_found', 404],
    [{ code: status.RESOURCE_EXHAUSTED }, 'throttled', 429],
    [{ code: status.UNAVAILABLE }, 'unreachable', 503],
    [{ code: status.DEADLINE_EXCEEDED }, 'timeout', 504],
    [{ code: status.INVALID_ARGUMENT }, 'google_error', 400],
    [{ code: status.INTERNAL }, 'google_error', 500],
    [{}, 'google_error', undefined],
  ] as const)('%o is told as %s', ([thrown, code, httpStatus]) => {
    const error = toProviderError(Object.assign(new Error('no'), thrown), asked);

    expect(error).toMatchObject({ code, status: httpStatus });
    expect(error.message).toContain(asked.operation);
  });

  test('names who was refused and the permission that is missing', () => {
    const { message } = toProviderError(Object.assign(new Error('no'), { code: status.PERMISSION_DENIED }), asked);

    expect(message).toContain(asked.principal);
    expect(message).toContain(asked.permission);
  });

  test('of a later page because of its argument is a page token that died', () => {
    const error = Object.assign(new Error('no'), { code: status.INVALID_ARGUMENT });

    expect(toProviderError(error, { ...asked, is_continued: true }).code).toBe('invalid_page_token');
  });

  test('tells how long to wait, its own request id, and whether a server spoke', () => {
    const metadata = new Metadata();
    metadata.set('content-type', 'application/grpc');
    const statusDetails = [{ retryDelay: { seconds: '2', nanos: 500_000_000 } }, { requestId: 'r-1' }, 'noise'];

    const refusal = readRefusal(Object.assign(new Error('no'), { code: 8, statusDetails, metadata }));

    expect(refusal).toMatchObject({ retry_after_ms: 2500, request_id: 'r-1', is_answered: true });
    expect(isTransient(refusal)).toBe(true);
    expect(readRefusal(new Error('no'))).toMatchObject({ code: undefined, is_answered: false });
  });
});
