// What `inventory permissions grafana` names, held against the requests that are really made.
import { expect, test } from 'vitest';
import { collector } from './collector.ts';
import { read, startGrafana } from './observe.contract.ts';
import { createPermissions } from './permissions.ts';

test('exactly the requests that are made are named, for a viewer', async () => {
  const { fake, endpoint } = await startGrafana({ path_prefix: '/grafana' });

  const permissions = createPermissions(collector.config.parse({ endpoints: [endpoint] }));
  await read(endpoint);

  const made = fake.requests.map(({ method, path }) => `${method} ${path.replace('/grafana', '')}`);
  expect(permissions).toMatchObject([
    { scope: 'grafana:main', url: fake.url, service_account: { role: 'Viewer' }, allow: made },
  ]);
});
