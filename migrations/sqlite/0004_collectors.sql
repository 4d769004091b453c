-- What is told of collectors: which scopes a run knew as configured, and how its last run ended. Releases before it write no
-- such list and read nothing of this.
-- compatible_from: 3

alter table collector_runs add column configured_scopes text;
create index collector_runs_latest on collector_runs (tenant_id, collector, started_at desc);
