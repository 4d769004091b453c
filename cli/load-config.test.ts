// Tests of reading the configuration: the starter kit's variables, the document, and problems told at once.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConfigError } from '#core/errors.ts';
import { loadCollector } from './load-collector.ts';
import { loadCollectorConfig, loadConfig } from './load-config.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inventory-config-'));
});
afterAll(() => rm(folder, { recursive: true }));

async function writeDocument(text: string): Promise<string> {
  const path = join(folder, `${crypto.randomUUID()}.yaml`);
  await writeFile(path, text);
  return path;
}

async function problemsOf(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(ConfigError);
  return error instanceof ConfigError ? error.message : '';
}

describe('the database', () => {
  test('is ./data/inventory.db when nothing is said', async () => {
    expect((await loadConfig({})).databaseUrl).toBe('./data/inventory.db');
  });

  test('is what the document says before what the variables say, and DATABASE_URL before DB_PATH', async () => {
    const INVENTORY_CONFIG = await writeDocument('database: { url: from-document.db }');
    const variables = { DATABASE_URL: 'postgres://db/x', DB_PATH: 'x.db' };

    expect((await loadConfig({ ...variables, INVENTORY_CONFIG })).databaseUrl).toBe('from-document.db');
    expect((await loadConfig(variables)).databaseUrl).toBe('postgres://db/x');
    expect((await loadConfig({ DB_PATH: 'x.db' })).databaseUrl).toBe('x.db');
  });

  test('is not what a variable says that is set to nothing', async () => {
    expect((await loadConfig({ DATABASE_URL: '', DB_PATH: 'x.db' })).databaseUrl).toBe('x.db');
    expect((await loadConfig({ DATABASE_URL: '', DB_PATH: '' })).databaseUrl).toBe('./data/inventory.db');
  });

  test('can be a mounted file', async () => {
    const secret = await writeDocument('postgres://inventory_api:secret@db/inventory\n');
    const INVENTORY_CONFIG = await writeDocument(`database: { url_file: ${secret} }`);

    expect((await loadConfig({ INVENTORY_CONFIG })).databaseUrl).toBe('postgres://inventory_api:secret@db/inventory');
  });
});

describe('the password of the database', () => {
  test('can be a file of its own, with any character in it', async () => {
    const password_file = await writeDocument('p@ss/w:rd %41\n');
    const url = 'postgres://inventory_api@db:5432/inventory?sslmode=verify-full';
    const INVENTORY_CONFIG = await writeDocument(`database: { url: '${url}', password_file: ${password_file} }`);

    const { databaseUrl } = await loadConfig({ INVENTORY_CONFIG });

    expect(decodeURIComponent(new URL(databaseUrl).password)).toBe('p@ss/w:rd %41');
    expect(new URL(databaseUrl).search).toBe('?sslmode=verify-full');
  });

  test.for([
    'inventory.db',
    'postgres://u:p@db/inventory',
  ])('is refused beside %s, where it has no place', async (url) => {
    const password_file = await writeDocument('secret');
    const url_file = await writeDocument(url);
    const INVENTORY_CONFIG = await writeDocument(
      `database: { url_file: ${url_file}, password_file: ${password_file} }`,
    );

    expect(await problemsOf(loadConfig({ INVENTORY_CONFIG }))).toContain('database.password_file');
  });
});

describe('a collector', () => {
  test('has one source with the default credentials when nothing is configured', async () => {
    const { part } = await loadCollectorConfig({}, await loadCollector('aws'));

    expect(part).toMatchObject({ sources: [{ name: 'main', role_chain: [] }] });
  });

  test.for([
    ['gcp', 'collectors.gcp.sources: name a source, or set GCP_ROOT'],
    [
      'azure',
      'collectors.azure.sources: name a source, or set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_FEDERATED_TOKEN_FILE',
    ],
    ['grafana', 'collectors.grafana.endpoints: name an endpoint, or set GRAFANA_URL'],
  ])('%s says what to set when nothing is configured', async ([name = '', problem]) => {
    expect(await problemsOf(loadCollectorConfig({}, await loadCollector(name)))).toBe(problem);
  });

  test("takes the starter kit's role from its variable", async () => {
    const AWS_ORG_AUDIT_ROLE_ARN = 'arn:aws:iam::111122223333:role/org-audit';

    const { part } = await loadCollectorConfig({ AWS_ORG_AUDIT_ROLE_ARN }, await loadCollector('aws'));

    expect(part).toMatchObject({ sources: [{ name: 'main', role_chain: [{ role_arn: AWS_ORG_AUDIT_ROLE_ARN }] }] });
  });

  test('is told nothing of the white space around a variable: a Secret made from a file has the end of its line', async () => {
    const INVENTORY_CONFIG = await writeDocument(
      'collectors: { aws: { sources: [{ name: main, role_chain: [{ role_arn: env:ROLE, external_id: env:ID }] }] } }',
    );
    const role_arn = 'arn:aws:iam::111122223333:role/org-audit';

    const plain = await loadCollectorConfig({ AWS_ORG_AUDIT_ROLE_ARN: `${role_arn}\n` }, await loadCollector('aws'));
    const named = await loadCollectorConfig(
      { INVENTORY_CONFIG: `${INVENTORY_CONFIG}\n`, ROLE: `${role_arn}\n`, ID: ' secret\r\n' },
      await loadCollector('aws'),
    );

    expect(plain.part).toMatchObject({ sources: [{ role_chain: [{ role_arn }] }] });
    expect(named.part).toMatchObject({ sources: [{ role_chain: [{ role_arn, external_id: 'secret' }] }] });
  });

  test('may have a budget beside its own fields, or beside its variables', async () => {
    const document =
      'collectors: { aws: { freshness_budget: 1h, sources: [{ name: prod }] }, prometheus: { freshness_budget: 1d } }';
    const variables = { INVENTORY_CONFIG: await writeDocument(document), PROM_URL: 'http://prometheus.example:9090' };

    const { part } = await loadCollectorConfig(variables, await loadCollector('aws'));
    const other = await loadCollectorConfig(variables, await loadCollector('prometheus'));

    expect(part).toMatchObject({ sources: [{ name: 'prod' }] });
    expect(other.part).toMatchObject({ endpoints: [{ name: 'main' }] });
    expect(other.config.collectors['prometheus']?.freshness_budget).toBe(86_400_000);
  });

  test('needs the variables that its own part refers to, and not those of another one', async () => {
    const chain = 'role_chain: [{ role_arn: arn:aws:iam::111122223333:role/audit, external_id: env:EXTERNAL_ID }]';
    const gcp = 'gcp: { sources: [{ name: corp, root: organizations/123456789012 }] }';
    const INVENTORY_CONFIG = await writeDocument(
      `collectors: { aws: { sources: [{ name: main, ${chain} }] }, ${gcp} }`,
    );

    expect((await loadConfig({ INVENTORY_CONFIG })).collectors).toHaveProperty('aws');
    expect((await loadCollectorConfig({ INVENTORY_CONFIG }, await loadCollector('gcp'))).part).toBeDefined();
    expect(await problemsOf(loadCollectorConfig({ INVENTORY_CONFIG }, await loadCollector('aws')))).toContain(
      'set the environment variable EXTERNAL_ID',
    );
  });

  test('whose name is no folder name is refused before anything is imported', async () => {
    for (const name of ['../aws', 'AWS', '']) {
      expect(await problemsOf(loadCollector(name))).toContain('there is no collector');
    }
  });
});

describe('problems', () => {
  test("of the document and of the collector's part are told together, without values", async () => {
    const INVENTORY_CONFIG = await writeDocument(`
      tenant: Wrong Tenant
      database: { url: 'postgres://inventory:hunter2@db/inventory' }
      collectors: { aws: { sources: [{ name: main, role_chain: [{ role_arn: nonsense, external_id: env:EXTERNAL_ID }] }] } }
      api: { listen: everywhere }
    `);

    const message = await problemsOf(loadCollectorConfig({ INVENTORY_CONFIG }, await loadCollector('aws')));

    for (const key of ['tenant', 'database.url', 'EXTERNAL_ID', 'api.listen', 'role_chain.0.role_arn']) {
      expect(message).toContain(key);
    }
    expect(message).not.toContain('hunter2');
    expect(message).not.toContain('nonsense');
  });

  test.for([
    "url: 'mysql://db/x'",
    "url: 'postgres://u@db/x?options=x'",
    'url_file: /nowhere',
  ])('of the database (%s) are told beside the others', async (database) => {
    const INVENTORY_CONFIG = await writeDocument(`database: { ${database} }\napi: { listen: everywhere }`);

    const message = await problemsOf(loadConfig({ INVENTORY_CONFIG }));

    expect(message).toMatch(/^database\.url.*: /m);
    expect(message).toMatch(/^api\.listen: /m);
    expect(message.split('\n')).toHaveLength(2);
  });

  test('of a variable that is not set are told once, as that', async () => {
    const INVENTORY_CONFIG = await writeDocument('database: { url: env:NOT_SET }');

    expect(await problemsOf(loadConfig({ INVENTORY_CONFIG }))).toBe(
      'database.url: set the environment variable NOT_SET',
    );
  });

  test('of a key that is no name of a collector are told as that, beside those of the collector', async () => {
    const INVENTORY_CONFIG = await writeDocument('collectors: { Foo: {}, prometheus: { endpoints: [{ nam: b }] } }');

    const message = await problemsOf(loadCollectorConfig({ INVENTORY_CONFIG }, await loadCollector('prometheus')));

    expect(message).toContain('collectors.Foo: is not the name of a collector');
    expect(message).toContain('collectors.prometheus.endpoints.0.url');
  });

  test('of a document that is no map do not say that its collector is missing', async () => {
    for (const text of ['- a', 'collectors: [a]', 'a: [']) {
      const INVENTORY_CONFIG = await writeDocument(text);

      const message = await problemsOf(loadCollectorConfig({ INVENTORY_CONFIG }, await loadCollector('prometheus')));

      expect(message).not.toContain('name an endpoint');
    }
  });

  test('of a file that is no YAML are all told by their lines, and no line is quoted', async () => {
    const INVENTORY_CONFIG = await writeDocument('tenant: "a\\qhunter2"\ndatabase: { url: %hunter2 }\n');

    const message = await problemsOf(loadConfig({ INVENTORY_CONFIG }));

    expect(message).toContain(`${INVENTORY_CONFIG}:1 is not YAML`);
    expect(message).toContain(`${INVENTORY_CONFIG}:2 is not YAML`);
    expect(message).not.toContain('hunter2');
  });

  test('of a missing or unreadable file name the variable', async () => {
    expect(await problemsOf(loadConfig({ INVENTORY_CONFIG: join(folder, 'absent.yaml') }))).toContain(
      'INVENTORY_CONFIG',
    );
    expect(await problemsOf(loadConfig({ INVENTORY_CONFIG: await writeDocument('a: [') }))).toContain(
      'INVENTORY_CONFIG',
    );
  });
});
