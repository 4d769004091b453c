-- Pruning reports as a run does: when it was last tried and last succeeded, how it ended, what it deleted. A release before it neither
-- writes nor reads this.
-- compatible_from: 5

-- One row for each tenant. What it says of an end is of the last pruning that ended.
create table prune_status (
  tenant_id text not null,
  last_attempt_at text not null,
  last_success_at text,
  last_run_status text check (last_run_status in ('complete', 'stopped', 'failed')),
  last_duration_ms integer,
  versions integer,
  events integer,
  pages integer,
  runs integer,
  keys integer,
  primary key (tenant_id)
) strict;
