// The statement that reads how pruning goes.
import { z } from 'zod';
import { type PruneStatus, pruneStatusSchema } from '../status.ts';
import type { Dialect, Statement } from './dialect.ts';

/** Of a tenant, or of all of them when undefined; from the table, or from what stands for it. */
export function listPruneStatus(
  tenant_id: string | undefined,
  dialect: Dialect,
  source: 'prune_status' | 'prune_metrics()' = 'prune_status',
): Statement {
  return {
    text: `select tenant_id, ${dialect.time('last_attempt_at')} as last_attempt_at,
        ${dialect.time('last_success_at')} as last_success_at, last_run_status, last_duration_ms, versions, events, pages, runs, keys
      from ${source} ${tenant_id === undefined ? '' : 'where tenant_id = @tenant_id'} order by tenant_id`,
    parameters: { tenant_id },
  };
}

// A bigint of Postgres comes as its text.
const count = z.preprocess((value) => (typeof value === 'string' ? Number(value) : value), z.int().nullable());
const rowSchema = pruneStatusSchema
  .omit({ last_duration_seconds: true })
  .extend({ last_duration_ms: count, versions: count, events: count, pages: count, runs: count, keys: count });

/** Its rows. */
export function toPruneStatus(rows: readonly unknown[]): readonly PruneStatus[] {
  return z
    .array(rowSchema)
    .parse(rows)
    .map(({ last_duration_ms, ...row }) => ({
      ...row,
      last_duration_seconds: last_duration_ms === null ? null : last_duration_ms / 1000,
    }));
}
