// Ingest: all that is written over HTTP, and the operator's routes beside it or on an app of their own.
import type { Clock } from '#core/clock.ts';
import type { Logger } from '#core/log.ts';
import { type App, createApp } from '#services/app.ts';
import { type Auth, authorize, metricsScope, seedScope } from '#services/auth.ts';
import { addDocs } from '#services/docs.ts';
import { addHealth } from '#services/health.ts';
import { createProcessMetrics } from '#services/process-metrics.ts';
import { addMetrics } from './metrics.ts';
import { addMonitoring, type MonitoringOptions } from './monitoring.ts';
import { describeIngest } from './openapi.ts';
import { limitRate } from './rate-limit.ts';

export interface IngestOptions extends MonitoringOptions {
  readonly auth: Auth;
  /** Whose inventory is written where nobody authenticates (`auth.mode: none`). */
  readonly tenant: string;
  /** How many requests each caller has. */
  readonly requestsPerMinute: number;
  readonly clock: Clock;
  readonly log: Logger;
  /** The number of the newest migration this release knows. */
  readonly schemaVersionExpected: number;
  /** Whether /healthz, /readyz and /metrics are to be on a listener of their own. */
  readonly ops: boolean;
  /** Aborts when the process begins to end: /readyz turns to 503 and connections are closed after their answer. */
  readonly stopping: AbortSignal;
}

/** The apps to listen with. `ops` is null unless it was asked for. */
export interface Ingest {
  readonly app: App;
  readonly ops: App | null;
}

/** Creates the apps; the caller closes the seeder once it has stopped listening. */
export function createIngest(options: IngestOptions): Ingest {
  const { auth, tenant, version, schemaVersionExpected, seeder, requestsPerMinute } = options;
  const metrics = createProcessMetrics({ version, schemaVersion: schemaVersionExpected });
  const app = createApp({ ...options, observe: metrics.observe });
  const ops = options.ops ? createApp({ ...options, observe: metrics.observe }) : null;
  app.use('/api/v1/*', authorize(auth, tenant, seedScope));
  app.use('/api/v1/*', limitRate({ perMinute: requestsPerMinute, nowMs: () => performance.now() }));
  addMonitoring(app, options);
  addHealth(ops ?? app, { ...options, schemaVersion: seeder.schemaVersion });
  // Without tokens only the Host header keeps pages of other sites out, and they reach every port of loopback.
  if (ops === null || auth.mode === 'none') (ops ?? app).use('/metrics', authorize(auth, tenant, metricsScope));
  addMetrics(ops ?? app, metrics);
  addDocs(app, describeIngest());
  return { app, ops };
}
