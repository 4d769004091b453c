// Fields of a record `r` that are kept elsewhere and looked up whenever it is read as it is now: of the past nobody knows them.
import type { Dialect, Member } from './dialect.ts';

const linkTexts = ['relation', 'basis'] as const;
const endpointTexts = ['id', 'kind', 'url', 'status'] as const;

/** The joined field of this name, or undefined when it is a column of the record. */
export function joinedField(name: string, dialect: Dialect): Omit<Member, 'name'> | undefined {
  if (name === 'measures') return { sql: measures, type: 'json' };
  if (name === 'to_key') return { sql: toKey(dialect), type: 'text' };
  if (name === 'monitored_by') return { sql: monitoredBy(dialect), type: 'json' };
  return undefined;
}

const measures = '(select s.measures from scopes s where s.tenant_id = r.tenant_id and s.scope = r.scope)';

// In steps that an index answers each; a vanished record is named only where none that is there fits.
function toKey(dialect: Dialect): string {
  const id = dialect.bareId('r.to_ref');
  const provider = `substr(r.to_ref, 1, length(r.to_ref) - length(${id}) - 1)`;
  const account = (column: string) => `(select a.provider || '/' || a.id from cloud_accounts a
    where a.tenant_id = r.tenant_id and a.provider = ${provider} and a.${column} = ${id}
    order by a.vanished_at is not null, a.id limit 1)`;
  const endpoint = (column: string) => `(select e.id from monitoring_endpoints e
    where e.tenant_id = r.tenant_id and e.${column} = r.to_ref order by e.vanished_at is not null, e.id limit 1)`;
  return `case r.to_kind when 'account' then coalesce(${account('id')}, ${account('project_id')})
    else coalesce(${endpoint('url')}, ${endpoint('id')}) end`;
}

// Of several claims of one link the most confident counts.
function monitoredBy(dialect: Dialect): string {
  const members: Member[] = [
    ...endpointTexts.map((name) => ({ name, sql: `e.${name}`, type: 'text' }) as const),
    ...linkTexts.map((name) => ({ name, sql: `l.${name}`, type: 'text' }) as const),
    { name: 'confidence', sql: 'l.confidence', type: 'integer' },
  ];
  return dialect.arrayOf(
    members,
    `from relations l
      join monitoring_endpoints e on e.tenant_id = l.tenant_id and e.id = l.from_key and e.vanished_at is null
      where ${isLinked('l')} and not exists (select 1 from relations b where ${isLinked('b')}
        and b.from_kind = l.from_kind and b.from_key = l.from_key and b.relation = l.relation
        and (b.confidence > l.confidence or b.confidence = l.confidence and b.id < l.id))
      order by l.confidence desc, e.id`,
  );
}

function isLinked(relation: string): string {
  return `${relation}.tenant_id = r.tenant_id and ${relation}.vanished_at is null and ${relation}.to_kind = 'account'
    and ${relation}.to_ref in (r.provider || '/' || r.id, r.provider || '/' || r.project_id)`;
}
