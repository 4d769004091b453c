// The storage seam: Writer for runner and ingest, Reader for API and console; Postgres and SQLite implement both alike.
import type { JsonObject } from '#core/json.ts';
import type { Observation, ObservationKind } from '#core/observation.ts';
import type { Request, Stamp } from '#core/provenance.ts';
import type { Counts, Measures, Outcome, Run, Skipped } from '#core/run.ts';
import type { SchemaVersion } from './migration-plan.ts';
import type { CollectorRuns, PruneStatus, ScopeStatus } from './status.ts';

/** What a run knows of itself when it begins. Its times and counts are the store's. */
export interface NewRun extends Pick<Run, 'tenant_id' | 'id' | 'collector' | 'version' | 'image_digest' | 'trigger'> {
  /** Every scope of the collector that is configured now, also those this run was not asked for: its freshness is theirs. */
  readonly configured_scopes?: readonly string[];
}

/** How a run ended. `principal` and `sdk` are known only once a scope has identified itself. */
export interface RunEnding extends Counts, Pick<Run, 'outcome' | 'principal' | 'sdk' | 'error_code' | 'error'> {
  /** How scopes ended of which that could not be written when they did. What is told of them already stays. */
  readonly unwritten?: readonly UnwrittenScope[];
}

/** How a scope ended, as far as the run knows. */
export interface UnwrittenScope extends Counts {
  readonly scope: string;
  readonly outcome: Outcome;
  readonly reason: string | null;
}

/** The right to write one scope, until another run holds a higher fence. */
export interface Lease {
  readonly tenant_id: string;
  readonly run_id: string;
  readonly scope: string;
  readonly fence: number;
}

export interface LeaseRequest {
  readonly tenant_id: string;
  readonly run_id: string;
  readonly scope: string;
  readonly collector: string;
}

/** Either the lease and what the scope remembers, or who has it and until when by the database's clock. */
export type LeaseAnswer =
  | { readonly acquired: true; readonly lease: Lease; readonly org_id: string | null; readonly memo: unknown }
  | {
      readonly acquired: false;
      readonly holder_run_id: string;
      readonly lease_expires_at: string;
      /** Milliseconds until it lapses unless renewed; at least 0. */
      readonly remaining_ms: number;
    };

/** One request of the run, numbered by the runner. */
export type NewPage = Request & { readonly seq: number; readonly fetched_at: string };

/** Valid observations, each key once, and the requests made since the last batch. */
export interface Batch {
  readonly stamp: Stamp;
  /** The root this scope's credentials answered for. */
  readonly root: string;
  /** Every scope of this collector that is configured now: the owner of a record that is not among them has lost it. */
  readonly configured_scopes: readonly string[];
  readonly observations: readonly Observation[];
  readonly pages: readonly NewPage[];
}

/** An observation the store refused, with the reason: the same id under another partition. */
export interface Conflict {
  readonly kind: ObservationKind;
  readonly key: string;
  readonly reason: string;
}

/** What a batch came to. `changed` counts new versions, returns included; `unchanged` also what was filled in place, handed over or left to its owner. */
export interface UpsertResult extends Pick<Counts, 'inserted' | 'changed' | 'unchanged' | 'resurrected'> {
  readonly inserted_by_kind: Readonly<Record<ObservationKind, number>>;
  /** Keys of the records that were inserted or changed. */
  readonly touched: Readonly<Record<ObservationKind, readonly string[]>>;
  readonly conflicts: readonly Conflict[];
}

/** What the runner knows when a scope has ended. */
export interface ScopeEnding {
  readonly outcome: Exclude<Outcome, 'held'>;
  readonly reason: string | null;
  readonly counts: Omit<Counts, 'missing' | 'vanished'>;
  readonly skipped: readonly Skipped[];
  /** The root that answered, pinned by the first complete run; null when the scope ended before it identified itself. */
  readonly root: string | null;
  /** What to remember; undefined leaves the memo as it was. */
  readonly memo: unknown;
  /** Replaces what was measured before, unless the scope failed. */
  readonly measures: Measures;
  readonly pages: readonly NewPage[];
  readonly enumerated: readonly EnumeratedKind[];
}

/** A kind whose strong listing has ended. */
export interface EnumeratedKind {
  readonly kind: ObservationKind;
  readonly seen: ReadonlySet<string>;
  /** Records this run inserted; they do not count towards the size the scope had before. */
  readonly inserted: number;
  /** A part of the kind could not be listed or understood: only closing and closed records may vanish. */
  readonly restricted: boolean;
}

/** How the scope ended after the shrink guard had its say. */
export interface ScopeResult {
  readonly outcome: Outcome;
  readonly reason: string | null;
  readonly missing: number;
  readonly vanished: number;
}

export interface ConfirmRequest {
  readonly tenant_id: string;
  /** The latest run that held the scope; an older one is refused. */
  readonly run_id: string;
  readonly scope: string;
}

export interface Writer {
  /**
   * Inserts the run; its time is the store's. Runs of the tenant that ended without a word, and were not heard of for minutes, are
   * marked `failed`, with error code `lease_lapsed` if they had a scope, else `run_silent`. One that lives all the same has the last word.
   */
  beginRun(run: NewRun): Promise<void>;
  /**
   * One attempt to take the scope's lease: 30 s by the database's clock. A lapsed lease is taken over and its run, if
   * unfinished, marked `failed` with error code `lease_lapsed`. Begins the scope's row in `run_scopes`.
   */
  acquireLease(request: LeaseRequest): Promise<LeaseAnswer>;
  /** Throws StoreError `lease_lost` when another run has taken the scope over; so does every write below. */
  renewLease(lease: Lease): Promise<void>;
  /** One transaction: fence, records, versions, events, pages. Writes only what differs. */
  upsert(lease: Lease, batch: Batch): Promise<UpsertResult>;
  /** One transaction: absence, shrink guard, pinned root, memo, the scope's row of the run; gives the lease back. */
  finishScope(lease: Lease, stamp: Stamp, ending: ScopeEnding): Promise<ScopeResult>;
  /** Records a scope that was not attempted, and why. */
  skipScope(request: LeaseRequest, reason: string): Promise<void>;
  finishRun(run: Pick<Run, 'tenant_id' | 'id'>, ending: RunEnding): Promise<void>;
  /** Vanishes what the named held run held back. Throws RequestError `not_held` unless it is the scope's latest held run; waits for no lease: throws StoreError `lease_held` while a run has the scope. */
  confirmHeld(request: ConfirmRequest): Promise<{ readonly vanished: number }>;
}

/** Sortable fields; the key is the tie-break and nulls come last either way. */
export const sortFields = ['id', 'name', 'discovered_at', 'valid_from'] as const;
export type SortField = (typeof sortFields)[number];
export const unnamedSortFields = ['id', 'discovered_at', 'valid_from'] as const satisfies readonly SortField[];
export type UnnamedSortField = (typeof unnamedSortFields)[number];

/** The last row of a page: the value it was sorted by, and its key. */
export interface Position {
  readonly value: string | null;
  readonly key: readonly string[];
}

interface ListOptions {
  readonly tenant_id: string;
  readonly limit: number;
  readonly after?: Position | undefined;
}

interface RecordListOptions extends ListOptions {
  readonly sort: { readonly field: SortField; readonly descending: boolean };
  /** Which fields to send; the key always comes. Undefined: the list's own choice. */
  readonly fields?: readonly string[] | undefined;
  readonly vanished: 'exclude' | 'include' | 'only';
  /** The content as it was recorded at that time; undefined: as it is. */
  readonly as_of?: string | undefined;
  /** Substring of what the kind is searched by, any case. */
  readonly q?: string | undefined;
}

interface OrganizationListOptions extends RecordListOptions {
  readonly provider?: string | undefined;
  readonly lifecycle?: string | undefined;
  readonly status?: string | undefined;
  /** An org_nodes.id, a bare node id or an organization's id. */
  readonly under?: string | undefined;
  readonly tags: readonly string[];
}

/** Kinds without a name are not sorted by it. */
interface UnnamedListOptions extends RecordListOptions {
  readonly sort: { readonly field: UnnamedSortField; readonly descending: boolean };
}

export type AccountListOptions = OrganizationListOptions;
export type MonitoringEndpointListOptions = UnnamedListOptions & {
  readonly kind?: string | undefined;
  readonly status?: string | undefined;
  readonly auth_mode?: string | undefined;
};
export type RelationListOptions = UnnamedListOptions & {
  readonly from_key?: string | undefined;
  readonly relation?: string | undefined;
  readonly to_kind?: string | undefined;
  readonly to_ref?: string | undefined;
  readonly basis?: string | undefined;
  /** An endpoint that they lead from or to. */
  readonly endpoint?: string | undefined;
};
export type OrgNodeListOptions = OrganizationListOptions & {
  readonly kind?: string | undefined;
  readonly parent_id?: string | undefined;
};
export type RunListOptions = ListOptions & {
  readonly collector?: string | undefined;
  readonly scope?: string | undefined;
  readonly outcome?: string | undefined;
};

export type EventListOptions = ListOptions & {
  readonly event_type?: string | undefined;
  /** The run that led to them. */
  readonly correlation_id?: string | undefined;
};

export interface DifferenceOptions extends ListOptions {
  readonly kind: ObservationKind;
  /** Times as stored, the first not after the second. */
  readonly from: string;
  readonly to: string;
}

/** The content of a record at two times; null where it was not yet recorded. */
export interface Difference {
  readonly key: string;
  readonly before: JsonObject | null;
  readonly after: JsonObject | null;
}

/** A page as the database built it: the text of a JSON array, and where the next page starts. */
export interface ListPage {
  readonly json: string;
  readonly next: Position | null;
}

/** Such a page of the event log, and the place right after each of its events: the last one's is `next`. */
export interface EventPage extends ListPage {
  readonly positions: readonly Position[];
}

/** JSON texts are sent as they are; null means not found, or another tenant's. */
export interface Reader {
  listAccounts(options: AccountListOptions): Promise<ListPage>;
  getAccount(key: {
    tenant_id: string;
    provider: string;
    id: string;
    as_of?: string | undefined;
  }): Promise<string | null>;
  listOrgNodes(options: OrgNodeListOptions): Promise<ListPage>;
  getOrgNode(key: { tenant_id: string; id: string; as_of?: string | undefined }): Promise<string | null>;
  listMonitoringEndpoints(options: MonitoringEndpointListOptions): Promise<ListPage>;
  getMonitoringEndpoint(key: { tenant_id: string; id: string; as_of?: string | undefined }): Promise<string | null>;
  listRelations(options: RelationListOptions): Promise<ListPage>;
  getRelation(key: { tenant_id: string; id: string; as_of?: string | undefined }): Promise<string | null>;
  /** Newest first: the present content as the open interval, then the closed ones. */
  listHistory(options: ListOptions & { kind: ObservationKind; key: string }): Promise<ListPage | null>;
  /** The provenance of the present content. */
  getProvenance(key: { tenant_id: string; kind: ObservationKind; key: string }): Promise<string | null>;
  /** Newest first. */
  listRuns(options: RunListOptions): Promise<ListPage>;
  /** A run with its scopes and pages. */
  getRun(key: { tenant_id: string; id: string }): Promise<string | null>;
  /**
   * Oldest first, the nine fields of the envelope. `next` is there whenever the page has a row: what is written later comes
   * after it, and nothing is ever passed over.
   */
  listEvents(options: EventListOptions): Promise<EventPage>;
  /** Records whose content was replaced, or first recorded, after `from` and up to `to`, by key. Both contents may be equal. */
  listDifferences(
    options: DifferenceOptions,
  ): Promise<{ readonly items: readonly Difference[]; readonly next: Position | null }>;
  /** Every collector that has taken a scope, of one tenant, or of all of them when undefined (metrics). */
  listCollectorRuns(tenant_id: string | undefined): Promise<readonly CollectorRuns[]>;
  /** Every scope of one tenant, or of all of them when undefined (metrics). */
  listScopeStatus(tenant_id: string | undefined): Promise<readonly ScopeStatus[]>;
  /** How pruning goes, of one tenant, or of all of them when undefined (metrics); none for a tenant that was never pruned. */
  listPruneStatus(tenant_id: string | undefined): Promise<readonly PruneStatus[]>;
  /** What the database says of its schema, or throws StoreError when it does not answer. */
  schemaVersion(): Promise<SchemaVersion>;
}

/** Closing lets running statements end. */
export type Store<Part> = Part & { close(): Promise<void> };
