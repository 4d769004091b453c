-- Retention: what is left of what was pruned, and the functions by which inventory_prune deletes, all it may do.
-- Runs as inventory_owner with search_path = inventory.

-- The earliest time a tenant's past can be asked for: every version that ended later is there. No row: all of the past is.
create table history_horizons (
  tenant_id text collate "C" not null,
  earliest timestamptz not null,
  primary key (tenant_id)
);

-- The place in the log of the last event of each type that was pruned. Who read less far has missed some.
create table event_horizons (
  tenant_id text collate "C" not null,
  event_type text not null,
  xid xid8 not null,
  position bigint not null,
  primary key (tenant_id, event_type)
);

create index run_pages_fetched_at on run_pages (tenant_id, fetched_at);

do $$
declare name text;
begin
  foreach name in array array['history_horizons', 'event_horizons'] loop
    execute format('alter table %I enable row level security', name);
    execute format('alter table %I force row level security', name);
    execute format('create policy owner_all on %I for all to inventory_owner using (true) with check (true)', name);
    execute format('create policy api_select on %I for select to inventory_api using (tenant_id = current_tenant_id())', name);
    execute format('grant select on %I to inventory_api', name);
  end loop;
end $$;

-- Events that only tell of a change of a record. Others are what projections are rebuilt from, and stay.
create function tells_of_record(event_type text) returns boolean
  language sql immutable parallel safe
  as $$ select event_type like 'account.%' or event_type like 'org\_node.%' $$;

-- The runs that something names which is kept. Versions that ended earlier and events that are older than these times do not
-- count; a dry run knows so what will be gone.
create function named_runs(of_tenant text, versions_before timestamptz, events_before timestamptz) returns setof uuid
  language sql stable
  as $$
    select run_id from cloud_accounts where tenant_id = of_tenant
    union all
    select run_id from org_nodes where tenant_id = of_tenant
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

-- Runs that began earlier, that nothing names and no page is left of. One without an end is dead after a day: a living one
-- holds a scope. A run that has ended and is not named never will be, so nothing can come to name it while it is deleted.
create function prunable_runs(
  of_tenant text, before timestamptz, versions_before timestamptz, events_before timestamptz, pages_before timestamptz)
  returns setof uuid
  language sql stable
  as $$
    select r.id from collector_runs r
    where r.tenant_id = of_tenant and r.started_at < before
      and (r.finished_at is not null or r.started_at < now() - interval '1 day')
      and not exists (
        select from run_pages p where p.tenant_id = r.tenant_id and p.run_id = r.id and p.fetched_at >= pages_before)
    except
    select named_runs(of_tenant, versions_before, events_before)
  $$;

-- One batch at a time, whoever prunes: each function begins by waiting for its turn, which lasts until the transaction ends.
create function take_prune_turn() returns void
  language sql
  as $$ select pg_advisory_xact_lock(4711002) $$;

create function prune_tenants() returns setof text
  language sql stable security definer set search_path = inventory, pg_temp
  as $$ select distinct tenant_id from scopes order by tenant_id $$;

-- Each of these deletes at most max_rows rows of a tenant that are older than a time, the oldest first, and returns how many.
-- They read them in the order of an index. Left to itself the planner, which does not know how many are old once it plans for
-- any time, would now and then collect all of them and sort.

-- The horizon moves with the versions, in one statement. It is where the next batch begins too, past what was deleted before.
create function prune_versions(of_tenant text, kinds text[], before timestamptz, max_rows integer) returns integer
  language plpgsql security definer set search_path = inventory, pg_temp
  set enable_seqscan = off set enable_bitmapscan = off
  as $$
  declare
    horizon timestamptz;
    pruned integer;
  begin
    perform take_prune_turn();
    select earliest into horizon from history_horizons where tenant_id = of_tenant;
    with old as (
      select v.place from unnest(kinds) as k(name) cross join lateral (
        select ctid as place, valid_to from record_versions
        where tenant_id = of_tenant and kind = k.name and valid_to >= coalesce(horizon, '-infinity') and valid_to < before
        order by valid_to limit max_rows) v
      order by v.valid_to limit max_rows
    ), deleted as (
      delete from record_versions where ctid = any (array(select place from old)) returning valid_to
    ), moved as (
      insert into history_horizons (tenant_id, earliest)
      select of_tenant, max(valid_to) from deleted having count(*) > 0
      on conflict (tenant_id) do update set earliest = excluded.earliest
    )
    select count(*) into pruned from deleted;
    return pruned;
  end $$;

-- The log is pruned from its beginning up to the first event that is kept for its age, so that a place in it says what is
-- missing. Events that no reader could have seen yet, for an older transaction is still open, stay.
create function prune_events(of_tenant text, before timestamptz, max_rows integer) returns integer
  language plpgsql security definer set search_path = inventory, pg_temp
  set enable_seqscan = off set enable_bitmapscan = off
  as $$
  declare
    horizon_xid xid8;
    horizon_position bigint;
    pruned integer;
  begin
    perform take_prune_turn();
    select xid, position into horizon_xid, horizon_position from event_horizons
    where tenant_id = of_tenant order by xid desc, position desc limit 1;
    with oldest as (
      select ctid as place, xid, position, timestamp from events
      where tenant_id = of_tenant and xid < pg_snapshot_xmin(pg_current_snapshot())
        and (xid, position) > (coalesce(horizon_xid, '0'), coalesce(horizon_position, 0))
        and tells_of_record(event_type)
      order by xid, position limit max_rows
    ), judged as (
      select place, bool_and(timestamp < before) over (order by xid, position) as is_old from oldest
    ), deleted as (
      delete from events where ctid = any (array(select place from judged where is_old)) returning event_type, xid, position
    ), moved as (
      insert into event_horizons (tenant_id, event_type, xid, position)
      select distinct on (event_type) of_tenant, event_type, xid, position from deleted
      order by event_type, xid desc, position desc
      on conflict (tenant_id, event_type) do update set xid = excluded.xid, position = excluded.position
    )
    select count(*) into pruned from deleted;
    return pruned;
  end $$;

create function prune_pages(of_tenant text, before timestamptz, max_rows integer) returns integer
  language plpgsql security definer set search_path = inventory, pg_temp
  set enable_seqscan = off set enable_bitmapscan = off
  as $$
  declare pruned integer;
  begin
    perform take_prune_turn();
    delete from run_pages where ctid = any (array(
      select ctid from run_pages where tenant_id = of_tenant and fetched_at < before order by fetched_at limit max_rows));
    get diagnostics pruned = row_count;
    return pruned;
  end $$;

create function prune_runs(of_tenant text, before timestamptz, max_rows integer) returns integer
  language plpgsql security definer set search_path = inventory, pg_temp
  as $$
  declare old uuid[];
  begin
    perform take_prune_turn();
    old := array(select prunable_runs(of_tenant, before, '-infinity', '-infinity', '-infinity') limit max_rows);
    delete from run_scopes where tenant_id = of_tenant and run_id = any (old);
    delete from collector_runs where tenant_id = of_tenant and id = any (old);
    return cardinality(old);
  end $$;

-- What would be pruned, for a dry run.
create function count_prunable(
  of_tenant text, kinds text[], versions_before timestamptz, events_before timestamptz, pages_before timestamptz,
  runs_before timestamptz)
  returns table (versions integer, events integer, pages integer, runs integer)
  language sql stable security definer set search_path = inventory, pg_temp
  as $$
    select
      (select count(*)::integer from record_versions
        where tenant_id = of_tenant and kind = any (kinds) and valid_to < versions_before),
      (select count(*)::integer from events
        where tenant_id = of_tenant and xid < pg_snapshot_xmin(pg_current_snapshot())
          and tells_of_record(event_type) and timestamp < events_before),
      (select count(*)::integer from run_pages where tenant_id = of_tenant and fetched_at < pages_before),
      (select count(*)::integer from prunable_runs(of_tenant, runs_before, versions_before, events_before, pages_before))
  $$;

grant execute on function prune_tenants(), prune_versions(text, text[], timestamptz, integer),
  prune_events(text, timestamptz, integer), prune_pages(text, timestamptz, integer), prune_runs(text, timestamptz, integer),
  count_prunable(text, text[], timestamptz, timestamptz, timestamptz, timestamptz) to inventory_prune;
