// What is told of a collector: how fresh it is over its scopes, and the same under the names of the metrics.
import { describe, expect, test } from 'vitest';
import { configSchema } from '#core/config.ts';
import type { CollectorRuns, ScopeStatus } from '#store/status.ts';
import { type CollectorStatus, collectorStatusSchema, toCollectorStatus } from './collector-status.ts';
import { storedMetrics } from './metrics.ts';

const now = new Date('2026-03-01T12:00:00.000Z');
const runs: CollectorRuns = {
  tenant_id: 'acme',
  collector: 'aws',
  configured_scopes: ['aws:a', 'aws:b'],
  last_attempt_at: '2026-03-01T11:59:00.000Z',
  last_run_status: 'held',
  last_duration_seconds: 2.5,
  seen: 45,
  missing: 3,
  vanished: 2,
  rejected: 1,
};
const unended = {
  ...{ last_run_status: null, last_duration_seconds: null },
  ...{ seen: null, missing: null, vanished: null, rejected: null },
};
const [fresh, old] = ['2026-03-01T11:50:00.000Z', '2026-03-01T11:39:59.999Z'];

function scope(name: string, last_complete_at: string | null, tenant_id = 'acme'): ScopeStatus {
  return {
    ...{ tenant_id, collector: name.split(':')[0] ?? '', scope: name, last_complete_at, last_attempt_at: null },
    ...{ held_kinds: 0, measures: {}, outcome: null, duration_seconds: null },
    ...{ seen: null, missing: null, vanished: null, rejected: null },
  };
}

const configured = (collectors: object, tenant = 'acme') => configSchema.parse({ tenant, collectors });

function statusOf(
  facts: { runs?: readonly CollectorRuns[]; scopes?: readonly ScopeStatus[] },
  config: { collectors: object; tenant?: string } = { collectors: { aws: {} } },
): readonly CollectorStatus[] {
  const { collectors, tenant } = config;
  return toCollectorStatus({ runs: [runs], scopes: [], ...facts }, configured(collectors, tenant), now);
}

describe('a collector', () => {
  test('tells its last run, and its budget of 20 minutes where nothing else is said', () => {
    const [status] = statusOf({ scopes: [scope('aws:a', fresh), scope('aws:b', fresh)] });

    expect(collectorStatusSchema.parse(status)).toEqual({
      tenant_id: 'acme',
      collector: 'aws',
      enabled: true,
      freshness_budget_seconds: 1200,
      freshness: 'fresh',
      last_success_at: fresh,
      stalest_scope: 'aws:a',
      last_attempt_at: runs.last_attempt_at,
      last_duration_seconds: 2.5,
      last_run_status: 'held',
      items: { seen: 45, missing: 3, vanished: 2, rejected: 1 },
    });
  });

  test('is as fresh as its stalest scope', () => {
    const [status] = statusOf({ scopes: [scope('aws:a', fresh), scope('aws:b', old)] });

    expect(status).toMatchObject({ last_success_at: old, stalest_scope: 'aws:b', freshness: 'stale' });
  });

  test.for([
    ['2026-03-01T11:40:00.000Z', '20m', 'fresh'],
    ['2026-03-01T11:39:59.999Z', '20m', 'stale'],
    ['2026-03-01T11:39:59.999Z', '1d', 'fresh'],
    ['2026-03-01T12:00:05.000Z', '20m', 'fresh'],
  ] as const)('last read completely at %s within a budget of %s is %s', ([at, freshness_budget, freshness]) => {
    const scopes = [scope('aws:a', at), scope('aws:b', at)];

    expect(statusOf({ scopes }, { collectors: { aws: { freshness_budget } } })).toMatchObject([{ freshness }]);
  });

  test.for([
    ['was tried and never read completely', [scope('aws:a', fresh), scope('aws:b', null)]],
    ['was never even tried', [scope('aws:a', fresh)]],
  ] as const)('has no success as long as one configured scope %s', ([, scopes]) => {
    const [status] = statusOf({ scopes });

    expect(status).toMatchObject({ last_success_at: null, stalest_scope: 'aws:b', freshness: 'never' });
  });

  test('is not held back by a scope that is no longer configured', () => {
    const scopes = [scope('aws:a', fresh), scope('aws:b', fresh), scope('aws:gone', old)];

    expect(statusOf({ scopes })).toMatchObject([{ freshness: 'fresh' }]);
  });

  test('counts every scope when no run has said which are configured', () => {
    const scopes = [scope('aws:a', fresh), scope('aws:b', old)];

    expect(statusOf({ runs: [{ ...runs, configured_scopes: null }], scopes })).toMatchObject([
      { last_success_at: old, freshness: 'stale' },
    ]);
  });

  test('that is not configured is not enabled, and has neither a budget nor a freshness', () => {
    const scopes = [scope('aws:a', old), scope('aws:b', old)];
    const none = { enabled: false, freshness_budget_seconds: null, freshness: null };

    expect(statusOf({ scopes }, { collectors: {} })).toMatchObject([{ ...none, last_success_at: old }]);
  });

  test('that is configured and has never run is there', () => {
    const never = { enabled: true, freshness: 'never', last_success_at: null, last_attempt_at: null, items: null };

    expect(statusOf({ runs: [] }, { collectors: { gcp: { freshness_budget: '6h' } } })).toEqual(
      [
        {
          ...never,
          tenant_id: 'acme',
          collector: 'gcp',
          freshness_budget_seconds: 21_600,
          stalest_scope: null,
        } as const,
      ].map((status) => ({ ...status, last_duration_seconds: null, last_run_status: null })),
    );
  });

  test('comes in the order of tenants and names, whether it has run or not', () => {
    const ran = [
      { ...runs, tenant_id: 'acme', collector: 'azure' },
      { ...runs, tenant_id: 'other', collector: 'aws' },
    ];

    const all = statusOf({ runs: ran }, { collectors: { grafana: {}, aws: {}, gcp: {} } });

    expect(all.map(({ tenant_id, collector }) => `${tenant_id} ${collector}`)).toEqual([
      ...['acme aws', 'acme azure', 'acme gcp', 'acme grafana'],
      'other aws',
    ]);
  });

  test('whose run has not ended has an attempt and nothing else', () => {
    expect(statusOf({ runs: [{ ...runs, ...unended }] })).toMatchObject([
      { last_attempt_at: runs.last_attempt_at, last_run_status: null, last_duration_seconds: null, items: null },
    ]);
  });

  test("of another tenant is none of this configuration's, and its scopes are its own", () => {
    const other = { ...runs, tenant_id: 'other' };
    const scopes = ['acme', 'other'].flatMap((tenant) => [
      scope('aws:a', tenant === 'acme' ? fresh : old, tenant),
      scope('aws:b', fresh, tenant),
    ]);

    expect(statusOf({ runs: [other, runs], scopes })).toMatchObject([
      { tenant_id: 'acme', enabled: true, freshness: 'fresh', last_success_at: fresh },
      { tenant_id: 'other', enabled: false, freshness: null, last_success_at: old },
    ]);
  });
});

describe('the metrics of collectors', () => {
  async function samples(facts: Parameters<typeof storedMetrics>[0], collectors: object = { aws: {} }) {
    const text = await storedMetrics(facts, configured(collectors), now).metrics();
    return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  }
  const labels = 'tenant_id="acme",collector="aws"';

  test('every fact is a sample', async () => {
    const scopes = [scope('aws:a', '2026-03-01T11:00:00.500Z'), scope('aws:b', fresh)];
    const found = (await samples({ runs: [runs], scopes, prunings: [] })).filter((line) =>
      line.startsWith('inventory_collector_'),
    );

    expect(found).toEqual([
      `inventory_collector_enabled{${labels}} 1`,
      `inventory_collector_freshness_budget_seconds{${labels}} 1200`,
      `inventory_collector_last_success_timestamp_seconds{${labels}} 1772362800.5`,
      `inventory_collector_last_attempt_timestamp_seconds{${labels}} 1772366340`,
      `inventory_collector_last_duration_seconds{${labels}} 2.5`,
      `inventory_collector_items{${labels},state="seen"} 45`,
      `inventory_collector_items{${labels},state="missing"} 3`,
      `inventory_collector_items{${labels},state="vanished"} 2`,
      `inventory_collector_items{${labels},state="rejected"} 1`,
      ...['complete', 'partial', 'failed', 'skipped', 'held'].map(
        (status) => `inventory_collector_last_run_status{${labels},status="${status}"} ${status === 'held' ? 1 : 0}`,
      ),
    ]);
  });

  test('each fact of `inventory status --json` has its metric, and each metric its fact', async () => {
    const scopes = [scope('aws:a', fresh), scope('aws:b', fresh)];
    const found = (await samples({ runs: [runs], scopes, prunings: [] })).flatMap((line) => {
      const name = /^inventory_collector_(\w+)\{/.exec(line)?.[1];
      return name === undefined ? [] : [name.replace(/_timestamp_seconds$/, '_at')];
    });

    // The labels, and what is made of the others.
    const made = ['tenant_id', 'collector', 'freshness', 'stalest_scope'];
    const facts = collectorStatusSchema.keyof().options.filter((name) => !made.includes(name));
    expect([...new Set(found)].sort()).toEqual([...facts].sort());
  });

  test('a collector that never succeeded has no last success', async () => {
    expect(await samples({ runs: [], scopes: [], prunings: [] })).toEqual([
      'inventory_db_up 1',
      `inventory_collector_enabled{${labels}} 1`,
      `inventory_collector_freshness_budget_seconds{${labels}} 1200`,
    ]);
  });

  test('a database that did not answer leaves one sample, whatever is configured', async () => {
    expect(await samples(null)).toEqual(['inventory_db_up 0']);
  });

  test('nothing of the configuration but names and budgets is told', async () => {
    const secret = { sources: [{ name: 'main', credentials_file: '/planted', external_id: 'hunter2' }] };

    expect((await samples({ runs: [runs], scopes: [], prunings: [] }, { aws: secret })).join()).not.toMatch(
      /planted|hunter2/,
    );
  });
});
