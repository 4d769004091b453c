-- Ingest: who wrote what over HTTP, and which requests were answered already. A release before it takes over
-- what is seeded as from a scope that is no longer configured.
-- compatible_from: 4

-- Append-only, and never pruned. What changed nothing is no entry. The correlation is the request's trace id, as in the events it led to.
create table audit_log (
  tenant_id text not null,
  id text not null,
  recorded_at text not null,
  actor text not null,
  action text not null,
  key text not null,
  outcome text not null check (outcome in ('created', 'updated', 'refused')),
  reason text,
  correlation_id text not null,
  primary key (tenant_id, id)
) strict;

-- Requests that were answered. Hashes only: what a caller sends as its key may be anything.
create table idempotency_keys (
  tenant_id text not null,
  actor text not null,
  key_hash text not null,
  request_hash text not null,
  created_at text not null,
  primary key (tenant_id, actor, key_hash)
) strict;
create index idempotency_keys_created_at on idempotency_keys (tenant_id, created_at);
