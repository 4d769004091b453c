-- Ingest: who wrote what over HTTP, which requests were answered already, and what the role inventory_ingest may do.
-- Runs as inventory_owner with search_path = inventory. A release before it takes over what is seeded as from a scope that is no
-- longer configured.
-- compatible_from: 4

-- Append-only, and never pruned. What changed nothing is no entry. The correlation is the request's trace id, as in the events it led to.
create table audit_log (
  tenant_id text collate "C" not null,
  id uuid not null,
  recorded_at timestamptz not null,
  actor text collate "C" not null,
  action text not null,
  key text collate "C" not null,
  outcome text not null check (outcome in ('created', 'updated', 'refused')),
  reason text,
  correlation_id uuid not null,
  primary key (tenant_id, id)
);

-- Requests that were answered. Hashes only: what a caller sends as its key may be anything.
create table idempotency_keys (
  tenant_id text collate "C" not null,
  actor text collate "C" not null,
  key_hash text collate "C" not null,
  request_hash text not null,
  created_at timestamptz not null,
  primary key (tenant_id, actor, key_hash)
);
create index idempotency_keys_created_at on idempotency_keys (tenant_id, created_at);

-- One living seed at a URL. Deferred, for two of them may change places in one transaction.
alter table monitoring_endpoints add constraint monitoring_endpoints_seeded_once
  exclude using btree (tenant_id with =, url with =) where (scope = 'seed:pasted' and vanished_at is null)
  deferrable initially deferred;

do $$
declare name text;
begin
  foreach name in array array['audit_log', 'idempotency_keys'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy owner_all on %I for all to inventory_owner using (true) with check (true)', name);
  end loop;
  foreach name in array array['monitoring_endpoints', 'scopes', 'idempotency_keys'] loop
    execute format('create policy ingest_select on %I for select to inventory_ingest using (tenant_id = current_tenant_id())', name);
  end loop;
  foreach name in array array['audit_log', 'idempotency_keys'] loop
    execute format('create policy ingest_insert on %I for insert to inventory_ingest with check (tenant_id = current_tenant_id())', name);
  end loop;
end $$;

grant execute on function current_tenant_id() to inventory_ingest;
grant select, insert, update on monitoring_endpoints, idempotency_keys to inventory_ingest;
grant insert on record_versions, events, audit_log to inventory_ingest;
-- The root that a record's owner has pinned, and nothing else of it.
grant select (tenant_id, scope, org_id) on scopes to inventory_ingest;

-- What was observed can be read, and neither written nor brought about. Of history and of the log only what seeds lead to.
create policy ingest_insert on record_versions for insert to inventory_ingest
  with check (tenant_id = current_tenant_id() and kind = 'monitoring_endpoint');
create policy ingest_insert on events for insert to inventory_ingest
  with check (tenant_id = current_tenant_id() and event_type like 'monitoring\_endpoint.%' and source like 'seed/%');
create policy ingest_insert on monitoring_endpoints for insert to inventory_ingest
  with check (tenant_id = current_tenant_id() and scope = 'seed:pasted');
create policy ingest_update on monitoring_endpoints for update to inventory_ingest
  using (tenant_id = current_tenant_id() and scope = 'seed:pasted')
  with check (tenant_id = current_tenant_id() and scope = 'seed:pasted');
create policy ingest_update on idempotency_keys for update to inventory_ingest
  using (tenant_id = current_tenant_id()) with check (tenant_id = current_tenant_id());

-- Retention: idempotency keys too. A tenant may have nothing but seeds.
create or replace function prune_tenants() returns setof text
  language sql stable security definer set search_path = inventory, pg_temp
  as $$ select tenant_id from scopes union select tenant_id from idempotency_keys order by tenant_id $$;

create function prune_keys(of_tenant text, before timestamptz, max_rows integer) returns integer
  language plpgsql security definer set search_path = inventory, pg_temp
  set enable_seqscan = off set enable_bitmapscan = off
  as $$
  declare pruned integer;
  begin
    perform take_prune_turn();
    delete from idempotency_keys where ctid = any (array(
      select ctid from idempotency_keys where tenant_id = of_tenant and created_at < before order by created_at limit max_rows));
    get diagnostics pruned = row_count;
    return pruned;
  end $$;

create function count_prunable_keys(of_tenant text, before timestamptz) returns integer
  language sql stable security definer set search_path = inventory, pg_temp
  as $$ select count(*)::integer from idempotency_keys where tenant_id = of_tenant and created_at < before $$;

grant execute on function prune_keys(text, timestamptz, integer), count_prunable_keys(text, timestamptz) to inventory_prune;
