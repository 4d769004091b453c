// Tests of what commands print: tables, ages, tokens.
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { configSchema } from '#core/config.ts';
import type { CollectorStatus } from '#services/api/collector-status.ts';
import type { JudgedPruning } from '#services/api/prune-status.ts';
import type { ScopeStatus } from '#store/status.ts';
import { formatStatus } from './status.ts';
import { formatTable } from './table.ts';
import { tokenNewCommand } from './token-new.ts';

const scope: ScopeStatus = {
  tenant_id: 'default',
  collector: 'aws',
  scope: 'aws:main',
  last_attempt_at: '2026-11-24T10:00:00.000Z',
  last_complete_at: '2026-11-24T09:58:30.000Z',
  held_kinds: 0,
  measures: {},
  outcome: 'complete',
  duration_seconds: 1.25,
  seen: 51,
  missing: 0,
  vanished: 0,
  rejected: 0,
};

const collector: CollectorStatus = {
  tenant_id: 'default',
  collector: 'aws',
  enabled: true,
  freshness_budget_seconds: 1200,
  freshness: 'fresh',
  last_success_at: '2026-11-24T09:58:30.000Z',
  stalest_scope: 'aws:main',
  last_attempt_at: '2026-11-24T09:58:28.000Z',
  last_duration_seconds: 1.25,
  last_run_status: 'complete',
  items: { seen: 51, missing: 1, vanished: 2, rejected: 0 },
};
const never = { last_success_at: null, last_attempt_at: null, last_duration_seconds: null, last_run_status: null };

test('a table is as wide as its widest cells', () => {
  expect(formatTable(['a', 'long heading'], [['wide cell', 'x']])).toBe('A          LONG HEADING\nwide cell  x');
});

test('the status names age and outcome of every scope', () => {
  const clock = { now: () => new Date('2026-11-24T10:00:00.000Z') };

  const scopes = [scope, { ...scope, scope: 'aws:new', last_complete_at: null, outcome: null }];
  const [, first, second] = formatStatus({ collectors: [], scopes, pruning: [] }, clock).split('\n');

  expect(first?.split(/\s{2,}/)).toEqual([
    'aws:main',
    '2026-11-24T09:58:30.000Z',
    '1m 30s',
    'complete',
    '51',
    '0',
    '0',
    '0',
    '1.3',
  ]);
  expect(second?.split(/\s{2,}/).slice(0, 4)).toEqual(['aws:new', 'never', '-', '-']);
});

test('the status names freshness and last run of every collector, above the scopes', () => {
  const clock = { now: () => new Date('2026-11-24T10:00:00.000Z') };
  const unknown = {
    ...collector,
    ...never,
    enabled: false,
    freshness_budget_seconds: null,
    freshness: null,
    items: null,
  };

  const lines = formatStatus({ collectors: [collector, unknown], scopes: [scope], pruning: [] }, clock).split('\n');

  const success = '2026-11-24T09:58:30.000Z';
  const [heading, ...rows] = lines.map((line) => line.split(/\s{2,}/));
  expect(heading?.join('|')).toBe(
    'COLLECTOR|ENABLED|LAST SUCCESS|AGE|BUDGET|FRESHNESS|LAST ATTEMPT|SECONDS|SEEN|VANISHED|OUTCOME',
  );
  expect(rows.slice(0, 2)).toEqual([
    ['aws', 'yes', success, '1m 30s', '20m', 'fresh', '2026-11-24T09:58:28.000Z', '1.3', '51', '2', 'complete'],
    ['aws', 'no', 'never', '-', '-', '-', 'never', '-', '-', '-', '-'],
  ]);
  expect(lines.slice(3).join('\n')).toMatch(/^\nSCOPE .*\naws:main /);
});

test('the status of an empty inventory says what to do, also where a collector is configured', () => {
  const clock = { now: () => new Date() };

  expect(formatStatus({ collectors: [], scopes: [], pruning: [] }, clock)).toMatch(/^no scope .*inventory collect/);
  expect(formatStatus({ collectors: [collector], scopes: [], pruning: [] }, clock)).toMatch(
    /^COLLECTOR.*\naws .*\n\nno scope /,
  );
});

test('the status tells how pruning goes, below the scopes, and of a tenant that was never pruned that it was not', () => {
  const clock = { now: () => new Date('2026-11-24T10:00:00.000Z') };
  const deleted = { versions: 12, events: 7, pages: 0, runs: 1, keys: 3 };
  const pruned: JudgedPruning = {
    ...{
      tenant_id: 'default',
      last_attempt_at: '2026-11-24T03:30:00.000Z',
      last_success_at: '2026-11-24T03:30:02.000Z',
    },
    ...{
      last_run_status: 'complete',
      last_duration_seconds: 2.04,
      freshness_budget_seconds: 180_000,
      freshness: 'fresh',
    },
    ...deleted,
  };
  const unpruned: JudgedPruning = {
    ...{ tenant_id: 'acme', freshness_budget_seconds: null, freshness: null, ...never },
    ...{ versions: null, events: null, pages: null, runs: null, keys: null },
  };

  const lines = formatStatus({ collectors: [], scopes: [scope], pruning: [pruned, unpruned] }, clock).split('\n');

  expect(lines.slice(-3).map((line) => line.split(/\s{2,}/).join('|'))).toEqual([
    'PRUNING|LAST SUCCESS|AGE|BUDGET|FRESHNESS|LAST ATTEMPT|SECONDS|OUTCOME|VERSIONS|EVENTS|PAGES|RUNS|KEYS',
    'default|2026-11-24T03:30:02.000Z|6h 29m|2d 2h|fresh|2026-11-24T03:30:00.000Z|2.0|complete|12|7|0|1|3',
    'acme|never|-|-|-|never|-|-|-|-|-|-|-',
  ]);
});

test('a new token and the entry it prints belong together, and the entry is a valid configuration', () => {
  const lines: string[] = [];

  tokenNewCommand(
    { print: (line) => void lines.push(line) },
    { name: 'ci', tenant: 'default', scope: ['inventory:read'] },
  );

  const token = /inv_\S+/.exec(lines.join('\n'))?.[0] ?? '';
  const { tokens } = z
    .object({ tokens: z.array(z.object({ sha256: z.string() }).loose()) })
    .parse(parse(lines.slice(2).join('\n')));
  expect(token.length).toBeGreaterThan(40);
  expect(tokens[0]?.sha256).toBe(createHash('sha256').update(token).digest('hex'));
  expect(configSchema.safeParse({ api: { auth: { mode: 'token', tokens } } }).success).toBe(true);
});
