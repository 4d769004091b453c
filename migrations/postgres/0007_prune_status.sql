-- Pruning reports as a run does: when it was last tried and last succeeded, how it ended, what it deleted. Runs as inventory_owner with
-- search_path = inventory. A release before it neither writes nor reads this.
-- compatible_from: 5

-- One row for each tenant. What it says of an end is of the last pruning that ended.
create table prune_status (
  tenant_id text collate "C" not null,
  last_attempt_at timestamptz not null,
  last_success_at timestamptz,
  last_run_status text check (last_run_status in ('complete', 'stopped', 'failed')),
  last_duration_ms bigint,
  versions bigint,
  events bigint,
  pages bigint,
  runs bigint,
  keys bigint,
  primary key (tenant_id)
);

alter table prune_status enable row level security;
alter table prune_status force row level security;
create policy owner_all on prune_status for all to inventory_owner using (true) with check (true);
create policy api_select on prune_status for select to inventory_api using (tenant_id = current_tenant_id());
grant select on prune_status to inventory_api;

-- inventory_prune reports by these two alone, and only of tenants that there are. Answers the time at which its turn began.
create function begin_pruning(of_tenant text) returns timestamptz
  language sql security definer set search_path = inventory, pg_temp
  as $$
    insert into prune_status (tenant_id, last_attempt_at)
    select name, now() from prune_tenants() as t(name) where name = of_tenant
    on conflict (tenant_id) do update set last_attempt_at = excluded.last_attempt_at;
    select now();
  $$;

-- `pruned` holds rows by what they were.
create function finish_pruning(of_tenant text, began timestamptz, ended text, pruned jsonb) returns void
  language sql security definer set search_path = inventory, pg_temp
  as $$
    update prune_status set
      last_success_at = case when ended = 'complete' then now() else last_success_at end,
      last_run_status = ended,
      last_duration_ms = greatest(0, extract(epoch from now() - began) * 1000),
      versions = (pruned ->> 'versions')::bigint,
      events = (pruned ->> 'events')::bigint,
      pages = (pruned ->> 'pages')::bigint,
      runs = (pruned ->> 'runs')::bigint,
      keys = (pruned ->> 'keys')::bigint
    where tenant_id = of_tenant
  $$;

revoke all on function begin_pruning(text), finish_pruning(text, timestamptz, text, jsonb) from public;
grant execute on function begin_pruning(text), finish_pruning(text, timestamptz, text, jsonb) to inventory_prune;

-- The state of pruning of every tenant, for /metrics.
create function prune_metrics() returns setof prune_status
  language sql stable security definer set search_path = inventory, pg_temp
  as $$ select * from prune_status order by tenant_id $$;
revoke all on function prune_metrics() from public;
grant execute on function prune_metrics() to inventory_api;
