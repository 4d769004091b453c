// What a service tells Prometheus of its own process: Node's figures, the release, and its HTTP answers.
import { collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { Answer } from './app.ts';

/** What one process counts of itself, shared by its listeners. */
export interface ProcessMetrics {
  readonly registry: Registry;
  /** Counts one answer. */
  observe(answer: Answer): void;
}

const knownMethods = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Process metrics, the release, and a histogram of answers by route pattern. */
export function createProcessMetrics({
  version,
  schemaVersion,
}: {
  version: string;
  schemaVersion: number;
}): ProcessMetrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const build = new Gauge({
    name: 'inventory_build_info',
    help: 'Always 1; the labels tell the release, its Node and the schema it needs.',
    labelNames: ['version', 'node_version', 'schema_version'],
    registers: [registry],
  });
  build.set({ version, node_version: process.version, schema_version: schemaVersion }, 1);
  const durations = new Histogram({
    name: 'inventory_http_request_duration_seconds',
    help: 'Time until an answer began, by route pattern.',
    labelNames: ['method', 'route', 'status'],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers: [registry],
  });
  return {
    registry,
    observe({ method, route, status, seconds }) {
      // A caller may invent methods; each would be a series.
      durations.observe({ method: knownMethods.includes(method) ? method : 'other', route, status }, seconds);
    },
  };
}
