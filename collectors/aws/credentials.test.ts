// Every way to give the AWS collector its keys, against the fake's STS and Pod Identity agent.
import { rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { describeError } from '#core/redact.ts';
import { createOrganization } from '#testkit/aws/create-organization.ts';
import { podIdentityAudience } from '#testkit/aws/web-identity.ts';
import { secretMarker } from '#testkit/secrets.ts';
import type { Observed } from '../observe.contract.ts';
import { observe, startAws, useEnvironment, useKeys } from './observe.contract.ts';

const subject = 'system:serviceaccount:inventory:collector';
const hub = 'arn:aws:iam::111122223333:role/hub';
const middle = 'arn:aws:iam::444455556666:role/middle';
const externalId = `${secretMarker}-external-id`;

/** The management account's audit role, reached from its own users, from the hub, and from the role in the middle. */
async function startWithRoles(options: Parameters<typeof startAws>[0] = {}) {
  const started = await startAws(options);
  const audit = `arn:aws:iam::${started.organization.management_account_id}:role/audit/org-audit`;
  const trusts = [hub, middle, started.organization.management_account_id];
  started.fake.addRole({
    arn: hub,
    trusts: [],
    web_identity: { subject },
    pod_identity: { subject },
    max_session_seconds: 43_200,
  });
  started.fake.addRole({ arn: middle, trusts: [hub], external_id: externalId, max_session_seconds: 43_200 });
  started.fake.addRole({ arn: audit, trusts, external_id: externalId, max_session_seconds: 43_200 });
  return { ...started, audit };
}

async function writeTemporary(content: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'aws-credentials-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'file');
  await writeFile(file, content);
  return file;
}

function expectWhole(read: Observed): void {
  expect(read.error).toBeUndefined();
  expect(read.skipped).toEqual([]);
  expect(read.accounts.size).toBe(45);
}

describe('base identities', () => {
  test('IRSA by its variables', async () => {
    const { fake, audit } = await startWithRoles();
    const AWS_WEB_IDENTITY_TOKEN_FILE = await writeTemporary(fake.issueWebToken({ subject }));
    useEnvironment(fake, { AWS_WEB_IDENTITY_TOKEN_FILE, AWS_ROLE_ARN: hub, AWS_REGION: 'eu-central-1' });

    const read = await observe({ source: { role_chain: [{ role_arn: audit, external_id: externalId }] } });

    expectWhole(read);
    expect(read.requests.slice(0, 3).map(({ operation }) => operation)).toEqual([
      'sts:AssumeRoleWithWebIdentity',
      'sts:AssumeRole',
      'sts:GetCallerIdentity',
    ]);
  });

  test('Pod Identity', async () => {
    const { fake, audit } = await startWithRoles();
    const token = await writeTemporary(fake.issueWebToken({ subject, audience: podIdentityAudience }));
    useEnvironment(fake, {
      AWS_CONTAINER_CREDENTIALS_FULL_URI: fake.pod_identity_url,
      AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE: token,
      AWS_REGION: 'eu-central-1',
    });

    const read = await observe({ source: { role_chain: [{ role_arn: audit, external_id: externalId }] } });

    expectWhole(read);
  });

  test('a profile', async () => {
    const { fake, keys } = await startWithRoles();
    const config = `[profile audit]\nregion = eu-west-1\naws_access_key_id = ${keys.access_key_id}\naws_secret_access_key = ${keys.secret_access_key}\n`;
    useEnvironment(fake, { AWS_CONFIG_FILE: await writeTemporary(config) });

    const read = await observe({ source: { profile: 'audit' } });

    expectWhole(read);
    expect(fake.requests[0]?.region).toBe('eu-west-1');
  });

  test('a profile with a role, whose session carries the run id too', async () => {
    const { fake, keys, audit } = await startWithRoles();
    const config = [
      '[profile base]',
      `aws_access_key_id = ${keys.access_key_id}`,
      `aws_secret_access_key = ${keys.secret_access_key}`,
      '[profile audit]',
      'source_profile = base',
      `role_arn = ${audit}`,
      `external_id = ${externalId}`,
    ].join('\n');
    useEnvironment(fake, { AWS_CONFIG_FILE: await writeTemporary(config) });
    const run_id = '018f0f5e-0000-7000-8000-000000000001';

    const read = await observe({ source: { profile: 'audit' }, run_id });

    expectWhole(read);
    expect(fake.requests[0]?.input).toMatchObject({ RoleArn: audit, RoleSessionName: `inventory-${run_id}` });
  });

  test('nothing configured names the three ways to give credentials', async () => {
    const { fake } = await startAws();
    useEnvironment(fake, {});

    const read = await observe();

    expect(read.error).toMatchObject({
      code: 'no_credentials',
      message: expect.stringMatching(/IRSA.*profile.*AWS_ACCESS_KEY_ID/),
    });
    expect(read.requests).toEqual([]);
  });

  test('a token file that has gone when the session is renewed is named too', async () => {
    const { fake } = await startWithRoles();
    useEnvironment(fake, {});
    const token_file = await writeTemporary(fake.issueWebToken({ subject }));
    const expire = () => rmSync(token_file, { force: true });
    fake.faults.plan({ operation: 'GetCallerIdentity', effect: { kind: 'mutate', mutate: expire } });
    fake.faults.plan({ operation: 'GetCallerIdentity', effect: { kind: 'expired_credentials' } });

    const read = await observe({ source: { web_identity: { role_arn: hub, token_file } } });

    expect(read.error).toMatchObject({ name: 'ProviderError', code: 'no_token_file' });
  });

  test('a token file that is not there is named, not taken for a lost connection', async () => {
    const { fake } = await startWithRoles();
    useEnvironment(fake, {});

    const read = await observe({ source: { web_identity: { role_arn: hub, token_file: '/does/not/exist' } } });

    expect(read.error).toMatchObject({ code: 'no_token_file', message: expect.stringContaining('token_file') });
  });

  test('a service account that the role does not trust is told what the trust policy must name', async () => {
    const { fake } = await startWithRoles();
    const token_file = await writeTemporary(fake.issueWebToken({ subject: 'system:serviceaccount:inventory:default' }));
    useEnvironment(fake, {});

    const read = await observe({ source: { web_identity: { role_arn: hub, token_file } } });

    expect(read.error).toMatchObject({
      code: 'access_denied',
      message: expect.stringMatching(/sts:AssumeRoleWithWebIdentity.*OIDC provider and this service account/),
    });
  });

  test('unknown keys are named as such', async () => {
    const { fake, keys } = await startAws();
    useKeys(fake, { ...keys, access_key_id: 'AKIAUNKNOWN' });

    const read = await observe();

    expect(read.error).toMatchObject({ code: 'invalid_credentials' });
  });
});

describe('a role chain', () => {
  test('of three is clamped to an hour from the first role that is assumed by a role', async () => {
    const { fake, audit } = await startWithRoles();
    useKeys(fake, fake.addUser('111122223333'));
    fake.addRole({ arn: hub, trusts: ['111122223333'], max_session_seconds: 43_200 });
    const run_id = '018f0f5e-0000-7000-8000-000000000001';
    const duration_seconds = 43_200;

    const read = await observe({
      run_id,
      source: {
        role_chain: [
          { role_arn: hub, duration_seconds },
          { role_arn: middle, external_id: externalId, duration_seconds, source_identity: 'inventory' },
          { role_arn: audit, external_id: externalId, duration_seconds, session_name: 'audit' },
        ],
      },
    });

    expectWhole(read);
    const assumed = fake.requests.filter(({ operation }) => operation === 'AssumeRole').map(({ input }) => input);
    expect(assumed.map((input) => Number(input['DurationSeconds']))).toEqual([43_200, 3600, 3600]);
    expect(assumed.map((input) => input['RoleSessionName'])).toEqual([
      `inventory-${run_id}`,
      `inventory-${run_id}`,
      `audit-${run_id}`,
    ]);
    expect(read.requests.at(-1)?.principal).toContain(`assumed-role/org-audit/audit-${run_id}`);
  });

  test('after a web identity is clamped from its first hop on', async () => {
    const { fake, audit } = await startWithRoles();
    const token_file = await writeTemporary(fake.issueWebToken({ subject }));
    useEnvironment(fake, {});

    const read = await observe({
      source: {
        web_identity: { role_arn: hub, token_file },
        role_chain: [{ role_arn: audit, external_id: externalId, duration_seconds: 7200 }],
      },
    });

    expectWhole(read);
    const assumed = fake.requests.find(({ operation }) => operation === 'AssumeRole');
    expect(Number(assumed?.input['DurationSeconds'])).toBe(3600);
  });

  test('assumes each role once for all clients', async () => {
    const { fake, audit } = await startWithRoles();

    await observe({ source: { role_chain: [{ role_arn: audit, external_id: externalId }] } });

    expect(fake.requests.filter(({ operation }) => operation === 'AssumeRole')).toHaveLength(1);
  });

  test.for([{ external_id: 'not-the-right-one' }, {}])('with a wrong ExternalId fails: %o', async (hop) => {
    const { fake, audit } = await startWithRoles();

    const read = await observe({ source: { role_chain: [{ role_arn: audit, ...hop }] } });

    expect(read.error).toMatchObject({
      code: 'access_denied',
      message: expect.stringMatching(/sts:AssumeRole.*ExternalId/),
    });
    expect(read.observations).toEqual([]);
    expect(fake.requests.map(({ operation }) => operation)).toEqual(['AssumeRole']);
  });

  test('is renewed, hop by hop and with the rotated token, when its sessions end in the middle of the run', async () => {
    const { fake, audit } = await startWithRoles({ behaviour: { empty_page_ratio: 0 } });
    const token_file = await writeTemporary(fake.issueWebToken({ subject }));
    const rotated = fake.issueWebToken({ subject, lives_seconds: 4000 });
    useEnvironment(fake, {});
    const mutate = () => {
      writeFileSync(token_file, rotated);
      fake.expireSessions();
    };
    fake.faults.plan({ operation: 'ListAccounts', page: 2, times: 1, effect: { kind: 'mutate', mutate } });

    const read = await observe({
      source: {
        web_identity: { role_arn: hub, token_file },
        role_chain: [{ role_arn: audit, external_id: externalId }],
      },
    });

    expectWhole(read);
    const identities = fake.requests.filter(({ operation }) => operation === 'AssumeRoleWithWebIdentity');
    expect(identities).toHaveLength(2);
    expect(identities[1]?.input['WebIdentityToken']).toBe(rotated);
    expect(read.requests.filter(({ http_status }) => http_status !== 200).length).toBeGreaterThan(0);
  });

  test('is renewed at half its life when sessions are shorter than the margin, not on every call', async () => {
    let minutes = 0;
    const { fake, audit } = await startWithRoles({ behaviour: { empty_page_ratio: 0, session_seconds: 240 } });

    const read = await observe({
      now: () => new Date(Date.now() + minutes * 60_000),
      source: { role_chain: [{ role_arn: audit, external_id: externalId }] },
      each: ({ kind }) => {
        if (kind === 'org_node') minutes = 3;
      },
    });

    expectWhole(read);
    expect(fake.requests.filter(({ operation }) => operation === 'AssumeRole')).toHaveLength(2);
    expect(read.requests.every(({ http_status }) => http_status === 200)).toBe(true);
  });
});

describe.for([
  { partition: 'aws-cn', region: 'cn-north-1', endpointRegion: 'cn-northwest-1', residency: 'cn' },
  { partition: 'aws-us-gov', region: 'us-gov-east-1', endpointRegion: 'us-gov-west-1', residency: 'us-gov' },
  { partition: 'aws-eusc', region: 'eusc-de-east-1', endpointRegion: 'eusc-de-east-1', residency: 'eusc' },
] as const)('the partition $partition', ({ partition, region, endpointRegion, residency }) => {
  test('is asked in its own regions and named in every record', async () => {
    const organization = createOrganization({ id: 'o-exampleorg1', accounts: 6, partition });
    const { fake } = await startAws({ organizations: [organization] });
    useKeys(fake, fake.addUser(organization.management_account_id), region);

    const read = await observe();

    expect(read.error).toBeUndefined();
    expect(read.accounts.size).toBe(6);
    for (const account of read.accounts.values())
      expect(account).toMatchObject({ partition, region_residency: residency });
    const regionsOf = (service: string) =>
      new Set(fake.requests.filter((entry) => entry.service === service).map((entry) => entry.region));
    expect(regionsOf('sts')).toEqual(new Set([region]));
    expect(regionsOf('organizations')).toEqual(new Set([endpointRegion]));
    expect(regionsOf('tagging')).toEqual(new Set([endpointRegion]));
  });
});

test('no secret reaches what is yielded, recorded or logged', async () => {
  const { fake, audit } = await startWithRoles();
  const token_file = await writeTemporary(fake.issueWebToken({ subject }));
  useEnvironment(fake, {});
  const source = {
    web_identity: { role_arn: hub, token_file },
    role_chain: [{ role_arn: audit, external_id: externalId }],
  };

  const good = await observe({ source });
  fake.faults.plan({
    operation: 'ListAccounts',
    effect: { kind: 'error', code: 'AccessDeniedException', message: `token=${fake.secrets().at(-1)}` },
  });
  const bad = await observe({ source });

  const output = JSON.stringify([good, bad, String(bad.error), describeError(bad.error)]);
  for (const secret of fake.secrets()) expect(output.includes(secret)).toBe(false);
});
