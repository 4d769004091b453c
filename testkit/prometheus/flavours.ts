// What each server answers: 2.42 as recorded from Debian's package, the others in the form of their documentation and sources.
import type { HttpAnswer } from '../loopback-server.ts';
import type { PlayedFlavour, PrometheusWorld } from './world.ts';

/** The requests that the fake knows, by the path they ask for. */
export const operations: Readonly<Record<string, string>> = {
  '/-/healthy': 'Healthy',
  '/-/ready': 'Ready',
  '/api/v1/status/buildinfo': 'BuildInfo',
  '/api/v1/status/runtimeinfo': 'RuntimeInfo',
  '/api/v1/query': 'Query',
  '/api/v1/status/tsdb': 'Tsdb',
  '/api/v1/targets': 'Targets',
  '/api/v1/alertmanagers': 'Alertmanagers',
  '/api/v1/rules': 'Rules',
  '/api/v1/status/config': 'Config',
};

type Answers = Readonly<Partial<Record<string, (world: PrometheusWorld) => HttpAnswer>>>;

/** The server's answer; what it does not offer is its own way of saying so. */
export function answerOf(world: PrometheusWorld, operation: string): HttpAnswer {
  world.moving += 1;
  const answers = flavours[world.flavour];
  const answer = answers[operation];
  if (answer !== undefined) return answer(world);
  // https://docs.victoriametrics.com/#troubleshooting: an unknown path is a bad request there.
  if (world.flavour.startsWith('victoria')) return text(400, `unsupported path requested: ${operation}`);
  return text(404, '404 page not found\n');
}

const build2 = {
  ...{ version: '2.42.0+ds', revision: '2.42.0+ds-5+deb12u1', branch: 'debian/sid' },
  ...{ buildUser: 'team+pkg-go@tracker.debian.org', buildDate: '20260604-00:58:54', goVersion: 'go1.19.8' },
};

const prometheus2: Answers = {
  Healthy: () => text(200, 'Prometheus Server is Healthy.\n'),
  Ready: toReady,
  BuildInfo: whenReady(() => success(build2)),
  RuntimeInfo: whenReady((world) => success({ ...runtimeInfo(world), GOGC: '', GODEBUG: '' })),
  Query: whenReady(() => success({ resultType: 'scalar', result: [1_700_000_000, '1'] })),
  Tsdb: whenReady((world) => success({ headStats: { numSeries: world.series, chunkCount: world.moving } })),
  Targets: whenReady((world) => success({ activeTargets: listTargets(world), droppedTargets: [] })),
  Alertmanagers: whenReady(({ alertmanagers }) =>
    success({ activeAlertmanagers: alertmanagers.map((url) => ({ url })), droppedAlertmanagers: [] }),
  ),
  Rules: whenReady((world) => success({ groups: [{ name: 'rules', file: 'rules.yml', rules: listRules(world) }] })),
  Config: whenReady((world) => success({ yaml: world.config_yaml })),
};

const prometheus3: Answers = {
  ...prometheus2,
  BuildInfo: whenReady(() => success({ ...build2, version: '3.5.0', revision: '8be3a94', goVersion: 'go1.24.5' })),
  RuntimeInfo: whenReady((world) =>
    success({
      ...runtimeInfo(world),
      ...{ hostname: 'prometheus-0', serverTime: new Date().toISOString(), GOMEMLIMIT: 1_073_741_824 },
    }),
  ),
};

const unavailable = () =>
  json(422, { status: 'error', errorType: 'execution', error: 'unavailable with Prometheus Agent' });

const agent: Answers = {
  ...prometheus2,
  Healthy: () => text(200, 'Prometheus Agent is Healthy.\n'),
  ...{ Query: unavailable, Tsdb: unavailable, Alertmanagers: unavailable, Rules: unavailable },
};

// https://thanos.io/tip/components/query.md/
const thanos: Answers = {
  Healthy: () => text(200, 'OK'),
  Ready: ({ state }) => (state === 'ready' ? text(200, 'OK') : text(503, 'NOT OK\n')),
  BuildInfo: () => success({ ...build2, version: '0.39.2', revision: 'b2e8a8a', goVersion: 'go1.24.4' }),
  RuntimeInfo: (world) => {
    const { startTime, CWD, goroutineCount, GOMAXPROCS } = runtimeInfo(world);
    return success({ startTime, CWD, goroutineCount, GOMAXPROCS, GOGC: '', GODEBUG: '' });
  },
  Query: () => success({ resultType: 'scalar', result: [1_700_000_000, '1'] }),
  Targets: (world) => success({ activeTargets: listTargets(world), droppedTargets: [] }),
  Rules: (world) => success({ groups: [{ name: 'rules', file: 'rules.yml', rules: listRules(world) }] }),
};

// https://grafana.com/docs/mimir/latest/references/http-api/; below its prefix there is no health.
const mimir: Answers = {
  BuildInfo: () =>
    success({
      ...{
        application: 'Grafana Mimir',
        version: '2.17.0',
        revision: '7a1b0d5',
        branch: 'HEAD',
        goVersion: 'go1.24.5',
      },
      features: { ruler_config_api: 'true', alertmanager_config_api: 'true', query_sharding: 'false' },
    }),
  Query: () => success({ resultType: 'scalar', result: [1_700_000_000, '1'] }),
  Rules: (world) => success({ groups: [{ name: 'rules', file: 'team-a', rules: listRules(world) }] }),
};

// https://cortexmetrics.io/docs/api/
const cortex: Answers = {
  BuildInfo: () =>
    success({ ...build2, version: '1.19.0', revision: '45f4cd3', branch: 'HEAD', goVersion: 'go1.24.0' }),
  Query: () => success({ resultType: 'scalar', result: [1_700_000_000, '1'] }),
  Rules: (world) => success({ groups: [{ name: 'rules', file: 'team-a', rules: listRules(world) }] }),
};

// https://docs.victoriametrics.com/url-examples/; the version is that of the API it stands in for.
const victoriaCluster: Answers = {
  BuildInfo: () => success({ version: '2.24.0' }),
  Query: () => json(200, { status: 'success', isPartial: false, data: { resultType: 'scalar', result: [1, '1'] } }),
  Tsdb: ({ series }) => json(200, { status: 'success', isPartial: false, data: { totalSeries: series } }),
  Rules: () => success({ groups: [] }),
};

const victoria: Answers = {
  ...victoriaCluster,
  Healthy: () => text(200, 'VictoriaMetrics is Healthy.\n'),
  Ready: () => text(200, 'VictoriaMetrics is Ready.\n'),
  Targets: (world) => success({ activeTargets: listTargets(world), droppedTargets: [] }),
  Config: (world) => success({ yaml: world.config_yaml }),
};

const flavours: Readonly<Record<PlayedFlavour, Answers>> = {
  'prometheus-2': prometheus2,
  'prometheus-3': prometheus3,
  'prometheus-agent': agent,
  thanos,
  mimir,
  cortex,
  victoriametrics: victoria,
  'victoriametrics-cluster': victoriaCluster,
};

function whenReady(answer: (world: PrometheusWorld) => HttpAnswer): (world: PrometheusWorld) => HttpAnswer {
  return (world) => (world.state === 'ready' ? answer(world) : toReady(world));
}

// 2.42 does not set the header; newer versions do.
function toReady({ state, flavour }: PrometheusWorld): HttpAnswer {
  if (state === 'ready') return text(200, 'Prometheus Server is Ready.\n');
  const isStopping = state === 'stopping';
  const headers = flavour === 'prometheus-2' ? {} : { 'x-prometheus-stopping': String(isStopping) };
  const answer = text(503, isStopping ? 'Service is shutting down' : 'Service Unavailable');
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

function runtimeInfo({ reload_succeeded, corruptions, moving }: PrometheusWorld) {
  return {
    startTime: '2026-01-01T00:00:00.880393835Z',
    CWD: '/prometheus',
    reloadConfigSuccess: reload_succeeded,
    lastConfigTime: '2026-01-01T00:00:00Z',
    corruptionCount: corruptions,
    goroutineCount: 30 + moving,
    GOMAXPROCS: 2,
    storageRetention: '15d',
  };
}

function listTargets({ targets }: PrometheusWorld): unknown[] {
  return Object.entries(targets).flatMap(([health, count]) =>
    Array.from({ length: count }, (_, place) => ({
      discoveredLabels: { __address__: `10.0.0.${place}:9100`, job: 'node' },
      labels: { instance: `10.0.0.${place}:9100`, job: 'node' },
      ...{ scrapePool: 'node', scrapeUrl: `http://10.0.0.${place}:9100/metrics`, lastError: '', health },
    })),
  );
}

function listRules({ rules }: PrometheusWorld): unknown[] {
  return Object.entries(rules).flatMap(([type, count]) =>
    Array.from({ length: count }, (_, place) => ({ name: `${type}:${place}`, query: 'up', health: 'ok', type })),
  );
}

function success(data: unknown): HttpAnswer {
  return json(200, { status: 'success', data });
}

function json(status: number, body: unknown): HttpAnswer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}

function text(status: number, body: string): HttpAnswer {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body };
}
