-- How the last run ended is told of the run that ended last, and runs without an end are found in an index, so that a run that begins
-- can say of those that died that they did. A release before it reads more rows for its status, and leaves the dead as they are.
-- compatible_from: 5

drop index run_scopes_latest;
create index run_scopes_latest on run_scopes (tenant_id, scope, finished_at desc);
create index collector_runs_ended on collector_runs (tenant_id, collector, finished_at desc);
create index collector_runs_unfinished on collector_runs (tenant_id, started_at) where finished_at is null;
