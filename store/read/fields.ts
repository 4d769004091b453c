// Which fields the readers send of each table, in the order of the records' schemas.
import type { z } from 'zod';
import { RequestError } from '#core/errors.ts';
import type { ObservationKind } from '#core/observation.ts';
import {
  accountListItemSchema,
  accountRecordSchema,
  monitoringEndpointListItemSchema,
  monitoringEndpointRecordSchema,
  orgNodeListItemSchema,
  orgNodeRecordSchema,
  relationListItemSchema,
  relationRecordSchema,
} from '#core/records.ts';
import { runPageSchema, runSchema, runScopeSchema } from '#core/run.ts';
import { type ColumnType, commonColumns, recordTables } from '../records.ts';
import type { Dialect, Member } from './dialect.ts';
import { joinedField } from './joined.ts';

const recordFields: Readonly<Record<ObservationKind, { readonly list: string[]; readonly detail: string[] }>> = {
  account: fieldsOf(accountListItemSchema, accountRecordSchema),
  org_node: fieldsOf(orgNodeListItemSchema, orgNodeRecordSchema),
  monitoring_endpoint: fieldsOf(monitoringEndpointListItemSchema, monitoringEndpointRecordSchema),
  relation: fieldsOf(relationListItemSchema, relationRecordSchema),
};

function fieldsOf(list: z.ZodObject, detail: z.ZodObject) {
  return { list: Object.keys(list.shape), detail: Object.keys(detail.shape) };
}

/** What lists show of a record of this kind. */
export function listFields(kind: ObservationKind): readonly string[] {
  return recordFields[kind].list;
}

/** Everything that is shown of a record of this kind. */
export function detailFields(kind: ObservationKind): readonly string[] {
  return recordFields[kind].detail;
}

/** The named fields and the key, in the order of the schema. Throws RequestError for a name that is none. */
export function chooseFields(kind: ObservationKind, names: readonly string[]): readonly string[] {
  const known = detailFields(kind);
  const unknown = names.find((name) => !known.includes(name));
  if (unknown !== undefined) throw new RequestError(400, 'invalid_request', `fields: there is no ${unknown}`);
  return known.filter((name) => names.includes(name) || recordTables[kind].primaryKey.includes(name));
}

/** What a version shows as its content: the attributes, and what is content without being observed. */
export function contentFields(kind: ObservationKind): readonly string[] {
  const stored = ['known_fields', 'provider_updated_at', 'vanished_at', 'vanished_reason'];
  return [...Object.keys(recordTables[kind].attributes), ...stored];
}

/** Record fields as they are read from `r`. With `as_of`, when a record was last seen is not known. */
export function recordMembers(
  kind: ObservationKind,
  fields: readonly string[],
  { dialect, isPast }: { readonly dialect: Dialect; readonly isPast: boolean },
): Member[] {
  const columns: Readonly<Record<string, ColumnType>> = { ...recordTables[kind].attributes, ...commonColumns };
  return fields.map((name) => {
    if (name === 'last_seen_at') return { name, sql: isPast ? 'null' : lastSeenAt(kind, dialect), type: 'text' };
    const joined = joinedField(name, dialect);
    if (joined !== undefined) return { name, ...joined, ...(isPast && { sql: 'null' }) };
    return { name, sql: `r."${name}"`, type: columns[name] ?? 'text' };
  });
}

// A record that was missed says itself when it was last seen. Another one was seen whenever its scope's kind was listed
// to the end, or, since then, when its content was delivered.
function lastSeenAt(kind: ObservationKind, dialect: Dialect): string {
  const enumerated = `(select ${dialect.textOf('s.enumerated_at', kind)} from scopes s
    where s.tenant_id = r.tenant_id and s.scope = r.scope)`;
  return `case when r.missed_runs > 0 or r.vanished_at is not null then ${dialect.time('r.last_seen_at')}
    else ${dialect.later(enumerated, dialect.textOf('r.provenance', 'observed_at'))} end`;
}

const runColumns: Readonly<Record<string, ColumnType>> = {
  started_at: 'time',
  finished_at: 'time',
  fetched_at: 'time',
  skipped: 'json',
  request_ids: 'array',
};

/** All fields of a run, read from `r`. */
export const runMembers = membersOf('r', Object.keys(runSchema.shape));

/** All fields of a run's scope, read from `s`. */
export const runScopeMembers = membersOf('s', Object.keys(runScopeSchema.shape));

/** All fields of a run's request, read from `p`. */
export const runPageMembers = membersOf('p', Object.keys(runPageSchema.shape));

function membersOf(alias: string, names: readonly string[]): readonly Member[] {
  return names.map((name) => ({ name, sql: `${alias}."${name}"`, type: runColumns[name] ?? 'text' }));
}
