// Schemathesis asks each service everything its own OpenAPI document allows, and much that it forbids.
import { createHash, randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { openMonitoringSandbox } from '#testkit/sandbox/monitoring.ts';
import { openAws } from './aws.ts';
import { databases } from './databases.ts';
import { inventory, serveApi, serveIngest, startProgram, type Variables } from './inventory.ts';
import { isMissing } from './tool.ts';

const isSkipped = await isMissing('schemathesis');

// Another one every time, and in the report of a failure.
const seed = Date.now() % 1_000_000;

// Without positive_data_acceptance: a cursor is a text that only the API can make, and `from` must not be after `to`.
const checks = [
  'not_a_server_error',
  'status_code_conformance',
  'response_schema_conformance',
  'negative_data_rejection',
  'content_type_conformance',
  'response_headers_conformance',
  'unsupported_method',
  'ignored_auth',
  'allow_header_conformance',
  'missing_required_header',
];

// With the check's own list a text that makes the URL too long would count as accepted.
const configuration = `[checks]
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 406, 413, 414, 415, 422, 431]
`;

const token = randomUUID();
const sha256 = createHash('sha256').update(token).digest('hex');
const authWith = (...scopes: readonly string[]) =>
  `{ mode: token, tokens: [{ name: verify, sha256: ${sha256}, scopes: ${JSON.stringify(scopes)} }] }`;

async function openFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'inventory-verify-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

/** Collects endpoints and relations: a list without a row keeps to every schema. */
async function collectMonitoring(database: Variables, folder: string): Promise<void> {
  const monitoring = await openMonitoringSandbox({ accounts: 60, folder });
  onTestFinished(() => monitoring.close());
  const INVENTORY_CONFIG = join(folder, 'monitoring.yaml');
  await writeFile(INVENTORY_CONFIG, JSON.stringify({ collectors: monitoring.parts }));
  for (const name of Object.keys(monitoring.parts)) {
    expect(await inventory({ ...database, INVENTORY_CONFIG }, 'collect', name)).toMatchObject({ code: 0 });
  }
}

/** Asks the service; fails with what Schemathesis found. */
async function askEverything(url: string, folder: string): Promise<void> {
  const command = [
    ...['schemathesis', '--no-color', 'run', `${url}/openapi.json`, '--header', `Authorization: Bearer ${token}`],
    ...['--checks', checks.join(','), '--phases', 'examples,coverage,fuzzing', '--max-examples', '30'],
    ...['--seed', String(seed), '--request-timeout', '10', '--generation-database', 'none'],
  ];
  // It reads its configuration where it is started, and leaves files there.
  await writeFile(join(folder, 'schemathesis.toml'), configuration);
  const ended = await startProgram({}, command, folder).ended;
  expect(ended.code, ended.stdout.slice(-8000)).toBe(0);
}

test.for(databases)('whatever is asked, the read API answers as documented, $dialect', async ({ open }, context) => {
  context.skip(isSkipped, 'schemathesis is not installed');
  const folder = await openFolder();
  const aws = await openAws(200);
  onTestFinished(() => aws.fake.close());
  const database = await open();
  onTestFinished(() => database.close());
  for (let run = 0; run < 2; run += 1) {
    const collector = { ...aws.addCaller().variables, ...database.collector };
    expect(await inventory(collector, 'collect', 'aws')).toMatchObject({ code: 0 });
  }
  await collectMonitoring(database.collector, folder);
  const api = await serveApi(database.api, { folder, auth: authWith('inventory:read', 'inventory:metrics') });
  onTestFinished(async () => void (await api.stop()));

  await askEverything(api.url, folder);
});

test.for(databases)('whatever is sent, ingest answers as documented, $dialect', async ({ open }, context) => {
  context.skip(isSkipped, 'schemathesis is not installed');
  const folder = await openFolder();
  const database = await open();
  onTestFinished(() => database.close());
  const ingest = await serveIngest(database.ingest, { folder, auth: authWith('inventory:seed', 'inventory:metrics') });
  onTestFinished(async () => void (await ingest.stop()));

  await askEverything(ingest.url, folder);

  const seeded = await database.query('select id from monitoring_endpoints');
  expect(seeded.length).toBeGreaterThan(0);
});
