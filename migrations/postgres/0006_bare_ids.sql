-- What follows the first "/" of a node's id, as a column: row-level security lets a comparison of a column into an index, and no
-- function. Runs as inventory_owner with search_path = inventory. Releases before it need neither column nor index.
-- compatible_from: 5

alter table org_nodes add column bare_id text collate "C" generated always as (substr(id, strpos(id, '/') + 1)) stored;
drop index org_nodes_bare_id;
create index org_nodes_bare_id on org_nodes (tenant_id, bare_id);
