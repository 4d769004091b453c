// The declared peers are those that the SDK is pointed at and the token services that its credentials really ask for.
import { once } from 'node:events';
import { createServer } from 'node:http';
import { expect, onTestFinished, test, vi } from 'vitest';
import { contextOf } from '../observe.contract.ts';
import { hostsAskedFor } from '../refused.contract.ts';
import { openSession } from './clients.ts';
import { collector } from './collector.ts';
import { egress } from './egress.ts';
import { writeFile, writeKeyFile } from './observe.contract.ts';

const declared = egress.clouds['googleapis.com']?.map(({ host }) => host);
const open = (source: Record<string, unknown>) =>
  openSession(contextOf(collector, { sources: [{ name: 'main', root: 'organizations/1', ...source }] }));

/** A federation file; the subject's token is exchanged where `token_url` says. */
const federation = (token_url: string) =>
  writeFile({
    type: 'external_account',
    audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/clusters/providers/c',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url,
    credential_source: { file: writeFile('token') },
  });

/** A token service on loopback, so that what comes after a token is reached. */
async function openTokenService(): Promise<string> {
  const server = createServer((_request, response) => {
    const token = { access_token: 'none', expires_in: 3600, token_type: 'Bearer' };
    const body = { ...token, issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' };
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const address = server.address();
  return `http://127.0.0.1:${typeof address === 'object' ? address?.port : ''}/v1/token`;
}

// gRPC resolves names itself, so its host is read off the clients.
test('together the clients and the credentials ask for the declared peers and no other', async () => {
  vi.stubEnv('METADATA_SERVER_DETECTION', 'none');
  const session = await open({ credentials_file: writeKeyFile() });
  const clients = [session.projects, session.folders, session.organizations].map(({ apiEndpoint }) => apiEndpoint);
  await session.close();

  const impersonate = 'reader@tools.iam.gserviceaccount.com';
  const tokens = await openTokenService();
  const asked = await hostsAskedFor(async () => {
    await open({ credentials_file: federation('https://sts.googleapis.com/v1/token') }).catch(() => undefined);
    await open({ credentials_file: federation(tokens), impersonate }).catch(() => undefined);
    await open({ credentials_file: writeKeyFile(), impersonate }).catch(() => undefined);
  });

  expect([...new Set([...clients, ...asked])].sort()).toEqual(declared?.toSorted());
});
