-- Monitoring endpoints, and what leads to what.

create table monitoring_endpoints (
  tenant_id text not null,
  id text not null,
  kind text not null,
  url text not null,
  auth_mode text check (auth_mode in ('none', 'token', 'basic', 'oauth')),
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
create index monitoring_endpoints_scope on monitoring_endpoints (tenant_id, scope);
create index monitoring_endpoints_url on monitoring_endpoints (tenant_id, url, id);
create index monitoring_endpoints_discovered_at on monitoring_endpoints (tenant_id, discovered_at, id);
create index monitoring_endpoints_valid_from on monitoring_endpoints (tenant_id, valid_from, id);

-- One claim each. Where it leads is looked up when it is read, so there is no foreign key.
create table relations (
  tenant_id text not null,
  id text not null,
  from_kind text not null,
  from_key text not null,
  relation text not null check (relation in ('queries', 'monitors', 'writes_to', 'reads_from', 'alerts_to')),
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
create index relations_scope on relations (tenant_id, scope);
create index relations_from on relations (tenant_id, from_kind, from_key);
create index relations_to on relations (tenant_id, to_kind, to_ref);

-- Google Cloud names projects by their ids.
create index cloud_accounts_project_id on cloud_accounts (tenant_id, project_id) where project_id is not null;
