// What `inventory permissions prometheus` names, held against the requests that are really made.
import { expect, test } from 'vitest';
import { collector } from './collector.ts';
import { read, startPrometheus } from './observe.contract.ts';
import { createPermissions } from './permissions.ts';

test('exactly the requests that are made of the servers that there are, are named', async () => {
  const made = new Set<string>();
  for (const flavour of ['prometheus-3', 'cortex'] as const) {
    const fake = await startPrometheus({ flavour, path_prefix: '/prometheus' });
    await read({ url: fake.url, tenant: 'team-a' });
    for (const { method, path } of fake.requests) made.add(`${method} ${path.replace('/prometheus', '')}`);
  }

  const [permission] = createPermissions(
    collector.config.parse({ endpoints: [{ name: 'main', url: 'https://prometheus.example/' }] }),
  );

  expect(permission).toMatchObject({ scope: 'prometheus:main', url: 'https://prometheus.example' });
  expect(permission?.allow.toSorted()).toEqual([...made].sort());
});
