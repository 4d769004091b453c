-- What follows the first "/" of a node's id, as a column. Releases before it need neither column nor index.
-- compatible_from: 5

alter table org_nodes add column bare_id text generated always as (substr(id, instr(id, '/') + 1)) virtual;
drop index org_nodes_bare_id;
create index org_nodes_bare_id on org_nodes (tenant_id, bare_id);
