// What the contract suites are told in: runs of scopes that see accounts and nodes.
import { randomUUID } from 'node:crypto';
import { type Claim, type MonitoringEndpoint, toRelation } from '#core/monitoring.ts';
import type { Account, Observation, ObservationKind, OrgNode } from '#core/observation.ts';
import type { Evidence, Stamp } from '#core/provenance.ts';
import { type Skipped, zeroCounts } from '#core/run.ts';
import type { Batch, Lease, ScopeEnding, ScopeResult, UpsertResult, Writer } from './store.ts';
import type { Row, TestStore } from './stores.contract.ts';

/** Who runs, and what the scope answered for. */
export interface Actor {
  readonly tenant: string;
  readonly scope: string;
  readonly root: string;
  readonly configured: readonly string[];
}

/** A run that holds its scope's lease. */
export interface OpenRun {
  readonly lease: Lease;
  readonly stamp: Stamp;
  readonly org_id: string | null;
  readonly memo: unknown;
  upsert(observations: readonly Observation[], batch?: Partial<Batch>): Promise<UpsertResult>;
  finish(ending?: Partial<ScopeEnding>): Promise<ScopeResult>;
}

/** What a whole run did. */
export interface Ran extends ScopeResult {
  readonly run_id: string;
  readonly upserted: UpsertResult;
}

/** A tenant of its own, so that tests of one database do not meet; a scope of the organization o-1. */
export function newActor(actor: Partial<Actor> = {}): Actor {
  const scope = actor.scope ?? 'aws:main';
  return { tenant: `t-${randomUUID()}`, scope, root: 'o-1', configured: [scope], ...actor };
}

/** The evidence of one page. */
export function evidenceOf(page = 1): Evidence {
  return [
    {
      operation: 'organizations:ListAccounts',
      endpoint: 'https://organizations.us-east-1.amazonaws.com',
      page,
      request_ids: [`request-${page}`],
      attempts: 1,
      retry_delay_ms: 0,
      http_status: 200,
      items: 1,
      sha256: null,
      sdk: 'sdk@1.0.0',
      principal: 'arn:aws:iam::111122223333:role/audit',
    },
  ];
}

/** An account of o-1, with its attributes as its raw answer unless another is given. */
export function account(
  id: string,
  attributes: Partial<Account> = {},
  rest: Partial<Pick<Observation, 'raw' | 'evidence' | 'provider_updated_at'>> = {},
): Observation {
  const all = { provider: 'aws' as const, id, partition: 'aws', org_id: 'o-1', ...attributes };
  return {
    kind: 'account',
    key: `${all.provider}/${id}`,
    attributes: all,
    raw: { Id: id },
    evidence: evidenceOf(),
    ...rest,
  };
}

/** An organizational unit of o-1. */
export function node(id: string, attributes: Partial<OrgNode> = {}): Observation {
  const all = { provider: 'aws' as const, id: `o-1/${id}`, org_id: 'o-1', kind: 'ou' as const, ...attributes };
  return { kind: 'org_node', key: all.id, attributes: all, raw: { Id: id }, evidence: evidenceOf() };
}

/** A Prometheus. */
export function endpoint(id: string, attributes: Partial<MonitoringEndpoint> = {}): Observation {
  const all = { id, kind: 'prometheus', url: `https://${id}.example`, status: 'up' as const, ...attributes };
  return { kind: 'monitoring_endpoint', key: id, attributes: all, raw: { url: all.url }, evidence: evidenceOf() };
}

/** A claim that the endpoint watches an account, or whatever else it leads to. */
export function relation(from_key: string, to_ref: string, claim: Partial<Claim> = {}): Observation {
  const attributes = toRelation({
    ...{ from_kind: 'monitoring_endpoint', from_key, relation: 'monitors', to_kind: 'account', to_ref },
    ...{ basis: 'configured', evidence: { key: 'account' } },
    ...claim,
  });
  return { kind: 'relation', key: attributes.id, attributes, raw: {}, evidence: evidenceOf() };
}

/** Begins a run and takes its scope's lease. */
export async function openRun(writer: Writer, actor: Actor): Promise<OpenRun> {
  const { tenant: tenant_id, scope, root, configured } = actor;
  const run_id = randomUUID();
  const collector = 'aws';
  const begun = { tenant_id, id: run_id, collector, version: '1.0.0', image_digest: null, trigger: 'test' };
  await writer.beginRun({ ...begun, configured_scopes: configured });
  const answer = await writer.acquireLease({ tenant_id, run_id, scope, collector });
  if (!answer.acquired) throw new Error(`held by ${answer.holder_run_id}`);
  const stamp: Stamp = { tenant_id, collector, collector_version: '1.0.0', image_digest: null, run_id, scope };
  return {
    ...answer,
    stamp,
    upsert: (observations, batch) =>
      writer.upsert(answer.lease, {
        ...{ stamp, root, configured_scopes: configured, observations, pages: [] },
        ...batch,
      }),
    finish: (ending) => writer.finishScope(answer.lease, stamp, { ...defaultEnding(root), ...ending }),
  };
}

/** One whole run that lists the accounts (or the kinds named) and sees exactly these. */
export async function run(
  writer: Writer,
  actor: Actor,
  observations: readonly Observation[],
  how: Partial<Omit<ScopeEnding, 'enumerated'>> & {
    readonly enumerated?: readonly ObservationKind[];
    readonly restricted?: boolean;
  } = {},
): Promise<Ran> {
  const open = await openRun(writer, actor);
  const upserted = await open.upsert(observations);
  const { enumerated = ['account'], restricted = false, ...ending } = how;
  const kinds = enumerated.map((kind) => ({
    kind,
    seen: new Set(observations.filter((seen) => seen.kind === kind).map(({ key }) => key)),
    inserted: upserted.inserted_by_kind[kind],
    restricted,
  }));
  const result = await open.finish({ ...ending, enumerated: kinds });
  return { ...result, run_id: open.lease.run_id, upserted };
}

/** A part that could not be listed. */
export const skippedAccounts: readonly Skipped[] = [{ what: 'ou-1', kinds: ['account'], cause: 'AccessDenied' }];

/** The only row of a table with this id. */
export async function recordOf(store: TestStore, actor: Actor, id: string): Promise<Row> {
  const table = id.startsWith('o-1/') ? 'org_nodes' : 'cloud_accounts';
  const rows = await store.query(`select * from ${table} where tenant_id = '${actor.tenant}' and id = '${id}'`);
  if (rows.length !== 1 || rows[0] === undefined) throw new Error(`${rows.length} records ${id}`);
  return rows[0];
}

/** A record's closed versions, oldest first. */
export function versionsOf(store: TestStore, actor: Actor, key: string): Promise<Row[]> {
  return store.query(
    `select * from record_versions where tenant_id = '${actor.tenant}' and key = '${key}' order by valid_from`,
  );
}

/** The tenant's events in order. */
export function eventsOf(store: TestStore, actor: Actor): Promise<Row[]> {
  return store.query(`select * from events where tenant_id = '${actor.tenant}' order by position`);
}

/** The types of the tenant's events in order. */
export async function eventTypesOf(store: TestStore, actor: Actor): Promise<unknown[]> {
  return (await eventsOf(store, actor)).map((event) => event['event_type']);
}

/** The scope's row. */
export async function scopeOf(store: TestStore, { tenant, scope }: Actor): Promise<Row> {
  const [row] = await store.query(`select * from scopes where tenant_id = '${tenant}' and scope = '${scope}'`);
  if (row === undefined) throw new Error(`no scope ${scope}`);
  return row;
}

/** Lets the scope's lease lapse now, instead of waiting for it. */
export function lapseLease(store: TestStore, actor: Actor): Promise<void> {
  return setLeaseEnd(store, actor, '2020-01-01T00:00:00.000Z');
}

/** Says when the scope's lease ends. */
export async function setLeaseEnd(store: TestStore, { tenant, scope }: Actor, time: string): Promise<void> {
  await store.query(
    `update scopes set lease_expires_at = '${time}' where tenant_id = '${tenant}' and scope = '${scope}'`,
  );
}

function defaultEnding(root: string): ScopeEnding {
  const { missing: _missing, vanished: _vanished, ...counts } = zeroCounts();
  const ending = { outcome: 'complete', reason: null, counts, skipped: [], root } as const;
  return { ...ending, memo: undefined, measures: {}, pages: [], enumerated: [] };
}
