// Whom the pods of the chart reach, and who reaches them, as a real cluster enforces it.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openClient } from './client.ts';
import { type Forwarder, openForwarder } from './forward.ts';
import { runNow } from './jobs.ts';
import { host } from './outside.ts';
import { names, openStand, type Stand } from './stand.ts';

// What is denied once would be denied again.
const once = { collectors: { aws: { backoffLimit: 0 } } };

let stand: Stand;
/** The same provider, at a port that no policy names. */
let undeclared: Forwarder;

beforeAll(async () => {
  stand = await openStand({ accounts: 30 });
  undeclared = await openForwarder(host, Number(new URL(stand.aws.url).port));
  const { code, stderr } = await stand.install(once);
  expect(code, stderr).toBe(0);
});
afterAll(async () => {
  await undeclared.close();
  await stand.close();
});

test('a collector that tries an undeclared destination fails without a connection, and succeeds where no policy is', async () => {
  const declared = await runNow(stand.namespace, names.aws, 'declared');
  await stand.leadCollectorTo(undeclared.port);

  const denied = await runNow(stand.namespace, names.aws, 'denied');
  const met = undeclared.connections();
  await stand.namespace.kubectl(['delete', 'networkpolicy', '--all']);
  const free = await runNow(stand.namespace, names.aws, 'free');

  expect(declared.succeeded, declared.log).toBe(true);
  expect(denied.succeeded, denied.log).toBe(false);
  expect(met).toBe(0);
  expect(free.succeeded, free.log).toBe(true);
  expect(undeclared.connections()).toBeGreaterThan(0);
});

test('an upgrade puts the policy back', async () => {
  const before = undeclared.connections();
  const { code, stderr } = await stand.install(once);
  const denied = await runNow(stand.namespace, names.aws, 'denied-again');

  expect(code, stderr).toBe(0);
  expect(denied.succeeded, denied.log).toBe(false);
  expect(undeclared.connections()).toBe(before);
});

test('only the proxy reaches API and ingest, and nobody of them the metrics', async () => {
  const questions = [`http://${names.api}/`, `http://${names.ingest}/`, `http://${names.api}:9090/metrics`].map(
    (url) => ({
      url,
    }),
  );
  const proxy = await openClient(stand.namespace, 'client');
  const stranger = await openClient(stand.namespace, 'stranger');

  expect((await proxy.ask(...questions)).map(({ status }) => status > 0)).toEqual([true, true, false]);
  expect((await stranger.ask(...questions)).map(({ status }) => status)).toEqual([0, 0, 0]);
});
