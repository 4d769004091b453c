-- How the last run ended is told of the run that ended last, and not of one that only found its scope held by another: that one says
-- nothing of the scope, and would hide how the holder ends. What a run counted that died is not known. And runs without an end are
-- found in an index, so that a run that begins can say of those that died that they did. Runs as inventory_owner with search_path =
-- inventory. A release before it reads more rows for its own tenant's status, and leaves the dead as they are.
-- compatible_from: 5

drop index run_scopes_latest;
create index run_scopes_latest on run_scopes (tenant_id, scope, finished_at desc);
create index collector_runs_ended on collector_runs (tenant_id, collector, finished_at desc);
create index collector_runs_unfinished on collector_runs (tenant_id, started_at) where finished_at is null;

create or replace function scope_metrics() returns table (
  tenant_id text, collector text, scope text, last_attempt_at timestamptz, last_complete_at timestamptz, held_kinds integer,
  measures jsonb, outcome text, duration_seconds double precision, seen integer, missing integer, vanished integer,
  rejected integer)
  language sql stable security definer set search_path = inventory, pg_temp
  as $$
    select s.tenant_id, s.collector, s.scope, s.last_attempt_at, s.last_complete_at,
      (select count(*)::integer from jsonb_object_keys(s.held)), s.measures,
      r.outcome, extract(epoch from r.finished_at - r.started_at)::double precision,
      case when not is_dead then r.seen end, case when not is_dead then r.missing end,
      case when not is_dead then r.vanished end, case when not is_dead then r.rejected end
    from scopes s
    left join lateral (
      select * from run_scopes r
      where r.tenant_id = s.tenant_id and r.scope = s.scope and r.finished_at is not null and r.outcome <> 'skipped'
      order by r.finished_at desc limit 1
    ) r on true
    left join collector_runs c on c.tenant_id = r.tenant_id and c.id = r.run_id
    cross join lateral (
      select r.outcome = 'failed' and coalesce(c.error_code, '') in ('lease_lapsed', 'run_silent') as is_dead) d
    order by s.tenant_id, s.scope
  $$;

create or replace function collector_metrics() returns table (
  tenant_id text, collector text, configured_scopes text[], last_attempt_at timestamptz, last_run_status text,
  last_duration_seconds double precision, seen integer, missing integer, vanished integer, rejected integer)
  language sql stable security definer set search_path = inventory, pg_temp
  as $$
    select c.tenant_id, c.collector,
      (select a.configured_scopes from collector_runs a
        where a.tenant_id = c.tenant_id and a.collector = c.collector and a.configured_scopes is not null
        order by a.started_at desc limit 1),
      (select max(a.started_at) from collector_runs a where a.tenant_id = c.tenant_id and a.collector = c.collector),
      r.outcome, extract(epoch from r.finished_at - r.started_at)::double precision,
      case when not is_dead then r.seen end, case when not is_dead then r.missing end,
      case when not is_dead then r.vanished end, case when not is_dead then r.rejected end
    from (select distinct s.tenant_id, s.collector from scopes s) c
    left join lateral (
      select * from collector_runs l
      where l.tenant_id = c.tenant_id and l.collector = c.collector and l.finished_at is not null and l.outcome <> 'skipped'
      order by l.finished_at desc limit 1
    ) r on true
    cross join lateral (select coalesce(r.error_code, '') in ('lease_lapsed', 'run_silent') as is_dead) d
    order by c.tenant_id, c.collector
  $$;

-- What retention keeps: the run that is told of.
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
    -- How a scope's last run ended is shown for as long as there is the scope.
    select (
      select r.run_id from run_scopes r
      where r.tenant_id = s.tenant_id and r.scope = s.scope and r.finished_at is not null and r.outcome <> 'skipped'
      order by r.finished_at desc limit 1)
    from scopes s where s.tenant_id = of_tenant
  $$;
