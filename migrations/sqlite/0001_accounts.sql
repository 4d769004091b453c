-- Accounts, the nodes above them, the runs that saw them, their history and the event log.
-- JSON and arrays are JSON text, times are UTC text with milliseconds; text sorts by bytes.

create table cloud_accounts (
  tenant_id text not null,
  provider text not null check (provider in ('aws', 'gcp', 'azure')),
  id text not null,
  "partition" text not null,
  org_id text,
  project_id text,
  name text,
  status text,
  lifecycle text check (lifecycle in ('pending', 'active', 'suspended', 'closing', 'closed', 'unknown')),
  status_changed_at text,
  parent_id text,
  org_path text,
  org_path_ids text,
  org_path_names text,
  tags text,
  region_residency text,
  details text,
  raw text not null,
  raw_hash text not null,
  content_hash text not null,
  known_fields text not null,
  provider_updated_at text,
  provenance text not null,
  source text not null,
  scope text not null,
  run_id text not null,
  discovered_at text not null,
  valid_from text not null,
  missed_runs integer not null default 0,
  last_seen_at text,
  vanished_at text,
  vanished_reason text,
  primary key (tenant_id, provider, id)
) strict;
create index cloud_accounts_scope on cloud_accounts (tenant_id, scope);
create index cloud_accounts_id on cloud_accounts (tenant_id, id, provider);
create index cloud_accounts_name on cloud_accounts (tenant_id, name, provider, id);
create index cloud_accounts_discovered_at on cloud_accounts (tenant_id, discovered_at, provider, id);
create index cloud_accounts_valid_from on cloud_accounts (tenant_id, valid_from, provider, id);

create table org_nodes (
  tenant_id text not null,
  provider text not null check (provider in ('aws', 'gcp', 'azure')),
  org_id text not null,
  id text not null,
  kind text not null check (kind in ('organization', 'root', 'ou', 'folder', 'management_group', 'tenant')),
  name text,
  parent_id text,
  depth integer,
  status text,
  lifecycle text check (lifecycle in ('pending', 'active', 'suspended', 'closing', 'closed', 'unknown')),
  org_path text,
  org_path_ids text,
  org_path_names text,
  tags text,
  raw text not null,
  raw_hash text not null,
  content_hash text not null,
  known_fields text not null,
  provider_updated_at text,
  provenance text not null,
  source text not null,
  scope text not null,
  run_id text not null,
  discovered_at text not null,
  valid_from text not null,
  missed_runs integer not null default 0,
  last_seen_at text,
  vanished_at text,
  vanished_reason text,
  primary key (tenant_id, id)
) strict;
create index org_nodes_scope on org_nodes (tenant_id, scope);
create index org_nodes_name on org_nodes (tenant_id, name, id);
create index org_nodes_discovered_at on org_nodes (tenant_id, discovered_at, id);
create index org_nodes_bare_id on org_nodes (tenant_id, substr(id, instr(id, '/') + 1));

create table scopes (
  tenant_id text not null,
  scope text not null,
  collector text not null,
  org_id text,
  memo text,
  fence integer not null default 0,
  holder_run_id text,
  lease_expires_at text,
  last_attempt_at text,
  last_complete_at text,
  last_complete_run_id text,
  enumerated_at text not null default '{}',
  held text not null default '{}',
  measures text not null default '{}',
  primary key (tenant_id, scope)
) strict;

create table collector_runs (
  tenant_id text not null,
  id text not null,
  collector text not null,
  version text not null,
  image_digest text,
  trigger text not null,
  principal text,
  sdk text,
  started_at text not null,
  finished_at text,
  outcome text check (outcome in ('complete', 'partial', 'failed', 'skipped', 'held')),
  pages integer not null default 0,
  seen integer not null default 0,
  inserted integer not null default 0,
  changed integer not null default 0,
  unchanged integer not null default 0,
  resurrected integer not null default 0,
  missing integer not null default 0,
  vanished integer not null default 0,
  rejected integer not null default 0,
  error_code text,
  error text,
  primary key (tenant_id, id)
) strict;
create index collector_runs_started_at on collector_runs (tenant_id, started_at desc, id);

create table run_scopes (
  tenant_id text not null,
  run_id text not null,
  scope text not null,
  outcome text check (outcome in ('complete', 'partial', 'failed', 'skipped', 'held')),
  reason text,
  pages integer not null default 0,
  seen integer not null default 0,
  inserted integer not null default 0,
  changed integer not null default 0,
  unchanged integer not null default 0,
  resurrected integer not null default 0,
  missing integer not null default 0,
  vanished integer not null default 0,
  rejected integer not null default 0,
  skipped text not null default '[]',
  started_at text not null,
  finished_at text,
  primary key (tenant_id, run_id, scope),
  foreign key (tenant_id, run_id) references collector_runs (tenant_id, id)
) strict;
create index run_scopes_latest on run_scopes (tenant_id, scope, started_at desc);

create table run_pages (
  tenant_id text not null,
  run_id text not null,
  scope text not null,
  seq integer not null,
  operation text not null,
  page integer not null,
  request_ids text not null,
  attempts integer not null,
  retry_delay_ms integer not null,
  http_status integer,
  items integer not null,
  sha256 text,
  fetched_at text not null,
  primary key (tenant_id, run_id, scope, seq),
  foreign key (tenant_id, run_id, scope) references run_scopes (tenant_id, run_id, scope)
) strict;

-- Only content that was replaced: the half-open interval [valid_from, valid_to) in which it was the truth.
create table record_versions (
  tenant_id text not null,
  kind text not null,
  key text not null,
  valid_from text not null,
  valid_to text not null,
  content text not null,
  changed_fields text not null,
  provenance text not null,
  run_id text not null,
  primary key (tenant_id, kind, key, valid_from),
  check (valid_from < valid_to)
) strict;
create index record_versions_valid_to on record_versions (tenant_id, kind, valid_to);

-- The append-only log and outbox. SQLite has one writer, so positions are commit order and xid stays null.
create table events (
  position integer primary key autoincrement,
  xid integer,
  event_id text not null,
  event_type text not null,
  schema_version text not null,
  tenant_id text not null,
  source text not null,
  timestamp text not null,
  correlation_id text not null,
  causation_id text not null,
  payload text not null,
  unique (tenant_id, event_id)
) strict;
create index events_order on events (tenant_id, position);
