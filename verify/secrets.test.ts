// Secrets planted in credentials, URLs, headers and error bodies: whatever goes wrong, none is found in a row, a log line or an output.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FaultPlan } from '#testkit/aws/faults.ts';
import { echoedSecrets as echo, secretMarker } from '#testkit/secrets.ts';
import { type CheckedAws, openAws } from './aws.ts';
import { type CheckedDatabase, databases } from './databases.ts';
import { type Ended, inventory, start, summaryOf, type Variables } from './inventory.ts';
import { dumpTables } from './state.ts';

const external_id = `${secretMarker}external`;

const refused = { kind: 'error', code: 'AccessDeniedException', message: echo } as const;
const everywhere = [
  'AssumeRole',
  'GetCallerIdentity',
  'DescribeOrganization',
  'ListRoots',
  'ListOrganizationalUnitsForParent',
  'ListAccounts',
  'ListTagsForResource',
  'GetResources',
  'ListDelegatedAdministrators',
].map((operation) => ({ operation, effect: refused }) as const);

const faults: readonly FaultPlan[] = [
  ...everywhere,
  { operation: 'ListAccounts', effect: { kind: 'error', code: 'SomethingNew', status: 418, message: echo } },
  {
    operation: 'ListAccounts',
    times: 1,
    effect: { kind: 'error', code: 'InternalFailure', status: 500, message: echo },
  },
  { operation: 'ListAccounts', page: 2, effect: { kind: 'expired_credentials' } },
  { operation: 'ListAccounts', page: 2, effect: { kind: 'expired_page_token' } },
  { operation: 'ListAccounts', page: 2, effect: { kind: 'repeat_token' } },
  { operation: 'ListAccounts', effect: { kind: 'omit', member: 'Accounts' } },
  { operation: 'ListAccounts', effect: { kind: 'malformed' }, times: 1 },
  { operation: 'ListAccounts', effect: { kind: 'alter', alter: (body) => ({ ...body, Accounts: [{ Arn: echo }] }) } },
  { operation: 'ListAccounts', effect: { kind: 'raw', status: 403, body: `<html>${echo}</html>` } },
  { operation: 'ListAccounts', effect: { kind: 'raw', status: 200, body: echo, content_type: 'text/plain' } },
  { operation: 'ListAccounts', effect: { kind: 'raw', status: 502, body: echo }, times: 1 },
  { operation: 'ListAccounts', effect: { kind: 'throttle' }, times: 1 },
  { operation: 'ListAccounts', effect: { kind: 'reset' }, times: 1 },
  { operation: 'ListAccounts', effect: { kind: 'reset', after_headers: true }, times: 1 },
  { operation: 'AssumeRole', effect: { kind: 'raw', status: 400, body: `<Error>${echo}</Error>` } },
  { operation: 'AssumeRole', effect: { kind: 'malformed' }, times: 1 },
];

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inventory-verify-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** A run through a role with an external id, and with passwords in every URL there is. */
async function openSecretive(database: CheckedDatabase): Promise<{ aws: CheckedAws; variables: Variables }> {
  const aws = await openAws(60);
  const role_arn = `arn:aws:iam::${aws.organization.management_account_id}:role/audit`;
  aws.fake.addRole({ arn: role_arn, trusts: [aws.organization.management_account_id], external_id });
  const INVENTORY_CONFIG = join(folder, `${crypto.randomUUID()}.yaml`);
  const chain = `[{ role_arn: '${role_arn}', external_id: 'env:EXTERNAL_ID' }]`;
  await writeFile(INVENTORY_CONFIG, `collectors: { aws: { sources: [{ name: main, role_chain: ${chain} }] } }\n`);
  const { variables } = aws.addCaller();
  const { DATABASE_URL } = database.collector;
  return {
    aws,
    variables: {
      ...variables,
      ...database.collector,
      ...(DATABASE_URL && { DATABASE_URL: withPassword(DATABASE_URL) }),
      ...{ INVENTORY_CONFIG, EXTERNAL_ID: external_id, INVENTORY_LOG_LEVEL: 'trace' },
      AWS_ENDPOINT_URL: withPassword(aws.fake.url),
      HTTPS_PROXY: `http://proxy:${secretMarker}@127.0.0.1:9`,
    },
  };
}

function withPassword(text: string): string {
  const url = new URL(text);
  url.username ||= 'somebody';
  url.password = `${secretMarker}password`;
  return url.href;
}

async function expectNoSecret(ended: Ended, database: CheckedDatabase): Promise<void> {
  expect(findSecret(ended.stdout + ended.stderr)).toBeUndefined();
  expect(findSecret(await dumpTables(database))).toBeUndefined();
  if (database.collector['DB_PATH'] !== undefined)
    expect(findSecret(await readFiles(database.collector['DB_PATH']))).toBeUndefined();
}

// The file and its write-ahead log, with what was deleted and not yet overwritten.
async function readFiles(path: string): Promise<string> {
  const names = (await readdir(join(path, '..'))).map((name) => join(path, '..', name));
  return (await Promise.all(names.map((name) => readFile(name, 'latin1')))).join('');
}

// With what stands around it, so that a failure shows where it came from.
function findSecret(text: string): string | undefined {
  const at = text.indexOf(secretMarker);
  return at < 0 ? undefined : text.slice(Math.max(0, at - 200), at + 60);
}

describe.concurrent('no secret is told', () => {
  test.for(
    [undefined, ...faults].map((fault) => ({
      fault,
      name: fault ? `${fault.effect.kind} on ${fault.operation}` : 'nothing',
    })),
  )('when $name goes wrong', async ({ fault }) => {
    for (const { open } of fault === undefined || fault.effect === refused ? databases : databases.slice(0, 1)) {
      const database = await open();
      const { aws, variables } = await openSecretive(database);
      const planned = fault && aws.fake.faults.plan(fault);

      const ended = await inventory(variables, 'collect', 'aws');

      expect(planned?.hits()).not.toBe(0);
      // That it came as far as it should, and that what the other side said was there to be told.
      const { outcome } = summaryOf(ended);
      if (fault === undefined) expect(outcome).toBe('complete');
      if (fault?.effect === refused) expect(ended.stderr).toContain('[redacted]');
      await expectNoSecret(ended, database);
      await aws.fake.close();
      await database.close();
    }
  });

  test('when the database is not there', async () => {
    const DATABASE_URL = `postgres://inventory_collector:${secretMarker}@127.0.0.1:9/inventory?sslmode=disable`;

    for (const command of [['collect', 'aws'], ['migrate'], ['migrate', '--roles'], ['status'], ['serve', 'api']]) {
      const ended = await start({ DATABASE_URL }, ...command).ended;

      expect(ended.code).toBe(1);
      expect(findSecret(ended.stdout + ended.stderr)).toBeUndefined();
    }
  });

  test('when the configuration is wrong', async () => {
    const INVENTORY_CONFIG = join(folder, 'wrong.yaml');
    const url = `postgres://u:${secretMarker}@db/x`;
    await writeFile(
      INVENTORY_CONFIG,
      `database: { url: '${url}' }\napi: { listen: '${secretMarker}', auth: { mode: token, tokens: [{ name: ci, sha256: ${secretMarker} }] } }\n`,
    );

    for (const command of [['collect', 'aws'], ['migrate'], ['status'], ['serve', 'api']]) {
      const ended = await start({ INVENTORY_CONFIG }, ...command).ended;

      expect(ended.code).toBe(2);
      expect(findSecret(ended.stdout + ended.stderr)).toBeUndefined();
    }
  });
});
