-- Retention: what is left of what was pruned.

-- The earliest time a tenant's past can be asked for: every version that ended later is there. No row: all of the past is.
create table history_horizons (
  tenant_id text not null,
  earliest text not null,
  primary key (tenant_id)
) strict;

-- The place in the log of the last event of each type that was pruned. Who read less far has missed some. xid is always 0.
create table event_horizons (
  tenant_id text not null,
  event_type text not null,
  xid integer not null default 0,
  position integer not null,
  primary key (tenant_id, event_type)
) strict;

create index run_pages_fetched_at on run_pages (tenant_id, fetched_at);
