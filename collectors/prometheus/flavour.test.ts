// Servers told apart by what they say of themselves and by what they leave out.
import { expect, test } from 'vitest';
import { recognizeFlavour, versionOf } from './flavour.ts';
import type { Vitals } from './vitals.ts';

const up = { status: 'up', reason: null } as const;
const build = { version: '1.2.3', goVersion: 'go1.24.0', revision: 'abc' };
const runtime = { reloadConfigSuccess: true };

test.for<[string, Partial<Vitals>, string | undefined]>([
  ['http://a', { greeting: 'Prometheus Server is Healthy.\n' }, 'prometheus'],
  ['http://a', { greeting: 'Prometheus Agent is Healthy.\n', build, runtime }, 'prometheus-agent'],
  ['http://a', { greeting: 'VictoriaMetrics is Healthy.\n', build: { version: '2.24.0' } }, 'victoriametrics'],
  ['http://a', { greeting: '404 page not found', build: { version: '2.24.0' } }, 'victoriametrics'],
  ['http://a', { greeting: 'OK', build, runtime: { startTime: '2026-01-01T00:00:00Z' } }, 'thanos'],
  ['http://a', { greeting: 'gateway', build, runtime }, 'prometheus'],
  ['http://a', { build: { ...build, application: 'Grafana Mimir' } }, 'mimir'],
  ['http://a', { build: { ...build, application: 'Grafana Enterprise Metrics', features: {} } }, undefined],
  ['http://a', { build: { ...build, features: { ruler_config_api: 'true' } } }, 'mimir'],
  ['http://a', { build }, 'cortex'],
  ['http://a', {}, undefined],
  ['https://aps-workspaces.eu-west-1.amazonaws.com/workspaces/ws-1', {}, 'amazon'],
  ['https://main-abcd.westeurope.prometheus.monitor.azure.com', {}, 'azure'],
  ['https://monitoring.googleapis.com/v1/projects/x/location/global/prometheus', {}, 'google'],
  ['https://monitoring.googleapis.com.evil.example', {}, undefined],
])('%s that says %j is %s', ([url, said, flavour]) => {
  expect(recognizeFlavour(url, { ...up, ...said })).toBe(flavour);
});

test('the version that VictoriaMetrics tells is not its own', () => {
  expect(versionOf('victoriametrics', { ...up, build: { version: '2.24.0' } })).toBeUndefined();
  expect(versionOf('prometheus', { ...up, build })).toBe('1.2.3');
  expect(versionOf(undefined, up)).toBeUndefined();
});
