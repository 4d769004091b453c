// The Azure part of the configuration, and the plain variables that stand in for it.
import { describe, expect, test } from 'vitest';
import { toEndpoints } from './clouds.ts';
import { azureConfigFromEnvironment, azureConfigSchema } from './config.ts';

const tenant_id = '11111111-aaaa-4bbb-8ccc-0123456789ab';
const client_id = '22222222-aaaa-4bbb-8ccc-0123456789ab';
const source = { name: 'main', tenant_id, client_id, federated_token_file: '/token' };

function parse(part: Record<string, unknown>) {
  return azureConfigSchema.safeParse({ sources: [{ ...source, ...part }] });
}

test('ids may be written in any case', () => {
  expect(parse({ tenant_id: tenant_id.toUpperCase() }).data?.sources[0]?.tenant_id).toBe(tenant_id);
});

test.for([
  [{ tenant_id: 'contoso.onmicrosoft.com' }, 'tenant_id'],
  [{ client_secret_file: '/secret' }, 'federated_token_file'],
  [{ cloud: 'german' }, 'cloud'],
  [{ cloud: 'custom', arm_endpoint: 'https://management.local.example' }, 'authority_host'],
  [{ arm_endpoint: 'http://management.local.example' }, 'arm_endpoint'],
  [{ arm_endpoint: 'https://management.local.example/path' }, 'arm_endpoint'],
  [{ client_secret: 'planted' }, ''],
] as const)('%o is refused at %s', ([part, key]) => {
  const { error } = parse(part);

  expect(error?.issues.map(({ path }) => path.slice(2).join('.'))).toContain(key);
  expect(JSON.stringify(error?.issues)).not.toContain('planted');
});

test('a source that names neither token nor secret is a workload of AKS, whose token is always mounted at one place', () => {
  expect(parse({ federated_token_file: undefined }).data?.sources[0]?.federated_token_file).toBe(
    '/var/run/secrets/azure/tokens/azure-identity-token',
  );
  expect(parse({ federated_token_file: undefined, client_secret_file: '/secret' }).data?.sources[0]).not.toHaveProperty(
    'federated_token_file',
    expect.anything(),
  );
});

test('two sources of one name are refused', () => {
  expect(azureConfigSchema.safeParse({ sources: [source, source] }).success).toBe(false);
});

test.for([
  ['public', 'https://login.microsoftonline.com', 'https://management.azure.com'],
  ['usgov', 'https://login.microsoftonline.us', 'https://management.usgovcloudapi.net'],
  ['china', 'https://login.chinacloudapi.cn', 'https://management.chinacloudapi.cn'],
] as const)('the cloud %s asks %s for tokens and %s for subscriptions', ([cloud, authority, arm]) => {
  expect(toEndpoints({ cloud })).toEqual({
    authority_host: authority,
    arm_endpoint: arm,
    token_scope: `${arm}/.default`,
  });
});

describe('plain variables', () => {
  const named = { AZURE_TENANT_ID: tenant_id, AZURE_CLIENT_ID: client_id };

  test('of workload identity make one source, in the cloud of their authority', () => {
    const made = azureConfigFromEnvironment({
      ...named,
      AZURE_FEDERATED_TOKEN_FILE: '/token',
      AZURE_AUTHORITY_HOST: 'https://login.microsoftonline.us/',
    });

    expect(azureConfigSchema.parse(made).sources).toMatchObject([{ ...source, cloud: 'usgov' }]);
  });

  test('with a secret file make one too', () => {
    const made = azureConfigFromEnvironment({ ...named, AZURE_CLIENT_SECRET_FILE: '/secret' });

    expect(azureConfigSchema.parse(made).sources).toMatchObject([{ client_secret_file: '/secret', cloud: 'public' }]);
  });

  test.for([{}, named, { AZURE_FEDERATED_TOKEN_FILE: '/token' }])('%o make none', (variables) => {
    expect(azureConfigFromEnvironment(variables)).toBeUndefined();
  });
});
