// Seeds: endpoints that somebody has named and nobody has asked. What may be written of them, and who is told to have done it.
import type { Clock } from '#core/clock.ts';
import { RequestError } from '#core/errors.ts';
import { hashText } from '#core/json.ts';
import type { Observation } from '#core/observation.ts';
import type { Stamp } from '#core/provenance.ts';
import { type BatchContext, shareProvenance } from './decide.ts';
import type { SchemaVersion } from './migration-plan.ts';
import type { Observed } from './observed.ts';
import { pastedScope } from './ownership.ts';
import { type BatchPlan, planBatch } from './plan.ts';
import type { StoredRecord } from './row.ts';

/** How long a request with an `Idempotency-Key` is remembered. */
export const idempotencyKeepHours = 24;

/** A request that may come twice: the caller's key, and a hash of what it asks for. */
export interface IdempotentRequest {
  readonly key: string;
  readonly request_hash: string;
}

export interface SeedRequest {
  /** Its collector is `seed`, its scope the one of all seeds, its run the request's trace. */
  readonly stamp: Stamp;
  /** Who asks, as the audit log names him. */
  readonly actor: string;
  /** Monitoring endpoints; no id and no URL twice. */
  readonly observations: readonly Observation[];
  readonly idempotent?: IdempotentRequest | undefined;
}

/** A seed that yields to what was observed. */
export interface SeedRefusal {
  readonly key: string;
  /** The observed record of its id or its URL, and whose it is. */
  readonly observed: string;
  readonly scope: string;
}

/** What became of them, by their keys. */
export interface SeedAnswer {
  readonly created: readonly string[];
  readonly updated: readonly string[];
  readonly unchanged: readonly string[];
  readonly refused: readonly SeedRefusal[];
  /** The same request was answered before, and nothing was looked at again. */
  readonly replayed: boolean;
}

export interface Seeder {
  /**
   * One transaction: records, versions, events, audit, the request's key. Every observed endpoint is left to its owner.
   * Throws RequestError `idempotency_key_reused` for a key that came with another request.
   */
  seed(request: SeedRequest): Promise<SeedAnswer>;
  /** What the database says of its schema. */
  schemaVersion(): Promise<SchemaVersion>;
}

/** Where a record is and whose. */
export interface Located {
  readonly key: string;
  readonly url: string;
  readonly scope: string;
  readonly vanished_at: string | null;
}

/** A row of `audit_log`, without its tenant. */
export interface AuditEntry {
  readonly id: string;
  readonly recorded_at: string;
  readonly actor: string;
  readonly action: 'monitoring_endpoint.seed';
  readonly key: string;
  readonly outcome: 'created' | 'updated' | 'refused';
  readonly reason: string | null;
  readonly correlation_id: string;
}

/** What a request of seeds writes, and what it is answered. */
export interface SeedPlan {
  readonly plan: BatchPlan;
  /** The seeds of other ids that vanish, for their URLs are taken. */
  readonly replaced: readonly string[];
  readonly answer: SeedAnswer;
}

/** What is remembered of a key. SQLite knows no booleans. */
export interface KnownRequest {
  readonly request_hash: string;
  readonly is_kept: boolean | number;
}

/** The answer to a request that was answered before. */
export const replayedAnswer: SeedAnswer = { created: [], updated: [], unchanged: [], refused: [], replayed: true };

/** Whether the request was answered before; throws RequestError when its key came with another one. */
export function isReplay(known: KnownRequest | undefined, { idempotent }: SeedRequest): boolean {
  if (known === undefined || idempotent === undefined || !known.is_kept) return false;
  if (known.request_hash === idempotent.request_hash) return true;
  throw new RequestError(
    422,
    'idempotency_key_reused',
    `this Idempotency-Key came with another request in the last ${idempotencyKeepHours} hours: make a new one`,
  );
}

/** The key as it is stored. */
export function hashKey({ key }: IdempotentRequest): string {
  return hashText(key);
}

/** What the writer's decisions know of a request of seeds. It has no root, and no scope but its own. */
export function toSeedContext(stamp: Stamp, now: string): BatchContext {
  const provenanceOf = shareProvenance(stamp, now);
  return { stamp, now, provenanceOf, root: pastedScope, pinned_root: null, configured_scopes: [pastedScope] };
}

/** Plans the request; `located` is whatever is at the URLs of the observations, `stored` whatever has their keys. */
export function planSeeds(
  observed: readonly Observed[],
  found: { readonly located: readonly Located[]; readonly stored: ReadonlyMap<string, StoredRecord> },
  context: BatchContext,
): SeedPlan {
  const observers = new Map(found.located.filter((one) => isLiving(one) && !isSeed(one)).map((one) => [one.url, one]));
  const refused = observed.flatMap((one) => refusalOf(one, { observers, stored: found.stored }) ?? []);
  const refusedKeys = new Set(refused.map(({ key }) => key));
  const accepted = observed.filter(({ key }) => !refusedKeys.has(key));
  const isStored = ({ key }: Observed) => found.stored.has(key);
  const sorted = { fresh: accepted.filter((one) => !isStored(one)), suspects: accepted.filter(isStored), unchanged: 0 };
  const plan = planBatch(sorted, found.stored, context);
  const idsOf = (rows: BatchPlan['inserts']) => rows.map(({ id }) => String(id));
  const created = idsOf(plan.inserts);
  const updated = idsOf(plan.updates);
  const written = new Set([...created, ...updated]);
  const unchanged = accepted.map(({ key }) => key).filter((key) => !written.has(key));
  const answer = { created, updated, unchanged, refused, replayed: false };
  return { plan, replaced: replacedSeeds(found.located, accepted), answer };
}

/** The living seeds at URLs where an observed endpoint lives: whoever observes one knows it better, and one endpoint is one record. */
export function takenOverSeeds(located: readonly Located[]): string[] {
  const observed = new Set(located.filter((one) => isLiving(one) && !isSeed(one)).map(({ url }) => url));
  return located.filter((one) => isLiving(one) && isSeed(one) && observed.has(one.url)).map(({ key }) => key);
}

// The living seeds at the URLs of these seeds that have other ids: whoever names an endpoint later knows it better.
function replacedSeeds(located: readonly Located[], accepted: readonly Observed[]): string[] {
  const keys = new Set(accepted.map(({ key }) => key));
  const urls = new Set(urlsOf(accepted));
  return located
    .filter((one) => isLiving(one) && isSeed(one) && urls.has(one.url) && !keys.has(one.key))
    .map(({ key }) => key);
}

function isSeed({ scope }: Pick<Located, 'scope'>): boolean {
  return scope === pastedScope;
}

function isLiving({ vanished_at }: Pick<Located, 'vanished_at'>): boolean {
  return vanished_at === null;
}

/** The URLs of endpoints. */
export function urlsOf(observed: readonly Observed[]): string[] {
  return observed.map(({ attributes }) => String(attributes['url']));
}

/** What the audit log says of the request. */
export function toAudit(
  answer: SeedAnswer,
  { stamp, actor }: SeedRequest,
  { now, clock }: { now: string; clock: Clock },
) {
  const entry = (key: string, outcome: AuditEntry['outcome'], reason: string | null): AuditEntry => ({
    ...{ id: clock.uuid7(), recorded_at: now, actor, action: 'monitoring_endpoint.seed', key, outcome, reason },
    correlation_id: stamp.run_id,
  });
  return [
    ...answer.created.map((key) => entry(key, 'created', null)),
    ...answer.updated.map((key) => entry(key, 'updated', null)),
    ...answer.refused.map(({ key, observed, scope }) => entry(key, 'refused', `${scope} observes it as ${observed}`)),
  ];
}

// By its id even when it has vanished: its history belongs to whoever observed it. By its URL only while it lives.
function refusalOf(
  { key, attributes }: Observed,
  found: { readonly observers: ReadonlyMap<string, Located>; readonly stored: ReadonlyMap<string, StoredRecord> },
): SeedRefusal | undefined {
  const owner = found.stored.get(key)?.row.scope;
  if (owner !== undefined && owner !== pastedScope) return { key, observed: key, scope: owner };
  const other = found.observers.get(String(attributes['url']));
  return other && { key, observed: other.key, scope: other.scope };
}
