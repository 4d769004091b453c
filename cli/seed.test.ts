// Tests of `inventory seed`: all problems of a file at once, all of it or nothing, and under whose role, on both databases.
import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ConfigError } from '#core/errors.ts';
import { hashText } from '#core/json.ts';
import { readObservations } from '#store/observed.ts';
import { endpoint, newActor, run } from '#store/scenario.contract.ts';
import { planSeeds, toSeedContext } from '#store/seed.ts';
import { toSeedRequest } from '#store/seed-request.ts';
import { countWrites, databases, type Row, type TestStore } from '#store/stores.contract.ts';
import { secretMarker } from '#testkit/secrets.ts';
import { openTestEnvironment } from './environment.contract.ts';
import { seedCommand } from './seed.ts';
import { parseSeedFile } from './seed-file.ts';

const good = `# what the teams told us
monitoring:
  - { id: prod-eu, kind: prometheus, url: https://prometheus.example:9090/ }
  - kind: grafana
    url: https://grafana.example
    auth_mode: token
`;

describe('a file', () => {
  function problemsOf(text: string, allowedHosts: readonly string[] = []): string[] {
    try {
      parseSeedFile({ path: 'seeds.yaml', text, allowedHosts });
      return [];
    } catch (error) {
      if (error instanceof ConfigError) return error.problems.map(({ key, remedy }) => `${key}: ${remedy}`);
      throw error;
    }
  }

  test('is read into seeds', () => {
    expect(parseSeedFile({ path: 'seeds.yaml', text: good, allowedHosts: [] })).toMatchObject([
      { id: 'prod-eu', url: 'https://prometheus.example:9090', auth_mode: 'none' },
      { kind: 'grafana', auth_mode: 'token' },
    ]);
  });

  test('all that is wrong is told at once, with line and key and without the value', () => {
    const problems = problemsOf(`monitoring:
  - { id: prod-eu, kind: promtheus, url: 'https://u:${secretMarker}@prom.example/' }
  - kind: grafana
    url: http://127.0.0.1:3000
    token: ${secretMarker}
  - id: x
    kind: grafana
`);

    expect(problems.map((problem) => problem.split(' ').slice(0, 3).join(' '))).toEqual([
      'seeds.yaml:2: monitoring.0.kind: must',
      'seeds.yaml:2: monitoring.0.url: holds',
      'seeds.yaml:4: monitoring.1.url: leads',
      'seeds.yaml:3: monitoring.1: there',
      'seeds.yaml:6: monitoring.2.url: is',
    ]);
    expect(problems.join()).not.toContain(secretMarker);
  });

  test('an id or a URL that comes twice is a problem of the later one', () => {
    const seeds = [
      '{ id: a, kind: prometheus, url: https://prom.example }',
      '{ id: a, kind: prometheus, url: https://other.example }',
      '{ id: b, kind: prometheus, url: "HTTPS://prom.example:443/" }',
    ];

    expect(problemsOf(`monitoring:\n${seeds.map((seed) => `- ${seed}\n`).join('')}`)).toEqual([
      'seeds.yaml:3: monitoring.1.id: is the same as monitoring.0.id',
      'seeds.yaml:4: monitoring.2.url: is the same as monitoring.0.url',
    ]);
  });

  test.for([
    ['no YAML', `monitoring: [\n  - ${secretMarker}: {`, 'seeds.yaml:2: is not YAML'],
    ['a key twice', 'monitoring: []\nmonitoring: []', 'seeds.yaml:2: is not YAML: duplicate key'],
    ['empty', '', 'seeds.yaml:1: must be keys with values: only monitoring'],
    ['of another shape', 'endpoints: []', 'seeds.yaml:1: monitoring: is missing: must be a list'],
    ['a mere text', secretMarker, 'seeds.yaml:1: must be keys with values: only monitoring'],
    ['two documents', `${good}---\n${good}`, 'is not YAML: multiple docs'],
    [
      'a bomb of aliases',
      `a: &a [x,x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\nmonitoring: [*c,*c,*c,*c]`,
      'write aliases out',
    ],
  ] as const)('%s is told', ([, text, problem]) => {
    const problems = problemsOf(text).join('\n');

    expect(problems).toContain(problem);
    expect(problems).not.toContain(secretMarker);
  });

  test('thousands are read and compared in time that grows with their number only', () => {
    const lines = Array.from({ length: 15_000 }, (_, index) => `- {kind: grafana, url: "https://g${index}.example"}\n`);
    const version = { version: '1.0.0', image_digest: null, operation: 'cli:Seed', endpoint: 'file://', sha256: '0' };
    // Of this process alone: a busy machine takes none of it.
    const begun = process.cpuUsage();

    const seeds = parseSeedFile({ path: 'seeds.yaml', text: `monitoring:\n${lines.join('')}`, allowedHosts: [] });
    const located = seeds.map(({ id, url }) => ({ key: id, url, scope: 'grafana:main', vanished_at: null }));
    const request = toSeedRequest({ tenant_id: 'default', actor: 'cli:root', run_id: randomUUID(), ...version, seeds });
    const { answer } = planSeeds(
      readObservations(request.observations),
      { located, stored: new Map() },
      toSeedContext(request.stamp, new Date().toISOString()),
    );

    expect(answer.refused).toHaveLength(15_000);
    expect(process.cpuUsage(begun).user / 1000).toBeLessThan(12_000);
  });

  test('this machine may be named where the configuration allows it', () => {
    const text = 'monitoring: [{ kind: prometheus, url: http://localhost:9090 }]';

    expect(problemsOf(text)).toHaveLength(1);
    expect(problemsOf(text, ['localhost'])).toEqual([]);
  });
});

describe.for(databases)('inventory seed on $dialect', ({ dialect, open }) => {
  let folder: string;
  let store: TestStore;

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'inventory-seed-'));
    store = await open();
  });
  afterAll(async () => {
    await store?.close();
    await rm(folder, { recursive: true, force: true });
  });

  async function seed(tenant: string, text: string, role = 'inventory_ingest') {
    const [INVENTORY_CONFIG, file] = [join(folder, 'inventory.yaml'), join(folder, 'seeds.yaml')];
    const url = dialect === 'sqlite' ? store.url : Object.assign(new URL(store.url), { username: role }).href;
    await writeFile(INVENTORY_CONFIG, JSON.stringify({ tenant, database: { url } }));
    await writeFile(file, text);
    const { environment, printed, logged } = openTestEnvironment({ INVENTORY_CONFIG });
    await seedCommand(environment, file);
    return { printed: printed.join('\n'), logged: logged.map((line): unknown => JSON.parse(line)) };
  }

  const rowsOf = (tenant: string, table: string, order: string): Promise<Row[]> =>
    store.query(`select * from ${table} where tenant_id = '${tenant}' order by ${order}`);

  test('the first run writes all of one trace, with the file as provenance and an audit; the second writes nothing', async () => {
    const { tenant } = newActor();

    const first = await seed(tenant, good);
    const writes = await countWrites(store, tenant);
    const audit = await rowsOf(tenant, 'audit_log', 'key');
    const second = await seed(tenant, good);

    expect(first.printed).toBe('2 created, 0 updated, 0 unchanged');
    expect(second.printed).toBe('0 created, 0 updated, 2 unchanged');
    expect(await countWrites(store, tenant)).toBe(writes);
    expect(await rowsOf(tenant, 'audit_log', 'key')).toEqual(audit);
    const rows = await rowsOf(tenant, 'monitoring_endpoints', 'url');
    expect(
      new Set([...rows.map(({ run_id }) => run_id), ...audit.map(({ correlation_id }) => correlation_id)]).size,
    ).toBe(1);
    expect(rows[1]).toMatchObject({
      ...{ id: 'prod-eu', status: 'unknown', scope: 'seed:pasted', source: 'seed/1.0.0' },
      provenance: { requests: [{ operation: 'cli:Seed', endpoint: 'file://', items: 2, sha256: hashText(good) }] },
    });
    expect(audit).toMatchObject([{ outcome: 'created' }, { actor: expect.stringMatching(/^cli:./), key: 'prod-eu' }]);
    expect(first.logged).toMatchObject([{ event: 'seed', created: 2 }]);
  });

  test('a file with anything wrong in it writes nothing', async () => {
    const { tenant } = newActor();

    await expect(seed(tenant, `${good}  - { kind: prometheus, url: 'https://x.example?a' }\n`)).rejects.toThrow(
      'seeds.yaml:7',
    );

    expect(await rowsOf(tenant, 'monitoring_endpoints', 'id')).toEqual([]);
  });

  test('what is observed is left to its scope and said so, the rest is written', async () => {
    const actor = newActor({ scope: 'grafana:main' });
    await run(store.writer, actor, [endpoint('main', { kind: 'grafana', url: 'https://grafana.example' })]);

    const { printed } = await seed(actor.tenant, good);

    expect(printed).toMatch(
      /^1 created, 0 updated, 0 unchanged\n {2}[0-9a-f]{32}: left to grafana:main, which observes it as main$/,
    );
    expect((await rowsOf(actor.tenant, 'monitoring_endpoints', 'id')).map(({ id }) => id)).toEqual(['main', 'prod-eu']);
  });

  test.runIf(dialect === 'postgres')('under the role of the API it may not', async () => {
    await expect(seed(newActor().tenant, good, 'inventory_api')).rejects.toMatchObject({
      code: expect.stringMatching(/^(25006|42501)$/),
    });
  });
});

describe('as a process', () => {
  const main = join(import.meta.dirname, 'main.ts');

  test('it exits 0 when done and 2 when the file is wrong or missing, told on standard error', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'inventory-seed-'));
    try {
      await writeFile(join(folder, 'good.yaml'), good);
      await writeFile(join(folder, 'bad.yaml'), 'monitoring: [{ kind: x }]');
      const seed = async (file: string) => {
        const env = { PATH: process.env['PATH'] ?? '', DB_PATH: join(folder, 'inventory.db') };
        return await promisify(execFile)(process.execPath, [main, 'seed', file], {
          env,
          cwd: folder,
          timeout: 60_000,
        }).then(
          ({ stdout }) => ({ code: 0, stdout }),
          ({ code, stderr }) => ({ code, stderr }),
        );
      };

      expect(await seed('bad.yaml')).toMatchObject({
        code: 2,
        stderr: expect.stringContaining('bad.yaml:1: monitoring.0.kind'),
      });
      expect(await seed('none.yaml')).toMatchObject({ code: 2, stderr: expect.stringContaining('cannot be read') });
      expect(await seed('good.yaml')).toEqual({ code: 0, stdout: '2 created, 0 updated, 0 unchanged\n' });
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
});
