// The rows of scopes as Prometheus reads them.
import { describe, expect, test } from 'vitest';
import type { ScopeStatus } from '#store/status.ts';
import { storedMetrics } from './metrics.ts';

const now = new Date('2026-03-01T12:00:00.000Z');
const status: ScopeStatus = {
  tenant_id: 'acme',
  collector: 'aws',
  scope: 'aws:main',
  last_attempt_at: '2026-03-01T11:59:00.000Z',
  last_complete_at: '2026-03-01T11:00:00.500Z',
  held_kinds: 1,
  measures: {},
  outcome: 'held',
  duration_seconds: 2.5,
  seen: 45,
  missing: 3,
  vanished: 2,
  rejected: 1,
};
const labels = 'tenant_id="acme",collector="aws",scope="aws:main"';

async function lines(scopes: readonly ScopeStatus[] | null): Promise<string[]> {
  const facts = scopes === null ? null : { runs: [], scopes, prunings: [] };
  return (await storedMetrics(facts, { tenant: 'acme', collectors: {} }, now).metrics()).split('\n');
}

describe('the metrics of scopes', () => {
  test('every number of a scope is a sample', async () => {
    expect(await lines([status])).toEqual(
      expect.arrayContaining([
        'inventory_db_up 1',
        `inventory_scope_last_complete_timestamp_seconds{${labels}} 1772362800.5`,
        `inventory_scope_last_attempt_timestamp_seconds{${labels}} 1772366340`,
        `inventory_scope_age_seconds{${labels}} 3599.5`,
        `inventory_scope_duration_seconds{${labels}} 2.5`,
        `inventory_scope_records_seen{${labels}} 45`,
        `inventory_scope_records_missing{${labels}} 3`,
        `inventory_scope_records_vanished{${labels}} 2`,
        `inventory_scope_records_rejected{${labels}} 1`,
        `inventory_scope_held_kinds{${labels}} 1`,
      ]),
    );
  });

  test('the last outcome is 1 and every other one 0', async () => {
    const samples = (await lines([status])).filter((line) => line.startsWith('inventory_scope_outcome{'));

    expect(samples).toEqual(
      ['complete 0', 'partial 0', 'failed 0', 'skipped 0', 'held 1'].map((pair) => {
        const [outcome, value] = pair.split(' ');
        return `inventory_scope_outcome{${labels},outcome="${outcome}"} ${value}`;
      }),
    );
  });

  test('what is not known is no sample, and not 0', async () => {
    const fresh = { ...status, last_complete_at: null, outcome: null, duration_seconds: null, seen: null };

    const samples = (await lines([fresh])).filter((line) => line.startsWith('inventory_scope_'));

    const names = samples.map((line) => line.split('{')[0]);
    expect(names).not.toContain('inventory_scope_age_seconds');
    expect(names).not.toContain('inventory_scope_last_complete_timestamp_seconds');
    expect(names).not.toContain('inventory_scope_outcome');
    expect(names).not.toContain('inventory_scope_records_seen');
    expect(names).toContain('inventory_scope_last_attempt_timestamp_seconds');
  });

  test('a database whose clock is ahead makes no negative age', async () => {
    expect(await lines([{ ...status, last_complete_at: '2026-03-01T12:00:01.000Z' }])).toContain(
      `inventory_scope_age_seconds{${labels}} 0`,
    );
  });

  test('quotes and line ends in a name cannot break the format', async () => {
    const samples = await lines([{ ...status, scope: 'aws:"a"\nb\\' }]);

    expect(samples).toContain(
      'inventory_scope_held_kinds{tenant_id="acme",collector="aws",scope="aws:\\"a\\"\\nb\\\\"} 1',
    );
  });
});
