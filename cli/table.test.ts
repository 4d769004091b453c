// Tests of what commands print: tables, ages, tokens.
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { configSchema } from '#core/config.ts';
import type { ScopeStatus } from '#store/store.ts';
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
  outcome: 'complete',
  duration_seconds: 1.25,
  seen: 51,
  missing: 0,
  vanished: 0,
  rejected: 0,
};

test('a table is as wide as its widest cells', () => {
  expect(formatTable(['a', 'long heading'], [['wide cell', 'x']])).toBe('A          LONG HEADING\nwide cell  x');
});

test('the status names age and outcome of every scope', () => {
  const clock = { now: () => new Date('2026-11-24T10:00:00.000Z') };

  const [, first, second] = formatStatus(
    [scope, { ...scope, scope: 'aws:new', last_complete_at: null, outcome: null }],
    clock,
  ).split('\n');

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
  expect(second?.split(/\s{2,}/).slice(0, 4)).toEqual(['aws:new', 'never', '-', 'running']);
});

test('the status of an empty inventory says what to do', () => {
  expect(formatStatus([], { now: () => new Date() })).toContain('inventory collect');
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
