// Against moto: the inventory is what another implementation of AWS says, no more and no less, run after run.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  CloseAccountCommand,
  MoveAccountCommand,
  UpdateOrganizationalUnitCommand,
} from '@aws-sdk/client-organizations';
import { expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { databases, openPostgresDatabase } from './databases.ts';
import { type Api, inventory, serveApi, startProgram, summaryOf, type Variables } from './inventory.ts';
import { type Moto, openMoto, type Planted, plantOrganization, readOrganization, type Told, tag } from './moto.ts';
import { readState } from './state.ts';
import { isMissing } from './tool.ts';

const isSkipped = await isMissing('moto_server');

test.for(databases)('an organization in moto and its changes are told exactly, $dialect', async ({
  dialect,
  open,
}, context) => {
  context.skip(isSkipped, 'moto_server is not installed');
  const moto = await openMoto();
  onTestFinished(() => moto.close());
  const planted = await plantOrganization(moto.client);
  const database = dialect === 'sqlite' ? await open() : await openMigratedPostgres();
  onTestFinished(() => database.close());

  // Word for word what the README says, without a configuration file.
  const first = await collect({ ...moto.variables, ...database.collector });
  const api = await openApi(database.api);
  const told = await expectSame(moto, api);
  expect(told.accounts.length).toBeGreaterThanOrEqual(45);
  expect(Math.max(...told.nodes.map(({ depth }) => Number(depth)))).toBeGreaterThanOrEqual(4);
  expect(first.counts).toMatchObject({ inserted: told.accounts.length + told.nodes.length, changed: 0 });

  const before = await readState(database);
  const second = await collect({ ...moto.variables, ...database.collector });
  expect(second.counts).toMatchObject({ inserted: 0, changed: 0, unchanged: first.counts['seen'] });
  expect(await readState(database)).toEqual(before);

  const changed = await changeOrganization(moto, planted);
  await collect({ ...moto.variables, ...database.collector });
  await expectSame(moto, api);
  const after = await readState(database);
  // The renamed unit itself and what is below it get versions; only the unit's own change is an event.
  const added = after.events.filter((event) => !before.events.includes(event));
  expect(added.map(toHappening).sort()).toEqual(changed.events.sort());
  await expectHistory(api, changed.moved, 'parent_id');
  await expectHistory(api, changed.closed, 'status');
  await expectHistory(api, changed.tagged, 'tags');
});

async function collect(variables: Variables) {
  const ended = await startProgram(variables, ['npm', 'run', '-s', 'inventory', '--', 'collect', 'aws']).ended;
  const summary = summaryOf(ended);
  expect({ code: ended.code, outcome: summary.outcome, stdout: ended.stdout }).toEqual({
    code: 0,
    outcome: 'complete',
    stdout: '',
  });
  return summary;
}

async function openMigratedPostgres() {
  const database = await openPostgresDatabase('template1');
  for (const [variables, options] of [
    [database.admin, ['--roles']],
    [database.migrate, []],
  ] as const) {
    expect(await inventory(variables, 'migrate', ...options)).toMatchObject({ code: 0 });
  }
  return database;
}

async function openApi(variables: Variables): Promise<Api> {
  const folder = await mkdtemp(join(tmpdir(), 'inventory-verify-'));
  const api = await serveApi(variables, { folder });
  onTestFinished(async () => {
    expect(await api.stop()).toBe(0);
    await rm(folder, { recursive: true });
  });
  return api;
}

const detailsSchema = z.looseObject({ details: z.looseObject({}) });

async function expectSame(moto: Moto, api: Api) {
  const told = await readOrganization(moto.client);
  const accounts = await api.list('/api/v1/accounts?limit=20');
  const nodes = await api.list('/api/v1/org-nodes?limit=5');
  const flat = accounts.map((account) => ({ ...account, ...detailsSchema.parse(account).details }));
  expect(flat.map((account) => pick(account, told.accounts))).toEqual(sortById(told.accounts));
  expect(nodes.map((node) => pick(node, told.nodes))).toEqual(sortById(told.nodes));
  return told;
}

// The members that AWS tells of too.
function pick(row: Told, [sample = {}]: readonly Told[]): Told {
  return Object.fromEntries(Object.keys(sample).map((name) => [name, row[name]]));
}

function sortById(told: readonly Told[]): Told[] {
  return told.toSorted((a, b) => (String(a['id']) < String(b['id']) ? -1 : 1));
}

async function changeOrganization({ client }: Moto, { root: rootId, units, accounts }: Planted) {
  const [renamed = '', , , deepest = ''] = units;
  const [tagged = '', closed = '', , , , , moved = ''] = accounts;
  await client.send(new UpdateOrganizationalUnitCommand({ OrganizationalUnitId: renamed, Name: 'Renamed' }));
  await client.send(
    new MoveAccountCommand({ AccountId: moved, SourceParentId: units[6], DestinationParentId: rootId }),
  );
  await tag(client, tagged, { owner: 'somebody' });
  await tag(client, deepest, { owner: 'somebody else' });
  await client.send(new CloseAccountCommand({ AccountId: closed }));
  const events = [
    `org_node.updated ${renamed}`,
    `account.moved ${moved}`,
    `account.updated ${tagged}`,
    `org_node.updated ${deepest}`,
    `account.updated ${closed}`,
  ];
  return { moved, closed, tagged, events };
}

const eventSchema = z.object({ event_type: z.string(), payload: z.looseObject({ id: z.string() }) });

// What happened to what; the paths of changes are compared by the history.
function toHappening(line: string): string {
  const { event_type, payload } = eventSchema.parse(JSON.parse(line));
  return `${event_type} ${payload.id.split('/').at(-1)}`;
}

async function expectHistory(api: Api, id: string, field: string): Promise<void> {
  const versions = await api.list(`/api/v1/accounts/aws/${id}/history`);
  expect(versions).toHaveLength(2);
  expect(versions[1]?.['changed_fields']).toContain(field);
  expect(versions[0]?.['valid_to']).toBeNull();
  expect(versions[1]?.['valid_to']).toBe(versions[0]?.['valid_from']);
}
