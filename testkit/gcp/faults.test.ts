// Tests of the fake's scripted faults, each asserted with the bare SDK.
import type { ProjectsClient } from '@google-cloud/resource-manager';
import { status } from '@grpc/grpc-js';
import { expect, test } from 'vitest';
import { renameProject } from './mutations.ts';
import { once, startOrganization, walk } from './sdk-for-tests.ts';

const flat = { folders: 0, projects: 25, parentless: 0 };
const paged = { default_page_size: 10 };

const listPage = (client: ProjectsClient, parent: string, settings = {}) =>
  client.listProjects({ parent, showDeleted: true }, { ...once, ...settings });

test('PERMISSION_DENIED on page 3 comes after two good pages', async () => {
  const { projects, fake, organization } = await startOrganization(paged, flat);
  fake.faults.plan({ page: 3, effect: { kind: 'error', code: 'PERMISSION_DENIED', message: 'no more' } });
  let pages = 0;

  const walking = walk(async (pageToken) => {
    const page = await projects.listProjects({ parent: organization.name, pageToken }, once);
    pages += 1;
    return page;
  });

  await expect(walking).rejects.toMatchObject({ code: status.PERMISSION_DENIED, details: 'no more' });
  expect(pages).toBe(2);
  expect(fake.requests.at(-1)).toMatchObject({ page: 3, code: 'PERMISSION_DENIED', faults: ['error'] });
});

test('an error may carry the details that Google’s do', async () => {
  const { projects, fake, organization } = await startOrganization();
  const details = [
    { kind: 'error_info', reason: 'USER_PROJECT_DENIED', metadata: { consumer: 'projects/1' } },
  ] as const;
  fake.faults.plan({ effect: { kind: 'error', code: 'PERMISSION_DENIED', details } });

  await expect(listPage(projects, organization.name)).rejects.toMatchObject({
    reason: 'USER_PROJECT_DENIED',
    errorInfoMetadata: { consumer: 'projects/1' },
  });
});

test('the SDK itself asks a list again when the service is unavailable, but never when the quota is used up', async () => {
  const { projects, fake, organization } = await startOrganization();
  fake.faults.plan({ nth: 1, effect: { kind: 'error', code: 'UNAVAILABLE' } });
  fake.faults.plan({ nth: 3, effect: { kind: 'throttle' } });
  const asItComes = { autoPaginate: false, timeout: 5_000 };

  await projects.listProjects({ parent: organization.name }, asItComes);
  const throttled = projects.listProjects({ parent: organization.name }, asItComes);

  await expect(throttled).rejects.toMatchObject({ code: status.RESOURCE_EXHAUSTED });
  expect(fake.requests.map(({ code, attempt }) => [code, attempt])).toEqual([
    ['UNAVAILABLE', 1],
    ['OK', 2],
    ['RESOURCE_EXHAUSTED', 1],
  ]);
});

test('a search that finds the service unavailable is not asked again', async () => {
  const { projects, fake } = await startOrganization();
  fake.faults.plan({ times: 1, effect: { kind: 'error', code: 'UNAVAILABLE' } });

  const searching = projects.searchProjects({}, { autoPaginate: false, timeout: 5_000 });

  await expect(searching).rejects.toMatchObject({ code: status.UNAVAILABLE });
});

test('throttling may say when to come back', async () => {
  const { projects, fake, organization } = await startOrganization();
  fake.faults.plan({ effect: { kind: 'throttle', retry_after_seconds: 7.5 } });

  const error: unknown = await listPage(projects, organization.name).catch((thrown: unknown) => thrown);

  expect(error).toMatchObject({ code: status.RESOURCE_EXHAUSTED });
  expect(error).toHaveProperty('statusDetails[1].retryDelay.nanos', 500_000_000);
});

test('a cut connection is UNAVAILABLE, and the next call finds another one', async () => {
  const { projects, fake, organization } = await startOrganization();
  fake.faults.plan({ nth: 1, effect: { kind: 'reset' } });

  await expect(listPage(projects, organization.name)).rejects.toMatchObject({ code: status.UNAVAILABLE });
  await listPage(projects, organization.name);

  expect(fake.requests.map(({ code }) => code)).toEqual([null, 'OK']);
});

test.for(['hang', 'delay'] as const)('a client with a deadline survives a %s', async (kind) => {
  const { projects, fake, organization } = await startOrganization();
  fake.faults.plan({ effect: kind === 'hang' ? { kind } : { kind, ms: 3_600_000 } });

  const call = listPage(projects, organization.name, { timeout: 50 });

  await expect(call).rejects.toMatchObject({ code: status.DEADLINE_EXCEEDED });
  expect(fake.requests).toMatchObject([{ code: null, faults: [kind] }]);
});

test('a short delay only delays', async () => {
  const { projects, fake, organization } = await startOrganization();
  fake.faults.plan({ effect: { kind: 'delay', ms: 30 } });
  const before = performance.now();

  await listPage(projects, organization.name);

  expect(performance.now() - before).toBeGreaterThan(28);
});

test('bytes that are no message are an internal error', async () => {
  const { projects, fake, organization } = await startOrganization();
  fake.faults.plan({ effect: { kind: 'malformed' } });

  await expect(listPage(projects, organization.name)).rejects.toMatchObject({ code: status.INTERNAL });
});

test('a page without its list is accepted by the SDK in silence', async () => {
  const { projects, fake, organization } = await startOrganization(paged, flat);
  fake.faults.plan({ page: 2, effect: { kind: 'omit', member: 'projects' } });

  const { names } = await walk((pageToken) =>
    projects.listProjects({ parent: organization.name, showDeleted: true, pageToken }, once),
  );

  expect(names).toHaveLength(15);
});

test('a repeated token makes the SDK walk for ever', async () => {
  const { projects, fake, organization } = await startOrganization(paged, flat);
  fake.faults.plan({ effect: { kind: 'repeat_token' } });
  const names: string[] = [];

  for await (const project of projects.listProjectsAsync({ parent: organization.name }, { timeout: 5_000 })) {
    names.push(project.name ?? '');
    if (names.length === 100) break;
  }

  expect(names).toHaveLength(100);
  expect(new Set(names).size).toBeLessThanOrEqual(20);
});

test('the refusal of a token that was good comes as planned', async () => {
  const { projects, fake, organization } = await startOrganization(paged, flat);
  const [, , { nextPageToken }] = await listPage(projects, organization.name);
  const request = { parent: organization.name, showDeleted: true, pageToken: nextPageToken ?? null };
  fake.faults.plan({ nth: 1, effect: { kind: 'expired_credentials' } });
  fake.faults.plan({ nth: 2, effect: { kind: 'expired_page_token' } });

  await expect(projects.listProjects(request, once)).rejects.toMatchObject({
    code: status.UNAUTHENTICATED,
    reason: 'ACCESS_TOKEN_EXPIRED',
  });
  await expect(projects.listProjects(request, once)).rejects.toMatchObject({ code: status.INVALID_ARGUMENT });
  await projects.listProjects(request, once);
});

test('an answer may be altered, such as a project in a state that has no name yet', async () => {
  const { projects, fake, organization } = await startOrganization();
  const alter = () => ({ projects: [{ name: 'projects/7', state: 7 }] });
  fake.faults.plan({ effect: { kind: 'alter', alter } });

  const [items] = await listPage(projects, organization.name);

  expect(items).toMatchObject([{ name: 'projects/7', state: 7, displayName: '', createTime: null }]);
});

test('a fault may choose its request, can be cancelled, and must have happened', async () => {
  const { projects, fake, organization } = await startOrganization();
  const effect = { kind: 'error', code: 'PERMISSION_DENIED' } as const;
  const others = fake.faults.plan({ when: (request) => request.parent === 'folders/1', effect });

  await listPage(projects, organization.name);

  expect(others.hits()).toBe(0);
  expect(() => fake.assertNoUnexpected()).toThrow('unused fault error');
  others.cancel();
  fake.assertNoUnexpected();
});

test('a mistake in a planned mutation does not pass for a fault of Google’s', async () => {
  const { projects, fake, organization } = await startOrganization();
  fake.faults.plan({ effect: { kind: 'mutate', mutate: () => renameProject(organization, 'projects/1', 'none') } });

  await expect(listPage(projects, organization.name)).rejects.toMatchObject({ code: status.INTERNAL });

  expect(() => fake.assertNoUnexpected()).toThrow('has no projects/1');
});
