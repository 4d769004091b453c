-- What is told of collectors: which scopes a run knew as configured, and how its last run ended. Runs as inventory_owner with
-- search_path = inventory. Releases before it write no such list and read nothing of this.
-- compatible_from: 3

alter table collector_runs add column configured_scopes text[];
create index collector_runs_latest on collector_runs (tenant_id, collector, started_at desc);

-- The last run of every collector of every tenant, for /metrics; beside scope_metrics(), the other reading that crosses tenants.
create function collector_metrics() returns table (
  tenant_id text, collector text, configured_scopes text[], last_attempt_at timestamptz, last_run_status text,
  last_duration_seconds double precision, seen integer, missing integer, vanished integer, rejected integer)
  language sql stable security definer set search_path = inventory, pg_temp
  as $$
    select c.tenant_id, c.collector,
      (select a.configured_scopes from collector_runs a
        where a.tenant_id = c.tenant_id and a.collector = c.collector and a.configured_scopes is not null
        order by a.started_at desc limit 1),
      (select max(a.started_at) from collector_runs a where a.tenant_id = c.tenant_id and a.collector = c.collector),
      r.outcome, extract(epoch from r.finished_at - r.started_at)::double precision, r.seen, r.missing, r.vanished, r.rejected
    from (select distinct s.tenant_id, s.collector from scopes s) c
    left join lateral (
      select * from collector_runs l
      where l.tenant_id = c.tenant_id and l.collector = c.collector and l.finished_at is not null
      order by l.started_at desc limit 1
    ) r on true
    order by c.tenant_id, c.collector
  $$;
revoke all on function collector_metrics() from public;
grant execute on function collector_metrics() to inventory_api;

-- As before, and with what each scope measured.
drop function scope_metrics();
create function scope_metrics() returns table (
  tenant_id text, collector text, scope text, last_attempt_at timestamptz, last_complete_at timestamptz, held_kinds integer,
  measures jsonb, outcome text, duration_seconds double precision, seen integer, missing integer, vanished integer,
  rejected integer)
  language sql stable security definer set search_path = inventory, pg_temp
  as $$
    select s.tenant_id, s.collector, s.scope, s.last_attempt_at, s.last_complete_at,
      (select count(*)::integer from jsonb_object_keys(s.held)), s.measures,
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
