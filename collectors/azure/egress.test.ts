// The declared peers are those that the SDKs really ask for, in every cloud.
import { expect, test } from 'vitest';
import { contextOf } from '../observe.contract.ts';
import { hostsAskedFor } from '../refused.contract.ts';
import { cloudNames, toEndpoints } from './clouds.ts';
import { collector } from './collector.ts';
import { findSource } from './config.ts';
import { createCredential } from './credentials.ts';
import { egress } from './egress.ts';
import { subscriptionListing } from './list-subscriptions.ts';

test('every cloud is declared but the one whose endpoints the configuration names', () => {
  expect([...Object.keys(egress.clouds), 'custom']).toEqual(cloudNames);
});

test.for(Object.entries(egress.clouds))('in the cloud %s the declared peers are asked and no other', async ([
  cloud,
  peers,
]) => {
  const federated_token_file = new URL('./egress.ts', import.meta.url).pathname;
  const id = '11111111-aaaa-4bbb-8ccc-0123456789ab';
  const context = contextOf(collector, {
    sources: [{ name: 'main', tenant_id: id, client_id: id, federated_token_file, cloud }],
  });
  const source = findSource(context.config, context.scope);
  const endpoints = toEndpoints(source);
  const credential = { getToken: async () => ({ token: 'none', expiresOnTimestamp: Date.now() + 3_600_000 }) };

  const hosts = await hostsAskedFor(async () => {
    // With instance discovery and without, the login endpoint has different names.
    for (const disable_instance_discovery of [false, true]) {
      const asked = createCredential({ ...source, disable_instance_discovery }, endpoints);
      await asked.getToken(endpoints.token_scope).catch(() => undefined);
    }
    await subscriptionListing({ source, context, endpoints, credential, principal: null }).open()(undefined);
  });

  expect(hosts).toEqual(peers.map(({ host }) => host).sort());
});
