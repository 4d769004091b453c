// The statements that read runs and the state of scopes.
import { z } from 'zod';
import { measuresSchema } from '#core/run.ts';
import { lapsed, silent } from '../dead-runs.ts';
import { type CollectorRuns, collectorRunsSchema, type ScopeStatus, scopeStatusSchema } from '../status.ts';
import type { RunListOptions } from '../store.ts';
import type { Dialect, Statement } from './dialect.ts';
import { runMembers, runPageMembers, runScopeMembers } from './fields.ts';

/** Most requests that one run shows; it counts them all. */
export const maxRequests = 10_000;

/** One page of runs and a row more, the newest first: `json`, `sorted_by` and `id`. */
export function listRuns(options: RunListOptions, dialect: Dialect): Statement {
  const { tenant_id, collector, scope, outcome, after, limit } = options;
  const conditions = [
    'r.tenant_id = @tenant_id',
    ...(collector === undefined ? [] : ['r.collector = @collector']),
    ...(outcome === undefined ? [] : ['r.outcome = @outcome']),
    ...(scope === undefined ? [] : [hasScope]),
    // The first half is what the index is searched by.
    ...(after ? ['r.started_at <= @after_value and (r.started_at < @after_value or r.id > @key_0)'] : []),
  ];
  return {
    text: `select ${dialect.text(dialect.object(runMembers))} as json, ${dialect.time('r.started_at')} as sorted_by, r.id
      from collector_runs r where ${conditions.join(' and ')}
      order by r.started_at desc, r.id limit @limit`,
    parameters: {
      ...{ tenant_id, collector, scope, outcome },
      ...{ after_value: after?.value, key_0: after?.key[0], limit: limit + 1 },
    },
  };
}

const hasScope = `exists (select 1 from run_scopes s
  where s.tenant_id = r.tenant_id and s.run_id = r.id and s.scope = @scope)`;

/** A run with its scopes and requests, as `json`. */
export function getRun({ tenant_id, id }: { tenant_id: string; id: string }, dialect: Dialect): Statement {
  const scopes = dialect.arrayOf(
    runScopeMembers,
    'from run_scopes s where s.tenant_id = r.tenant_id and s.run_id = r.id order by s.scope',
  );
  const requests = dialect.arrayOf(
    runPageMembers,
    `from run_pages p where p.tenant_id = r.tenant_id and p.run_id = r.id order by p.scope, p.seq limit ${maxRequests}`,
  );
  const members = [
    ...runMembers,
    { name: 'scopes', sql: scopes, type: 'json' },
    { name: 'requests', sql: requests, type: 'json' },
  ] as const;
  return {
    text: `select ${dialect.text(dialect.object(members))} as json from collector_runs r
      where r.tenant_id = @tenant_id and r.id = @id`,
    parameters: { tenant_id, id },
  };
}

/**
 * The runs that ended with something to tell, the last one first. One that was skipped found another at work: it says nothing
 * of its scope, and would hide how the other one, which may have begun before it, ends.
 */
export function lastEnded(alias: string): string {
  return `${alias}.finished_at is not null and ${alias}.outcome <> 'skipped' order by ${alias}.finished_at desc limit 1`;
}

// What a run counted that died it told nobody, and 0 would be a lie.
function knownItems(errorCode: string): string {
  const isDead = `coalesce(${errorCode}, '') in ('${lapsed.error_code}', '${silent.error_code}')`;
  return ['seen', 'missing', 'vanished', 'rejected']
    .map((name) => `case when ${isDead} then null else r.${name} end as ${name}`)
    .join(', ');
}

/** Every collector of a tenant, or of all of them when undefined, with its latest runs. */
export function listCollectorRuns(tenant_id: string | undefined, dialect: Dialect): Statement {
  const ofCollector = 'a.tenant_id = c.tenant_id and a.collector = c.collector';
  return {
    text: `select c.tenant_id, c.collector,
        (select a.configured_scopes from collector_runs a where ${ofCollector} and a.configured_scopes is not null
          order by a.started_at desc limit 1) as configured_scopes,
        (select ${dialect.time('max(a.started_at)')} from collector_runs a where ${ofCollector}) as last_attempt_at,
        r.outcome as last_run_status, ${dialect.seconds('r.started_at', 'r.finished_at')} as last_duration_seconds,
        ${knownItems('r.error_code')}
      from (
        select distinct s.tenant_id, s.collector from scopes s
        ${tenant_id === undefined ? '' : 'where s.tenant_id = @tenant_id'}
      ) c
      left join collector_runs r on r.tenant_id = c.tenant_id and r.id = (
        select a.id from collector_runs a where ${ofCollector} and ${lastEnded('a')})
      order by c.tenant_id, c.collector`,
    parameters: { tenant_id },
  };
}

// An array of Postgres comes as one, that of SQLite as its text.
const collectorRunsRowSchema = collectorRunsSchema.extend({
  configured_scopes: z.preprocess(
    (value) => (typeof value === 'string' ? JSON.parse(value) : value),
    collectorRunsSchema.shape.configured_scopes,
  ),
});

/** The rows of `listCollectorRuns`. */
export function toCollectorRuns(rows: readonly unknown[]): readonly CollectorRuns[] {
  return z.array(collectorRunsRowSchema).parse(rows);
}

/** Every scope of a tenant, or of all of them when undefined, with how the last run of it ended. */
export function listScopeStatus(tenant_id: string | undefined, dialect: Dialect): Statement {
  return {
    text: `select s.tenant_id, s.collector, s.scope,
        ${dialect.time('s.last_attempt_at')} as last_attempt_at, ${dialect.time('s.last_complete_at')} as last_complete_at,
        ${dialect.sizeOf('s.held')} as held_kinds, ${dialect.text('s.measures')} as measures,
        r.outcome, ${dialect.seconds('r.started_at', 'r.finished_at')} as duration_seconds,
        ${knownItems('c.error_code')}
      from scopes s
      left join run_scopes r on r.tenant_id = s.tenant_id and r.scope = s.scope and r.run_id = (
        select l.run_id from run_scopes l
        where l.tenant_id = s.tenant_id and l.scope = s.scope and ${lastEnded('l')})
      left join collector_runs c on c.tenant_id = r.tenant_id and c.id = r.run_id and r.outcome = 'failed'
      ${tenant_id === undefined ? '' : 'where s.tenant_id = @tenant_id'}
      order by s.tenant_id, s.scope`,
    parameters: { tenant_id },
  };
}

// JSON comes as its text.
const scopeStatusRowSchema = scopeStatusSchema.extend({
  measures: z.string().transform((text) => measuresSchema.parse(JSON.parse(text))),
});

/** The rows of `listScopeStatus`. */
export function toScopeStatus(rows: readonly unknown[]): readonly ScopeStatus[] {
  return z.array(scopeStatusRowSchema).parse(rows);
}
