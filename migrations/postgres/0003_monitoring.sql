-- Monitoring endpoints, and what leads to what. Runs as inventory_owner with search_path = inventory.

create table monitoring_endpoints (
  tenant_id text collate "C" not null,
  id text collate "C" not null,
  kind text not null,
  url text collate "C" not null,
  auth_mode text check (auth_mode in ('none', 'token', 'basic', 'oauth')),
  status text not null,
  version text,
  flavour text,
  tls_not_after timestamptz,
  labels jsonb,
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
  primary key (tenant_id, id)
);
create index monitoring_endpoints_scope on monitoring_endpoints (tenant_id, scope);
create index monitoring_endpoints_url on monitoring_endpoints (tenant_id, url, id);
create index monitoring_endpoints_discovered_at on monitoring_endpoints (tenant_id, discovered_at, id);
create index monitoring_endpoints_valid_from on monitoring_endpoints (tenant_id, valid_from, id);

-- One claim each. Where it leads is looked up when it is read, so there is no foreign key.
create table relations (
  tenant_id text collate "C" not null,
  id text collate "C" not null,
  from_kind text not null,
  from_key text collate "C" not null,
  relation text not null check (relation in ('queries', 'monitors', 'writes_to', 'reads_from', 'alerts_to')),
  to_kind text not null,
  to_ref text collate "C" not null,
  basis text not null,
  confidence integer not null check (confidence between 1 and 100),
  evidence jsonb not null,
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
create index relations_scope on relations (tenant_id, scope);
create index relations_from on relations (tenant_id, from_kind, from_key);
create index relations_to on relations (tenant_id, to_kind, to_ref);

-- Google Cloud names projects by their ids.
create index cloud_accounts_project_id on cloud_accounts (tenant_id, project_id) where project_id is not null;

do $$
declare name text;
begin
  foreach name in array array['monitoring_endpoints', 'relations'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy owner_all on %I for all to inventory_owner using (true) with check (true)', name);
    execute format('create policy api_select on %I for select to inventory_api using (tenant_id = current_tenant_id())', name);
    execute format('grant select on %I to inventory_api', name);
    execute format('create policy collector_select on %I for select to inventory_collector using (tenant_id = current_tenant_id())', name);
    execute format('create policy collector_insert on %I for insert to inventory_collector with check (tenant_id = current_tenant_id())', name);
    execute format('create policy collector_update on %I for update to inventory_collector using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id())', name);
    execute format('grant select, insert, update on %I to inventory_collector', name);
  end loop;
end $$;

-- What retention knows of records: these too.
create or replace function tells_of_record(event_type text) returns boolean
  language sql immutable parallel safe
  as $$
    select event_type like 'account.%' or event_type like 'org\_node.%' or event_type like 'monitoring\_endpoint.%'
      or event_type like 'relation.%'
  $$;

create or replace function named_runs(of_tenant text, versions_before timestamptz, events_before timestamptz) returns setof uuid
  language sql stable
  as $$
    select run_id from cloud_accounts where tenant_id = of_tenant
    union all
    select run_id from org_nodes where tenant_id = of_tenant
    union all
    select run_id from monitoring_endpoints where tenant_id = of_tenant
    union all
    select run_id from relations where tenant_id = of_tenant
    union all
    select run_id from record_versions where tenant_id = of_tenant and valid_to >= versions_before
    union all
    select correlation_id from events
    where tenant_id = of_tenant and (timestamp >= events_before or not tells_of_record(event_type))
    union all
    select unnest(array[s.last_complete_run_id, s.holder_run_id]) from scopes s where s.tenant_id = of_tenant
    union all
    select held.value::uuid from scopes s, jsonb_each_text(s.held) held where s.tenant_id = of_tenant
    union all
    -- How a scope's latest run ended is shown for as long as there is the scope.
    select (
      select r.run_id from run_scopes r
      where r.tenant_id = s.tenant_id and r.scope = s.scope and r.finished_at is not null
      order by r.started_at desc limit 1)
    from scopes s where s.tenant_id = of_tenant
  $$;
