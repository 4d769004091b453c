// Which table and columns hold each kind of observation; the writers of both databases are driven by it.
import type { ObservationKind } from '#core/observation.ts';

/** How a column's value travels: JSON text, text array, time, or as it is. */
export type ColumnType = 'text' | 'integer' | 'json' | 'array' | 'time';

/** One kind's table. `attributes` are the observed columns; the common ones are `commonColumns`. */
export interface RecordTable {
  readonly table: string;
  readonly primaryKey: readonly string[];
  readonly attributes: Readonly<Record<string, ColumnType>>;
  /** Attributes beyond the primary key in which two records of one key are different things; neither may overwrite the other. */
  readonly identity: readonly string[];
  /** Attributes by which events name the record. */
  readonly subject: readonly string[];
  /** Where the record is, as the event of a move tells it, and which of that make a change a move. */
  readonly place: readonly string[];
  readonly moves: readonly string[];
}

const path = { org_path: 'text', org_path_ids: 'array', org_path_names: 'array', tags: 'json' } as const;

const inOrganization = {
  subject: ['provider', 'id', 'org_id'],
  place: ['org_id', 'parent_id', 'org_path'],
  moves: ['org_id', 'parent_id'],
} as const;

export const recordTables: Readonly<Record<ObservationKind, RecordTable>> = {
  account: {
    table: 'cloud_accounts',
    primaryKey: ['provider', 'id'],
    attributes: {
      provider: 'text',
      id: 'text',
      partition: 'text',
      org_id: 'text',
      project_id: 'text',
      name: 'text',
      status: 'text',
      lifecycle: 'text',
      status_changed_at: 'time',
      parent_id: 'text',
      ...path,
      region_residency: 'text',
      details: 'json',
    },
    identity: ['partition'],
    ...inOrganization,
  },
  org_node: {
    table: 'org_nodes',
    primaryKey: ['id'],
    attributes: {
      provider: 'text',
      org_id: 'text',
      id: 'text',
      kind: 'text',
      name: 'text',
      parent_id: 'text',
      depth: 'integer',
      status: 'text',
      lifecycle: 'text',
      ...path,
    },
    identity: ['provider'],
    ...inOrganization,
  },
  monitoring_endpoint: {
    table: 'monitoring_endpoints',
    primaryKey: ['id'],
    attributes: {
      id: 'text',
      kind: 'text',
      url: 'text',
      auth_mode: 'text',
      status: 'text',
      version: 'text',
      flavour: 'text',
      tls_not_after: 'time',
      labels: 'json',
      details: 'json',
    },
    identity: ['kind'],
    subject: ['id', 'kind', 'url'],
    place: ['url'],
    moves: ['url'],
  },
  relation: {
    table: 'relations',
    primaryKey: ['id'],
    attributes: {
      id: 'text',
      from_kind: 'text',
      from_key: 'text',
      relation: 'text',
      to_kind: 'text',
      to_ref: 'text',
      basis: 'text',
      confidence: 'integer',
      evidence: 'json',
    },
    identity: [],
    subject: ['id', 'from_kind', 'from_key', 'relation', 'to_kind', 'to_ref'],
    place: [],
    moves: [],
  },
};

/** What the store and the runner know of every record, in every record table. */
export const commonColumns = {
  raw: 'json',
  raw_hash: 'text',
  content_hash: 'text',
  known_fields: 'array',
  provider_updated_at: 'time',
  provenance: 'json',
  source: 'text',
  scope: 'text',
  run_id: 'text',
  discovered_at: 'time',
  valid_from: 'time',
  missed_runs: 'integer',
  last_seen_at: 'time',
  vanished_at: 'time',
  vanished_reason: 'text',
} as const satisfies Readonly<Record<string, ColumnType>>;
