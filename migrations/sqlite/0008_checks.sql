-- Lists of values are checked by comparisons: of a list of more than two SQLite makes a table each time that a row is inserted, which took a
-- third of the time. A check cannot be changed, so the tables are made anew. Releases before it see no difference.
-- compatible_from: 5

create table cloud_accounts_new (
  tenant_id text not null,
  provider text not null check (provider = 'aws' or provider = 'gcp' or provider = 'azure'),
  id text not null,
  "partition" text not null,
  org_id text,
  project_id text,
  name text,
  status text,
  lifecycle text check (
    lifecycle = 'active' or lifecycle = 'pending' or lifecycle = 'suspended'
    or lifecycle = 'closing' or lifecycle = 'closed' or lifecycle = 'unknown'
  ),
  status_changed_at text,
  parent_id text,
  org_path text,
  org_path_ids text,
  org_path_names text,
  tags text,
  region_residency text,
  details text,
  raw text not null,
  raw_hash text not null,
  content_hash text not null,
  known_fields text not null,
  provider_updated_at text,
  provenance text not null,
  source text not null,
  scope text not null,
  run_id text not null,
  discovered_at text not null,
  valid_from text not null,
  missed_runs integer not null default 0,
  last_seen_at text,
  vanished_at text,
  vanished_reason text,
  primary key (tenant_id, provider, id)
) strict;
insert into cloud_accounts_new (
  tenant_id, provider, id, "partition", org_id, project_id, name, status, lifecycle, status_changed_at,
  parent_id, org_path, org_path_ids, org_path_names, tags, region_residency, details, raw, raw_hash,
  content_hash, known_fields, provider_updated_at, provenance, source, scope, run_id, discovered_at,
  valid_from, missed_runs, last_seen_at, vanished_at, vanished_reason
)
select
  tenant_id, provider, id, "partition", org_id, project_id, name, status, lifecycle, status_changed_at,
  parent_id, org_path, org_path_ids, org_path_names, tags, region_residency, details, raw, raw_hash,
  content_hash, known_fields, provider_updated_at, provenance, source, scope, run_id, discovered_at,
  valid_from, missed_runs, last_seen_at, vanished_at, vanished_reason
from cloud_accounts order by rowid;
drop table cloud_accounts;
alter table cloud_accounts_new rename to cloud_accounts;
create index cloud_accounts_discovered_at on cloud_accounts (tenant_id, discovered_at, provider, id);
create index cloud_accounts_id on cloud_accounts (tenant_id, id, provider);
create index cloud_accounts_name on cloud_accounts (tenant_id, name, provider, id);
create index cloud_accounts_project_id on cloud_accounts (tenant_id, project_id) where project_id is not null;
create index cloud_accounts_scope on cloud_accounts (tenant_id, scope);
create index cloud_accounts_valid_from on cloud_accounts (tenant_id, valid_from, provider, id);

create table org_nodes_new (
  tenant_id text not null,
  provider text not null check (provider = 'aws' or provider = 'gcp' or provider = 'azure'),
  org_id text not null,
  id text not null,
  kind text not null check (
    kind = 'organization' or kind = 'root' or kind = 'ou'
    or kind = 'folder' or kind = 'management_group' or kind = 'tenant'
  ),
  name text,
  parent_id text,
  depth integer,
  status text,
  lifecycle text check (
    lifecycle = 'active' or lifecycle = 'pending' or lifecycle = 'suspended'
    or lifecycle = 'closing' or lifecycle = 'closed' or lifecycle = 'unknown'
  ),
  org_path text,
  org_path_ids text,
  org_path_names text,
  tags text,
  raw text not null,
  raw_hash text not null,
  content_hash text not null,
  known_fields text not null,
  provider_updated_at text,
  provenance text not null,
  source text not null,
  scope text not null,
  run_id text not null,
  discovered_at text not null,
  valid_from text not null,
  missed_runs integer not null default 0,
  last_seen_at text,
  vanished_at text,
  vanished_reason text,
  bare_id text generated always as (substr(id, instr(id, '/') + 1)) virtual,
  primary key (tenant_id, id)
) strict;
insert into org_nodes_new (
  tenant_id, provider, org_id, id, kind, name, parent_id, depth, status, lifecycle, org_path, org_path_ids,
  org_path_names, tags, raw, raw_hash, content_hash, known_fields, provider_updated_at, provenance, source,
  scope, run_id, discovered_at, valid_from, missed_runs, last_seen_at, vanished_at, vanished_reason
)
select
  tenant_id, provider, org_id, id, kind, name, parent_id, depth, status, lifecycle, org_path, org_path_ids,
  org_path_names, tags, raw, raw_hash, content_hash, known_fields, provider_updated_at, provenance, source,
  scope, run_id, discovered_at, valid_from, missed_runs, last_seen_at, vanished_at, vanished_reason
from org_nodes order by rowid;
drop table org_nodes;
alter table org_nodes_new rename to org_nodes;
create index org_nodes_bare_id on org_nodes (tenant_id, bare_id);
create index org_nodes_discovered_at on org_nodes (tenant_id, discovered_at, id);
create index org_nodes_name on org_nodes (tenant_id, name, id);
create index org_nodes_scope on org_nodes (tenant_id, scope);

create table monitoring_endpoints_new (
  tenant_id text not null,
  id text not null,
  kind text not null,
  url text not null,
  auth_mode text check (
    auth_mode = 'none' or auth_mode = 'token' or auth_mode = 'basic'
    or auth_mode = 'oauth'
  ),
  status text not null,
  version text,
  flavour text,
  tls_not_after text,
  labels text,
  details text,
  raw text not null,
  raw_hash text not null,
  content_hash text not null,
  known_fields text not null,
  provider_updated_at text,
  provenance text not null,
  source text not null,
  scope text not null,
  run_id text not null,
  discovered_at text not null,
  valid_from text not null,
  missed_runs integer not null default 0,
  last_seen_at text,
  vanished_at text,
  vanished_reason text,
  primary key (tenant_id, id)
) strict;
insert into monitoring_endpoints_new (
  tenant_id, id, kind, url, auth_mode, status, version, flavour, tls_not_after, labels, details, raw,
  raw_hash, content_hash, known_fields, provider_updated_at, provenance, source, scope, run_id, discovered_at,
  valid_from, missed_runs, last_seen_at, vanished_at, vanished_reason
)
select
  tenant_id, id, kind, url, auth_mode, status, version, flavour, tls_not_after, labels, details, raw,
  raw_hash, content_hash, known_fields, provider_updated_at, provenance, source, scope, run_id, discovered_at,
  valid_from, missed_runs, last_seen_at, vanished_at, vanished_reason
from monitoring_endpoints order by rowid;
drop table monitoring_endpoints;
alter table monitoring_endpoints_new rename to monitoring_endpoints;
create index monitoring_endpoints_discovered_at on monitoring_endpoints (tenant_id, discovered_at, id);
create index monitoring_endpoints_scope on monitoring_endpoints (tenant_id, scope);
create index monitoring_endpoints_url on monitoring_endpoints (tenant_id, url, id);
create index monitoring_endpoints_valid_from on monitoring_endpoints (tenant_id, valid_from, id);

create table relations_new (
  tenant_id text not null,
  id text not null,
  from_kind text not null,
  from_key text not null,
  relation text not null check (
    relation = 'queries' or relation = 'monitors' or relation = 'writes_to'
    or relation = 'reads_from' or relation = 'alerts_to'
  ),
  to_kind text not null,
  to_ref text not null,
  basis text not null,
  confidence integer not null check (confidence between 1 and 100),
  evidence text not null,
  raw text not null,
  raw_hash text not null,
  content_hash text not null,
  known_fields text not null,
  provider_updated_at text,
  provenance text not null,
  source text not null,
  scope text not null,
  run_id text not null,
  discovered_at text not null,
  valid_from text not null,
  missed_runs integer not null default 0,
  last_seen_at text,
  vanished_at text,
  vanished_reason text,
  primary key (tenant_id, id)
) strict;
insert into relations_new (
  tenant_id, id, from_kind, from_key, relation, to_kind, to_ref, basis, confidence, evidence, raw, raw_hash,
  content_hash, known_fields, provider_updated_at, provenance, source, scope, run_id, discovered_at,
  valid_from, missed_runs, last_seen_at, vanished_at, vanished_reason
)
select
  tenant_id, id, from_kind, from_key, relation, to_kind, to_ref, basis, confidence, evidence, raw, raw_hash,
  content_hash, known_fields, provider_updated_at, provenance, source, scope, run_id, discovered_at,
  valid_from, missed_runs, last_seen_at, vanished_at, vanished_reason
from relations order by rowid;
drop table relations;
alter table relations_new rename to relations;
create index relations_from on relations (tenant_id, from_kind, from_key);
create index relations_scope on relations (tenant_id, scope);
create index relations_to on relations (tenant_id, to_kind, to_ref);
