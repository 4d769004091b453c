// The read API: all its routes on one app, and the operator's routes beside them or on an app of their own.
import type { Clock } from '#core/clock.ts';
import type { Config } from '#core/config.ts';
import type { Logger } from '#core/log.ts';
import { type App, createApp } from '#services/app.ts';
import { type Auth, authorize, metricsScope, readScope } from '#services/auth.ts';
import { addDocs } from '#services/docs.ts';
import { addHealth } from '#services/health.ts';
import { createProcessMetrics } from '#services/process-metrics.ts';
import type { Reader } from '#store/store.ts';
import { addAccounts } from './accounts.ts';
import { addDiff } from './diff.ts';
import { addEvents } from './events.ts';
import { addMetrics } from './metrics.ts';
import { addMonitoring } from './monitoring.ts';
import { describeApi } from './openapi.ts';
import { addOrgNodes } from './org-nodes.ts';
import { addRelations } from './relations.ts';
import { addRuns } from './runs.ts';

export interface ApiOptions {
  readonly reader: Reader;
  readonly auth: Auth;
  /** Whose data is read where nobody authenticates (`auth.mode: none`). */
  readonly tenant: string;
  /** What is configured to be collected for that tenant, for /metrics; nothing when absent. */
  readonly collectors?: Config['collectors'];
  /** That pruning is scheduled for that tenant, for /metrics; it is not when absent. */
  readonly prune?: Config['prune'];
  readonly clock: Clock;
  readonly log: Logger;
  /** The number of the newest migration this release knows. */
  readonly schemaVersionExpected: number;
  /** The release, for `inventory_build_info`. */
  readonly version: string;
  /** Whether /healthz, /readyz and /metrics are to be on a listener of their own. */
  readonly ops: boolean;
  /** Aborts when the process begins to end: /readyz turns to 503 and connections are closed after their answer. */
  readonly stopping: AbortSignal;
}

/** The apps to listen with. `ops` is null unless it was asked for. */
export interface Api {
  readonly app: App;
  readonly ops: App | null;
}

/** Creates the apps; the caller closes the reader once it has stopped listening. */
export function createApi(options: ApiOptions): Api {
  const { auth, tenant, version, schemaVersionExpected } = options;
  const metrics = createProcessMetrics({ version, schemaVersion: schemaVersionExpected });
  const app = createApp({ ...options, observe: metrics.observe });
  const ops = options.ops ? createApp({ ...options, observe: metrics.observe }) : null;
  app.use('/api/v1/*', authorize(auth, tenant, readScope));
  addAccounts(app, options);
  addOrgNodes(app, options);
  addMonitoring(app, options);
  addRelations(app, options);
  addRuns(app, options);
  addEvents(app, options);
  addDiff(app, { ...options, now: () => options.clock.now() });
  addHealth(ops ?? app, { ...options, schemaVersion: options.reader.schemaVersion });
  // Scope and tenant names are nobody's business on the port that users reach; the ops port is for the cluster alone.
  // Without tokens only the Host header keeps pages of other sites out, and they reach every port of loopback.
  if (ops === null || auth.mode === 'none') (ops ?? app).use('/metrics', authorize(auth, tenant, metricsScope));
  addMetrics(ops ?? app, {
    ...options,
    metrics,
    configured: { tenant, collectors: options.collectors ?? {}, prune: options.prune },
  });
  addDocs(app, describeApi());
  return { app, ops };
}
