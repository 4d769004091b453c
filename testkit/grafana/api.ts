// The operations: what each path answers to whom, as https://grafana.com/docs/grafana/latest/developers/http_api/ describes it.
import type { HttpAnswer } from '../loopback-server.ts';
import { toAccessDenied, toJson, toPage } from './answer.ts';
import { type Caller, isCaller, signIn } from './sign-in.ts';
import type { Datasource, GrafanaWorld } from './world.ts';

/** What an answer is made from. */
export interface ApiContext {
  readonly world: GrafanaWorld;
  /** Below which path it serves, such as `/grafana`; empty at the root. */
  readonly prefix: string;
  /** Whether the database was well, as looked at five seconds ago at most. */
  isDatabaseWell(): boolean;
}

/** The requests that the fake knows, by the path they ask for. */
export const operations: Readonly<Record<string, string>> = {
  '/healthz': 'Healthz',
  '/api/health': 'Health',
  '/login': 'Login',
  '/': 'Home',
  '/api/org': 'Org',
  '/api/frontend/settings': 'FrontendSettings',
  '/api/datasources': 'Datasources',
};

type Answer = (context: ApiContext, caller: Caller) => HttpAnswer;

/** The answer to an operation. Null is any other path: nothing there for the signed-in, a refusal for the others. */
export function answerOf(context: ApiContext, operation: string | null, authorization: string | undefined): HttpAnswer {
  const open = openAnswers[operation ?? ''];
  // Answered before anybody is asked who they are: wrong credentials do no harm, and good ones prove nothing.
  if (open !== undefined) return open(context);
  const caller = signIn(context.world, authorization);
  if (!isCaller(caller)) return operation === 'Home' ? toLogin(context) : caller;
  return answers[operation ?? '']?.(context, caller) ?? toJson(404, { message: 'Not found' });
}

const openAnswers: Readonly<Record<string, (context: ApiContext) => HttpAnswer>> = {
  Healthz: () => ({ status: 200, headers: { 'content-type': 'text/plain' }, body: 'Ok' }),
  Health: toHealth,
  Login: () => toPage('Grafana'),
};

const answers: Readonly<Record<string, Answer>> = {
  Home: () => toPage('Grafana'),
  Org: ({ world: { org } }, { role }) =>
    role === 'None' ? toAccessDenied('orgs:read') : toJson(200, { ...org, address: emptyAddress }),
  FrontendSettings: toFrontendSettings,
  Datasources: ({ world }, caller) =>
    caller.role === 'None'
      ? toAccessDenied('datasources:read')
      : toJson(200, visibleDatasources(world, caller).map(toListItem)),
};

const emptyAddress = { address1: '', address2: '', city: '', zipCode: '', state: '', country: '' };

function toLogin({ prefix }: ApiContext): HttpAnswer {
  return { status: 302, headers: { location: `${prefix}/login` }, body: '' };
}

// Pretty-printed there, with the members that are empty left out.
function toHealth({ world, isDatabaseWell }: ApiContext): HttpAnswer {
  const isWell = isDatabaseWell();
  const { version, commit } = world;
  const body = { database: isWell ? 'ok' : 'failing', ...(!world.hides_version && { version, commit }) };
  return { ...toJson(isWell ? 200 : 503, body), body: JSON.stringify(body, undefined, 2) };
}

function toFrontendSettings({ world, prefix }: ApiContext, caller: Caller): HttpAnswer {
  const isHidden = world.hides_version && caller.is_visitor;
  const { version, commit, edition } = world;
  const visible = caller.role === 'None' ? [] : visibleDatasources(world, caller);
  return toJson(200, {
    appSubUrl: prefix,
    buildInfo: {
      hideVersion: isHidden,
      version: isHidden ? '' : version,
      versionString: isHidden ? 'Grafana' : `Grafana v${version} (${commit})`,
      commit: isHidden ? '' : commit,
      commitShort: isHidden ? '' : commit.slice(0, 10),
      buildstamp: isHidden ? 0 : 1_753_000_000,
      edition,
      latestVersion: '',
      hasUpdate: false,
      env: 'production',
    },
    // Direct ones carry their password here, for the browser to use.
    datasources: Object.fromEntries(visible.map((datasource) => [datasource.name, toBrowserDatasource(datasource)])),
    defaultDatasource: visible.find(({ is_default }) => is_default)?.name ?? '-- Grafana --',
  });
}

function visibleDatasources(world: GrafanaWorld, { role }: Caller): Datasource[] {
  const isFiltered = world.enforces_datasource_permissions && role !== 'Admin';
  return [...world.datasources.values()]
    .filter(({ is_for_viewers }) => !isFiltered || is_for_viewers)
    .sort((a, b) => a.name.toLowerCase().localeCompare(b.name.toLowerCase()));
}

// Without `secureJsonData`, which no answer contains.
function toListItem(datasource: Datasource, index: number) {
  const { uid, name, type, access, url, user, database, is_default, json_data, read_only } = datasource;
  return {
    ...{ id: index + 1, uid, orgId: 1, name, type, typeName: type, typeLogoUrl: `public/plugins/${type}/logo.svg` },
    ...{ access, url, user, database, basicAuth: false, isDefault: is_default, jsonData: json_data },
    readOnly: read_only,
  };
}

function toBrowserDatasource({ uid, type, access, url, user, json_data, secure_json_data }: Datasource) {
  const isDirect = access === 'direct';
  return {
    ...{ uid, type, url: isDirect ? url : `/api/datasources/proxy/uid/${uid}`, jsonData: json_data },
    ...(isDirect && { username: user, password: secure_json_data['password'] ?? '' }),
  };
}
