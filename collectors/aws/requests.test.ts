// One request to AWS: how long its answer may take, and how often it is asked again.
import { DescribeOrganizationCommand, OrganizationsClient } from '@aws-sdk/client-organizations';
import { expect, onTestFinished, test } from 'vitest';
import { contextOf } from '../observe.contract.ts';
import { openSession } from './clients.ts';
import { collector } from './collector.ts';
import { startAws } from './observe.contract.ts';
import { createRequester } from './requests.ts';

test('an answer that begins and does not end is asked for again', async () => {
  const { fake } = await startAws();
  const stalled = fake.faults.plan({ operation: 'DescribeOrganization', times: 1, effect: { kind: 'stall' } });
  const client = new OrganizationsClient({ region: 'us-east-1' });
  onTestFinished(() => client.destroy());
  const { signal } = new AbortController();
  const requester = createRequester({ signal, fetched: () => undefined, bodyTimeoutMs: 100 });
  requester.watch(client);

  const { request } = await requester.ask({ operation: 'organizations:DescribeOrganization' }, (options) =>
    client.send(new DescribeOrganizationCommand({}), options),
  );

  expect(stalled.hits()).toBe(1);
  expect(request).toMatchObject({ http_status: 200, attempts: 2 });
});

test('every client outlasts throttling, paced by what it meets', async () => {
  await startAws();
  const session = await openSession(contextOf(collector, { sources: [{ name: 'main' }] }));
  onTestFinished(() => session.close());

  for (const { config } of [session.organizations, session.sts, session.tagging]) {
    expect(config).toMatchObject({ retryMode: 'adaptive' });
    expect(await config.maxAttempts()).toBe(10);
  }
});
