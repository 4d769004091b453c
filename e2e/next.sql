-- What the release after this one might bring, to be rolled out while requests come: a table with an index that takes long to
-- build, and a column of the table that is read most. Runs as inventory_owner with search_path = inventory.
create table budgets (
  tenant_id text collate "C" not null,
  account_id text collate "C" not null,
  monthly_limit numeric not null,
  primary key (tenant_id, account_id)
);
grant select on budgets to inventory_api;
-- In place of an index on a large table: long enough for every pod to be called unready, if it were.
do $$ begin perform pg_sleep(25); end $$;
alter table cloud_accounts add column cost_center text;
create index cloud_accounts_cost_center on cloud_accounts (tenant_id, cost_center);
