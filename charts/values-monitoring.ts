// The values of what Prometheus and Grafana are given: whom to scrape, the alerts and the dashboards.
import { z } from 'zod';
import { labels, told } from './values-parts.ts';

/** Everything below `monitoring`. */
export const monitoring = z
  .strictObject({
    monitor: told(z.enum(['none', 'service', 'pod']), 'A ServiceMonitor or a PodMonitor.').default('none'),
    interval: z
      .string()
      .regex(/^\d+(s|m)$/)
      .default('30s'),
    labels,
    rules: told(
      z.strictObject({
        enabled: z.boolean().default(false),
        slo: told(z.boolean(), 'Those of the availability too: docs/slo.md.').default(true),
      }),
      'The alerts, as a PrometheusRule with the labels above.',
    ).prefault({}),
    dashboards: told(
      z.strictObject({
        enabled: z.boolean().default(false),
        label: told(
          z.strictObject({
            key: z.string().min(1).default('grafana_dashboard'),
            value: z.string().default('1'),
          }),
          'By which Grafana’s sidecar finds it.',
        ).prefault({}),
      }),
      'The dashboards, as a ConfigMap.',
    ).prefault({}),
  })
  .prefault({});
