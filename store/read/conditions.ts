// The filters of record lists as SQL conditions on `r`, chosen from fixed texts.
import type { ObservationKind } from '#core/observation.ts';
import type {
  AccountListOptions,
  MonitoringEndpointListOptions,
  OrgNodeListOptions,
  RelationListOptions,
} from '../store.ts';
import type { Dialect, Statement } from './dialect.ts';
import { validThen } from './recorded.ts';

/** The options of any of the lists. */
export type RecordListOptions = Omit<AccountListOptions, 'tags'> &
  Partial<
    Pick<AccountListOptions, 'tags'> &
      Pick<OrgNodeListOptions, 'kind' | 'parent_id'> &
      Pick<MonitoringEndpointListOptions, 'auth_mode'> &
      Pick<RelationListOptions, 'from_key' | 'relation' | 'to_kind' | 'to_ref' | 'basis' | 'endpoint'>
  >;

const searched: Readonly<Record<ObservationKind, readonly string[]>> = {
  account: ['name', 'id', 'project_id'],
  org_node: ['name', 'id'],
  monitoring_endpoint: ['url', 'id'],
  relation: ['from_key', 'to_ref'],
};

const equalities = [
  ...(['provider', 'lifecycle', 'status', 'kind', 'parent_id', 'auth_mode'] as const),
  ...(['from_key', 'relation', 'to_kind', 'to_ref', 'basis'] as const),
] as const;

// A relation may name the endpoint it leads to by its URL: the one it has, or had then.
function ofEndpoint(isPast: boolean, dialect: Dialect): string {
  const present = 'select e.url from monitoring_endpoints e where e.tenant_id = @tenant_id and e.id = @endpoint';
  const replaced = `select ${dialect.textOf('v.content', 'url')} from record_versions v where v.tenant_id = @tenant_id
    and v.kind = 'monitoring_endpoint' and v.key = @endpoint and ${validThen}`;
  const url = isPast ? `${present} and e.valid_from <= @as_of union all ${replaced}` : present;
  return `(r.from_kind = 'monitoring_endpoint' and r.from_key = @endpoint
    or r.to_kind = 'monitoring_endpoint' and (r.to_ref = @endpoint or r.to_ref = (${url})))`;
}

// What `under` names: nodes by their id or the bare one. An organization is asked for by the records' own column, for an account
// whose path could not be read still belongs to it.
const namedNodes = `select n.id from org_nodes n
  where n.tenant_id = @tenant_id and (n.id = @under or n.bare_id = @under)`;

const vanishedTexts = {
  exclude: ['r.vanished_at is null'],
  include: [],
  only: ['r.vanished_at is not null'],
} as const;

/** The list's filters: a condition that holds when all of them do, and its parameters. */
export function toConditions(kind: ObservationKind, options: RecordListOptions, dialect: Dialect): Statement {
  const { tenant_id, tags = [], under, q, endpoint, as_of } = options;
  const texts = [
    'r.tenant_id = @tenant_id',
    ...equalities.filter((name) => options[name] !== undefined).map((name) => `r.${name} = @${name}`),
    ...(endpoint === undefined ? [] : [ofEndpoint(as_of !== undefined, dialect)]),
    ...vanishedTexts[options.vanished],
    ...tags.map((_tag, index) => dialect.hasTag('r.tags', `@tag_${index}`)),
    ...(under === undefined ? [] : [`(r.org_id = @under or ${dialect.overlaps('r.org_path_ids', namedNodes)})`]),
    ...(q === undefined ? [] : [`(${searched[kind].map((name) => dialect.holds(`r.${name}`, '@q')).join(' or ')})`]),
  ];
  const parameters = {
    ...{ tenant_id, under, q, endpoint },
    ...Object.fromEntries(equalities.map((name) => [name, options[name]])),
    ...Object.fromEntries(tags.map((tag, index) => [`tag_${index}`, dialect.tag(tag)])),
  };
  return { text: texts.join(' and '), parameters };
}

/** Whether the list is everything that there is, or all but what has vanished. */
export function isUnfiltered(options: RecordListOptions): boolean {
  const { tags = [], under, q, endpoint, vanished, as_of } = options;
  const filters = [under, q, endpoint, as_of, ...equalities.map((name) => options[name])];
  return vanished !== 'only' && tags.length === 0 && filters.every((filter) => filter === undefined);
}
