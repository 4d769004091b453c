-- Accounts, the nodes above them, the runs that saw them, their history and the event log.
-- Runs as inventory_owner with search_path = inventory. Keys sort by bytes (collate "C") so that cursors agree with SQLite.

-- The tenant of the transaction; null, and so no row at all, when none was set.
create function current_tenant_id() returns text
  language sql stable parallel safe
  as $$ select nullif(current_setting('inventory.tenant_id', true), '') $$;
revoke all on function current_tenant_id() from public;
grant execute on function current_tenant_id() to inventory_api, inventory_collector;

create table cloud_accounts (
  tenant_id text collate "C" not null,
  provider text collate "C" not null check (provider in ('aws', 'gcp', 'azure')),
  id text collate "C" not null,
  partition text not null,
  org_id text collate "C",
  project_id text collate "C",
  name text collate "C",
  status text,
  lifecycle text check (lifecycle in ('pending', 'active', 'suspended', 'closing', 'closed', 'unknown')),
  status_changed_at timestamptz,
  parent_id text collate "C",
  org_path text collate "C",
  org_path_ids text[],
  org_path_names text[],
  tags jsonb,
  region_residency text,
  details jsonb,
  raw jsonb not null,
  raw_hash text not null,
  content_hash text not null,
  known_fields text[] not null,
  provider_updated_at timestamptz,
  provenance jsonb not null,
  source text not null,
  scope text collate "C" not null,
  run_id uuid not null,
  discovered_at timestamptz not null,
  valid_from timestamptz not null,
  missed_runs integer not null default 0,
  last_seen_at timestamptz,
  vanished_at timestamptz,
  vanished_reason text,
  primary key (tenant_id, provider, id)
);
create index cloud_accounts_scope on cloud_accounts (tenant_id, scope);
create index cloud_accounts_id on cloud_accounts (tenant_id, id, provider);
create index cloud_accounts_name on cloud_accounts (tenant_id, name, provider, id);
create index cloud_accounts_discovered_at on cloud_accounts (tenant_id, discovered_at, provider, id);
create index cloud_accounts_valid_from on cloud_accounts (tenant_id, valid_from, provider, id);

create table org_nodes (
  tenant_id text collate "C" not null,
  provider text collate "C" not null check (provider in ('aws', 'gcp', 'azure')),
  org_id text collate "C" not null,
  id text collate "C" not null,
  kind text not null check (kind in ('organization', 'root', 'ou', 'folder', 'management_group', 'tenant')),
  name text collate "C",
  parent_id text collate "C",
  depth integer,
  status text,
  lifecycle text check (lifecycle in ('pending', 'active', 'suspended', 'closing', 'closed', 'unknown')),
  org_path text collate "C",
  org_path_ids text[],
  org_path_names text[],
  tags jsonb,
  raw jsonb not null,
  raw_hash text not null,
  content_hash text not null,
  known_fields text[] not null,
  provider_updated_at timestamptz,
  provenance jsonb not null,
  source text not null,
  scope text collate "C" not null,
  run_id uuid not null,
  discovered_at timestamptz not null,
  valid_from timestamptz not null,
  missed_runs integer not null default 0,
  last_seen_at timestamptz,
  vanished_at timestamptz,
  vanished_reason text,
  primary key (tenant_id, id)
);
create index org_nodes_scope on org_nodes (tenant_id, scope);
create index org_nodes_name on org_nodes (tenant_id, name, id);
create index org_nodes_discovered_at on org_nodes (tenant_id, discovered_at, id);
create index org_nodes_bare_id on org_nodes (tenant_id, substr(id, strpos(id, '/') + 1));

create table scopes (
  tenant_id text collate "C" not null,
  scope text collate "C" not null,
  collector text not null,
  org_id text,
  memo jsonb,
  fence bigint not null default 0,
  holder_run_id uuid,
  lease_expires_at timestamptz,
  last_attempt_at timestamptz,
  last_complete_at timestamptz,
  last_complete_run_id uuid,
  enumerated_at jsonb not null default '{}',
  held jsonb not null default '{}',
  measures jsonb not null default '{}',
  primary key (tenant_id, scope)
);

create table collector_runs (
  tenant_id text collate "C" not null,
  id uuid not null,
  collector text not null,
  version text not null,
  image_digest text,
  trigger text not null,
  principal text,
  sdk text,
  started_at timestamptz not null,
  finished_at timestamptz,
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
);
create index collector_runs_started_at on collector_runs (tenant_id, started_at desc, id);

create table run_scopes (
  tenant_id text collate "C" not null,
  run_id uuid not null,
  scope text collate "C" not null,
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
  skipped jsonb not null default '[]',
  started_at timestamptz not null,
  finished_at timestamptz,
  primary key (tenant_id, run_id, scope),
  foreign key (tenant_id, run_id) references collector_runs (tenant_id, id)
);
create index run_scopes_latest on run_scopes (tenant_id, scope, started_at desc);

create table run_pages (
  tenant_id text collate "C" not null,
  run_id uuid not null,
  scope text collate "C" not null,
  seq integer not null,
  operation text not null,
  page integer not null,
  request_ids text[] not null,
  attempts integer not null,
  retry_delay_ms integer not null,
  http_status integer,
  items integer not null,
  sha256 text,
  fetched_at timestamptz not null,
  primary key (tenant_id, run_id, scope, seq),
  foreign key (tenant_id, run_id, scope) references run_scopes (tenant_id, run_id, scope)
);

-- Only content that was replaced: the half-open interval [valid_from, valid_to) in which it was the truth.
create table record_versions (
  tenant_id text collate "C" not null,
  kind text not null,
  key text collate "C" not null,
  valid_from timestamptz not null,
  valid_to timestamptz not null,
  content jsonb not null,
  changed_fields text[] not null,
  provenance jsonb not null,
  run_id uuid not null,
  primary key (tenant_id, kind, key, valid_from),
  check (valid_from < valid_to)
);
create index record_versions_valid_to on record_versions (tenant_id, kind, valid_to);

-- The append-only log and outbox, read by (xid, position) up to pg_snapshot_xmin: positions are given out before transactions
-- commit, so by position alone a reader could pass one that commits later.
create table events (
  position bigint generated always as identity,
  xid xid8 not null default pg_current_xact_id(),
  event_id uuid not null,
  event_type text not null,
  schema_version text not null,
  tenant_id text collate "C" not null,
  source text not null,
  timestamp timestamptz not null,
  correlation_id uuid not null,
  causation_id uuid not null,
  payload jsonb not null,
  primary key (tenant_id, event_id)
);
create unique index events_position on events (position);
create index events_order on events (tenant_id, xid, position);

-- Row-level security, forced on the owner too. Each policy names the one role it serves; without a tenant nothing matches.
do $$
declare name text;
begin
  foreach name in array array['cloud_accounts', 'org_nodes', 'scopes', 'collector_runs', 'run_scopes', 'run_pages', 'record_versions', 'events'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy owner_all on %I for all to inventory_owner using (true) with check (true)', name);
    execute format('create policy api_select on %I for select to inventory_api using (tenant_id = current_tenant_id())', name);
    execute format('grant select on %I to inventory_api', name);
  end loop;
  foreach name in array array['cloud_accounts', 'org_nodes', 'scopes', 'collector_runs', 'run_scopes'] loop
    execute format('create policy collector_select on %I for select to inventory_collector using (tenant_id = current_tenant_id())', name);
    execute format('create policy collector_insert on %I for insert to inventory_collector with check (tenant_id = current_tenant_id())', name);
    execute format('create policy collector_update on %I for update to inventory_collector using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id())', name);
    execute format('grant select, insert, update on %I to inventory_collector', name);
  end loop;
  foreach name in array array['run_pages', 'record_versions', 'events'] loop
    execute format('create policy collector_insert on %I for insert to inventory_collector with check (tenant_id = current_tenant_id())', name);
    execute format('grant insert on %I to inventory_collector', name);
  end loop;
end $$;

-- Freshness, outcome and duration of every scope of every tenant, for /metrics: the one reading that crosses tenants.
create function scope_metrics() returns table (
  tenant_id text, collector text, scope text, last_attempt_at timestamptz, last_complete_at timestamptz, held_kinds integer,
  outcome text, duration_seconds double precision, seen integer, missing integer, vanished integer, rejected integer)
  language sql stable security definer set search_path = inventory, pg_temp
  as $$
    select s.tenant_id, s.collector, s.scope, s.last_attempt_at, s.last_complete_at,
      (select count(*)::integer from jsonb_object_keys(s.held)),
      r.outcome, extract(epoch from r.finished_at - r.started_at)::double precision, r.seen, r.missing, r.vanished, r.rejected
    from scopes s
    left join lateral (
      select * from run_scopes r
      where r.tenant_id = s.tenant_id and r.scope = s.scope and r.finished_at is not null
      order by r.started_at desc limit 1
    ) r on true
    order by s.tenant_id, s.scope
  $$;
revoke all on function scope_metrics() from public;
grant execute on function scope_metrics() to inventory_api;
