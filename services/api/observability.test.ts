// Rules and dashboards against a real scrape: they name only what is exported, every alert has its page, and every page its alert.
import { globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { systemClock } from '#core/clock.ts';
import { createLogger } from '#core/log.ts';
import { zeroCounts } from '#core/run.ts';
import { prune } from '#store/prune.ts';
import { openTestReader, type TestReader } from '#store/reader.contract.ts';
import { account, newActor, openRun } from '#store/scenario.contract.ts';
import { databases, type TestStore } from '#store/stores.contract.ts';
import { readSelectors, type Selector } from '#testkit/promql.ts';
import { createApi } from './api.ts';

const root = join(import.meta.dirname, '../..');
const files = 'charts/asset-inventory/files';

/** What others export, as far as we use it, with the labels that we use: kube-state-metrics and oauth2-proxy. */
const foreignMetrics: Readonly<Record<string, readonly string[]>> = {
  kube_cronjob_created: ['namespace', 'cronjob'],
  kube_cronjob_next_schedule_time: ['namespace', 'cronjob'],
  kube_cronjob_spec_suspend: ['namespace', 'cronjob'],
  kube_cronjob_status_last_successful_time: ['namespace', 'cronjob'],
  oauth2_proxy_requests_total: ['namespace', 'code'],
};
/** What Prometheus adds to every sample that it scrapes in Kubernetes. */
const scrapeLabels = ['namespace', 'pod', 'job'];

const alertSchema = z.strictObject({
  alert: z.string().regex(/^Inventory[A-Z][A-Za-z]+$/),
  expr: z.string(),
  for: z.string().optional(),
  labels: z.looseObject({ severity: z.enum(['page', 'ticket']) }),
  annotations: z.strictObject({ summary: z.string(), description: z.string(), runbook_url: z.string() }),
});
const recordSchema = z.strictObject({ record: z.string(), expr: z.string() });
const ruleFileSchema = z.strictObject({
  groups: z.array(
    z.strictObject({
      name: z.string(),
      interval: z.string().optional(),
      rules: z.array(z.union([alertSchema, recordSchema])),
    }),
  ),
});
const unitTestsSchema = z.object({
  tests: z.array(
    z.object({
      alert_rule_test: z.array(z.object({ alertname: z.string(), exp_alerts: z.array(z.unknown()) })).default([]),
    }),
  ),
});
const datasourceSchema = z.object({ type: z.literal('prometheus'), uid: z.literal(`\${datasource}`) });
const dashboardSchema = z.object({
  uid: z.string().max(40),
  title: z.string(),
  tags: z.array(z.string()),
  panels: z
    .array(
      z.object({
        title: z.string().min(1),
        datasource: datasourceSchema,
        targets: z.array(z.object({ expr: z.string(), datasource: datasourceSchema })).min(1),
      }),
    )
    .min(1),
  templating: z.object({
    list: z.tuple(
      [z.object({ name: z.literal('datasource'), type: z.literal('datasource'), query: z.literal('prometheus') })],
      z.object({ type: z.literal('query'), datasource: datasourceSchema, query: z.object({ query: z.string() }) }),
    ),
  }),
});

const readText = (path: string) => readFile(join(root, path), 'utf8');
const rulePaths = globSync(`${files}/rules/*.yaml`, { cwd: root });
const dashboardPaths = globSync(`${files}/dashboards/*.json`, { cwd: root });
const rules = (await Promise.all(rulePaths.map(readText))).flatMap((text) =>
  ruleFileSchema.parse(parse(text)).groups.flatMap((group) => group.rules),
);
const alerts = rules.filter((rule) => 'alert' in rule);
const records = rules.filter((rule) => 'record' in rule);
const dashboards = (await Promise.all(dashboardPaths.map(readText))).map((text) =>
  dashboardSchema.parse(JSON.parse(text)),
);

// What Grafana puts in before it asks; within a string its variables are PromQL as they are.
const withoutMacros = (expression: string) => expression.replaceAll('$__rate_interval', '5m');
const expressions = [
  ...rules.map(({ expr }) => expr),
  ...dashboards.flatMap(({ panels }) => panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))),
  ...dashboards.flatMap(({ templating: { list } }) =>
    list.flatMap((variable) =>
      variable.type === 'query' ? [/^label_values\((.*), \w+\)$/.exec(variable.query.query)?.[1] ?? ''] : [],
    ),
  ),
  // Backstage's Prometheus plugin: query|label, parted by commas.
  ...[...(await readText('catalog-info.yaml')).matchAll(/^ {4}prometheus\.io\/rule: (.+)$/gm)].flatMap(
    ([, queries = '']) => queries.split(',').map((query) => query.split('|')[0] ?? ''),
  ),
  ...[...(await readText('docs/slo.md')).matchAll(/```promql\n(.*?)```/gs)].map(([, expression = '']) => expression),
].map(withoutMacros);

interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
}

function parseSamples(text: string): readonly Sample[] {
  return [...text.matchAll(/^(\w+)(?:\{(.*)\})? \S+$/gm)].map(([, name = '', labels = '']) => ({
    name,
    labels: Object.fromEntries([...labels.matchAll(/(\w+)="([^"]*)"/g)].map(([, label, value]) => [label, value])),
  }));
}

// Every label is there, and where one value is asked for, a series has it.
function isExported({ metric, matchers }: Selector, samples: readonly Sample[]): boolean {
  const foreign = foreignMetrics[metric];
  if (foreign) return matchers.every(({ label }) => foreign.includes(label));
  const own = matchers.filter(({ label }) => !scrapeLabels.includes(label));
  return samples.some(
    ({ name, labels }) =>
      name === metric &&
      own.every(({ label, operator, value }) => (operator === '=' ? labels[label] === value : label in labels)),
  );
}

describe('rules and dashboards', () => {
  let store: TestStore;
  let opened: TestReader;
  let samples: readonly Sample[];

  // Two runs, so that the last has an end and a comparison, and an answer of the API; then what Prometheus would read.
  beforeAll(async () => {
    const actor = newActor();
    store = await databases[0].open();
    for (const ids of [['1', '2'], ['1']]) {
      const { upsert, finish, stamp } = await openRun(store.writer, actor);
      await upsert(ids.map((id) => account(id)));
      await finish();
      const ended = { ...zeroCounts(), outcome: 'complete' as const, principal: null, sdk: null };
      await store.writer.finishRun(
        { tenant_id: actor.tenant, id: stamp.run_id },
        { ...ended, error_code: null, error: null },
      );
    }
    const forever = 2 ** 40;
    const keep = { versions: forever, events: forever, pages: forever, runs: forever, keys: forever };
    await prune({ pruner: store.pruner, keep, dryRun: false, signal: new AbortController().signal });
    opened = openTestReader(store);
    const { app, ops } = createApi({
      reader: opened.reader,
      auth: { mode: 'none' },
      tenant: actor.tenant,
      collectors: { aws: { freshness_budget: 1_200_000, own: {} } },
      prune: { freshness_budget: 180_000_000 },
      clock: systemClock,
      log: createLogger({ level: 'silent' }),
      schemaVersionExpected: 1,
      version: '1.2.3',
      ops: true,
      stopping: new AbortController().signal,
    });
    expect((await app.request('/api/v1/accounts')).status).toBe(200);
    samples = parseSamples((await (await ops?.request('/metrics'))?.text()) ?? '');
  });

  afterAll(async () => {
    await opened?.close();
    await store?.close();
  });

  test('select only what a scrape, a recording rule or a named exporter has, by labels that it has', () => {
    const recorded = records.map(({ record }) => ({ name: record, labels: { namespace: '' } }));

    const selectors = expressions.flatMap(readSelectors);

    expect(selectors.length).toBeGreaterThan(100);
    expect(selectors.filter((selector) => !isExported(selector, [...samples, ...recorded]))).toEqual([]);
  });

  test('would be caught naming a metric, a label or a value that does not exist', () => {
    const wrong = [
      'inventory_collector_last_succes_timestamp_seconds',
      'inventory_collector_enabled{tenant="t"}',
      'inventory_collector_last_run_status{status="failure"}',
      'kube_cronjob_created{name="x"}',
      'oauth2_proxy_response_total',
    ];

    expect(wrong.flatMap(readSelectors).filter((selector) => isExported(selector, samples))).toEqual([]);
  });

  test('use every foreign metric that is allowed, and every recorded one', () => {
    const used = new Set(expressions.flatMap(readSelectors).map(({ metric }) => metric));

    const known = [...Object.keys(foreignMetrics), ...records.map(({ record }) => record)];
    expect(known.filter((name) => !used.has(name))).toEqual([]);
  });
});

describe('an alert', () => {
  const names = [...new Set(alerts.map(({ alert }) => alert))];
  const unitTests = globSync('verify/rules/*.test.yaml', { cwd: root });

  test('has a page of its own, to which it points, and no page is without its alert', async () => {
    const pages = globSync('docs/runbooks/*.md', { cwd: root }).filter((path) => basename(path) !== 'README.md');

    expect(pages.sort()).toEqual(names.map((name) => `docs/runbooks/${name}.md`).sort());
    for (const { alert, annotations } of alerts) {
      expect(annotations.runbook_url).toBe(`docs/runbooks/${alert}.md`);
      const text = await readText(annotations.runbook_url);
      expect(text.split('\n')[0]).toBe(`# ${alert}`);
      const headings = [...text.matchAll(/^## (.*)$/gm)].map(([, heading]) => heading);
      expect(headings, alert).toEqual(['What it means', 'What to look at', 'How to repair', 'When it is silent']);
    }
  });

  test('is in the list of runbooks', async () => {
    const list = await readText('docs/runbooks/README.md');

    expect(names.filter((name) => !list.includes(`[${name}](${name}.md)`))).toEqual([]);
  });

  test('is told apart from every other one by its labels', () => {
    const told = alerts.map(({ alert, labels }) => JSON.stringify([alert, labels]));

    expect(new Set(told).size).toBe(told.length);
  });

  test('has a unit test in which it fires and one in which it does not', async () => {
    const texts = await Promise.all(unitTests.map(readText));
    const cases = texts.flatMap((text) => unitTestsSchema.parse(parse(text)).tests.flatMap((t) => t.alert_rule_test));
    const firing = (fires: boolean) =>
      new Set(cases.filter(({ exp_alerts }) => exp_alerts.length > 0 === fires).map(({ alertname }) => alertname));

    expect([...firing(true)].sort()).toEqual([...names].sort());
    expect([...firing(false)].sort()).toEqual([...names].sort());
  });
});

describe('a runbook', () => {
  test('asks only for commands, routes and parameters that exist', async () => {
    const program = await readText('cli/main.ts');
    const commands = [...program.matchAll(/\.command\('([a-z]+)'\)/g)].map(([, name]) => name);
    const { paths } = z
      .object({
        paths: z.record(
          z.string(),
          z.object({ get: z.object({ parameters: z.array(z.object({ name: z.string() })).default([]) }) }),
        ),
      })
      .parse(JSON.parse(await readText('docs/openapi.json')));
    const pages = await Promise.all(globSync('docs/runbooks/*.md', { cwd: root }).map(readText));
    const code = pages.flatMap((page) => [...page.matchAll(/```sh\n(.*?)```/gs)].map(([, block = '']) => block));

    const asked = code.flatMap((block) => [...block.matchAll(/^(?:inventory|as_collector \w+) ([a-z]+)/gm)]);
    const unknownCommands = asked.filter(([, name]) => !commands.includes(name)).map(([line]) => line);
    const routes = code.flatMap((block) => [...block.matchAll(/\bapi '([^'?]*)\??([^']*)'/g)]);
    const unknownRoutes = routes.filter(([, path = '', query]) => {
      const route = paths[`/api/v1/${path.replace(/\bRUN\b/, '{id}')}`];
      const parameters = route?.get.parameters.map(({ name }) => name) ?? [];
      return !route || [...new URLSearchParams(query).keys()].some((name) => !parameters.includes(name));
    });

    expect(asked.length).toBeGreaterThan(5);
    // `inventory` is run where the API is, whose configuration knows of a collector only how fresh it must be.
    expect(pages.join('').match(/\binventory (collect|permissions|runs)\b.*/g) ?? []).toEqual([]);
    expect(routes.length).toBeGreaterThan(5);
    expect(unknownCommands).toEqual([]);
    expect(unknownRoutes.map(([text]) => text)).toEqual([]);
  });
});

describe('a dashboard', () => {
  test('is found by the tag of the product and by one of its own', () => {
    expect(dashboards.map(({ uid, tags }) => [uid, tags])).toEqual(
      dashboards.map(({ uid }) => [uid, ['asset-inventory', uid]]),
    );
    expect(dashboards.map(({ uid }) => uid).sort()).toEqual(['asset-inventory-api', 'asset-inventory-collectors']);
  });
});
