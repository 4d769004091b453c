// The chart's alert rules and dashboards under Prometheus' own tool: no lint, every unit test passes, and the tests notice a rule that is wrong.
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { stringify } from 'yaml';
import { z } from 'zod';
import { root, startProgram } from './inventory.ts';
import { isMissing } from './tool.ts';

const rules = 'charts/asset-inventory/files/rules';
const dashboards = 'charts/asset-inventory/files/dashboards';
const unitTests = 'verify/rules';
const ruleFiles = (await readdir(join(root, rules))).map((name) => `${rules}/${name}`);
const testFiles = (await readdir(join(root, unitTests))).map((name) => `${unitTests}/${name}`);
const dashboardFiles = (await readdir(join(root, dashboards))).map((name) => `${dashboards}/${name}`);
const dashboardSchema = z.object({
  panels: z.array(z.object({ targets: z.array(z.object({ expr: z.string() })) })),
});
const isSkipped = await isMissing('promtool');

const promtool = (args: readonly string[], folder = root) => startProgram({}, ['promtool', ...args], folder).ended;

// What somebody might do to a rule, and the file of tests that has to notice.
const mistakes = [
  { mistake: 'an age against the wrong budget', file: 'collectors', by: 'stale', from: '> max by', to: '> 2 * max by' },
  { mistake: 'an earlier page', file: 'collectors', by: 'stale', from: '1.75', to: '1.5' },
  { mistake: 'no time to catch up', file: 'collectors', by: 'stale', from: /\[5m\] offset 20m/g, to: '[5m]' },
  { mistake: 'installations thrown together', file: 'collectors', by: 'stale', from: /\(namespace, /g, to: '(' },
  {
    mistake: 'a page for what was suspended',
    file: 'collectors',
    by: 'stale',
    from: / {10}unless on \(namespace, collector\).+?\n {10}\)\n/s,
    to: '',
  },
  {
    mistake: 'replicas told apart',
    file: 'collectors',
    by: 'collectors',
    from: /by \(namespace,/g,
    to: 'by (pod, namespace,',
  },
  { mistake: 'no patience with a first run', file: 'collectors', by: 'collectors', from: 'for: 1h', to: 'for: 10m' },
  { mistake: 'no patience with a daily one', file: 'collectors', by: 'collectors', from: '< 3600', to: '> 0' },
  {
    mistake: 'disabled collectors judged',
    file: 'collectors',
    by: 'collectors',
    from: /_enabled\) == 1/g,
    to: '_enabled) >= 0',
  },
  { mistake: 'any outcome', file: 'collectors', by: 'collectors', from: '{status="failed"}', to: '' },
  {
    mistake: 'what was suspended is due',
    file: 'collectors',
    by: 'schedules',
    from: /suspend\[1d\]/g,
    to: 'suspend[1m]',
  },
  { mistake: 'CronJobs of others', file: 'collectors', by: 'schedules', from: /and on \(namespace\) group.*/g, to: '' },
  {
    mistake: 'successes for attempts',
    file: 'collectors',
    by: 'schedules',
    from: 'last_attempt_timestamp_seconds)\n            and',
    to: 'last_success_timestamp_seconds)\n            and',
  },
  { mistake: 'a prune that never was', file: 'collectors', by: 'prune', from: / or kube_cronjob_created\S+/, to: '' },
  {
    mistake: 'the budget of another tenant',
    file: 'collectors',
    by: 'prune',
    from: /(prune_last.*\n.*by \()namespace, tenant_id/,
    to: '$1namespace',
  },
  {
    mistake: 'one suspended of two',
    file: 'collectors',
    by: 'prune',
    from: 'min by (namespace) (max_over',
    to: 'max by (namespace) (max_over',
  },
  {
    mistake: 'a database that is away',
    file: 'collectors',
    by: 'prune',
    from: / +and on \(namespace\) max by \(namespace\) \(inventory_db_up\) == 1\n/,
    to: '',
  },
  {
    mistake: 'reports not believed',
    file: 'collectors',
    by: 'prune',
    from: / +unless on \(namespace\) group by \(namespace\) \(inventory_prune.*\n/,
    to: '',
  },
  { mistake: 'one replica without a database', file: 'service', by: 'service', from: 'max by', to: 'min by' },
  { mistake: 'a page before the first pod', file: 'service', by: 'service', from: 'for: 10m', to: 'for: 5m' },
  { mistake: 'one error is a trend', file: 'slo', by: 'slo', from: / {10}and sum_over_time.*\n/g, to: '' },
  { mistake: 'proxies of others', file: 'slo', by: 'slo', from: / +and on \(namespace\) group.*\n/g, to: '' },
  {
    mistake: 'a proxy forgotten with its API',
    file: 'slo',
    by: 'slo',
    from: /last_over_time\((\w+)\[1h\]\)/g,
    to: '$1',
  },
  { mistake: 'probes counted', file: 'slo', by: 'slo', from: /route!~"[^"]*"/g, to: 'route!=""' },
  { mistake: 'writes counted', file: 'slo', by: 'slo', from: /method=~"[^"]*"/g, to: 'method!=""' },
  { mistake: 'no short window', file: 'slo', by: 'slo', from: / {10}and inventory:api_error_ratio:5m.*\n/, to: '' },
  {
    mistake: 'one replica of several',
    file: 'slo',
    by: 'slo',
    from: /sum by \(namespace\) \(rate/g,
    to: 'max by (namespace) (rate',
  },
  { mistake: 'another objective', file: 'slo', by: 'slo-tickets', from: /\* 0\.001/g, to: '* 0.002' },
] as const;

describe('the alert rules', () => {
  test('have no lint', async (context) => {
    context.skip(isSkipped, 'promtool is not installed');

    const ended = await promtool(['check', 'rules', '--lint=all', '--lint-fatal', ...ruleFiles]);

    expect(ended.code, ended.stdout + ended.stderr).toBe(0);
  });

  test('pass their unit tests', async (context) => {
    context.skip(isSkipped, 'promtool is not installed');

    const ended = await promtool(['test', 'rules', ...testFiles]);

    expect(ended.code, ended.stdout + ended.stderr).toBe(0);
    expect(ended.stdout.match(/SUCCESS/g)).toHaveLength(testFiles.length);
  });

  test('are not the only expressions: those of dashboards have the right types as well', async (context) => {
    context.skip(isSkipped, 'promtool is not installed');
    const folder = await mkdtemp(join(tmpdir(), 'inventory-verify-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const texts = await Promise.all(dashboardFiles.map((path) => readFile(join(root, path), 'utf8')));
    const expressions = texts.flatMap((text) =>
      dashboardSchema.parse(JSON.parse(text)).panels.flatMap(({ targets }) => targets.map(({ expr }) => expr)),
    );
    const asRules = expressions.map((expr, i) => ({
      record: `panel:${i}`,
      expr: expr.replaceAll('$__rate_interval', '5m'),
    }));
    const path = join(folder, 'dashboards.yaml');
    await writeFile(path, stringify({ groups: [{ name: 'dashboards', rules: asRules }] }));

    const ended = await promtool(['check', 'rules', path]);

    expect(ended.code, ended.stdout + ended.stderr).toBe(0);
    expect(ended.stdout).toContain(`${asRules.length} rules found`);
  });

  test.for(mistakes)('fail them with $mistake', async ({ file, by, from, to }, context) => {
    context.skip(isSkipped, 'promtool is not installed');
    const folder = await mkdtemp(join(tmpdir(), 'inventory-verify-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    await cp(join(root, rules), join(folder, rules), { recursive: true });
    await cp(join(root, unitTests), join(folder, unitTests), { recursive: true });
    const path = join(folder, `${rules}/${file}.yaml`);
    const good = await readFile(path, 'utf8');
    const wrong = good.replace(from, to);
    expect(wrong).not.toBe(good);
    await writeFile(path, wrong);

    const checked = await promtool(['check', 'rules', path]);
    const ended = await promtool(['test', 'rules', `${unitTests}/${by}.test.yaml`], folder);

    expect(checked.code, checked.stderr).toBe(0);
    expect(ended.code, ended.stdout).toBeGreaterThan(0);
    expect(ended.stderr + ended.stdout).toContain('FAILED');
  });
});
