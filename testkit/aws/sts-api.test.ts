// Tests of the fake's STS and Pod Identity with the bare SDK: roles, web identities, expiry.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DescribeOrganizationCommand, ListAccountsCommand, OrganizationsClient } from '@aws-sdk/client-organizations';
import { AssumeRoleCommand, AssumeRoleWithWebIdentityCommand, GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { fromHttp, fromTemporaryCredentials, fromTokenFile } from '@aws-sdk/credential-providers';
import { describe, expect, onTestFinished, test, vi } from 'vitest';
import { secretMarker } from '../secrets.ts';
import { createOrganization } from './create-organization.ts';
import type { AwsFake } from './fake.ts';
import { organizationsClient, startFake, startOrganization, stsClient, toCredentials } from './sdk-for-tests.ts';
import { podIdentityAudience } from './web-identity.ts';

const hub = 'arn:aws:iam::111122223333:role/hub';
const subject = 'system:serviceaccount:inventory:collector';
const externalId = `${secretMarker}-external-id`;

/** The management account's audit role, trusted to the hub role and to the management account's own users. */
async function startWithRoles() {
  const started = await startOrganization();
  const audit = `arn:aws:iam::${started.organization.management_account_id}:role/audit/org-audit`;
  started.fake.addRole({ arn: hub, trusts: [], web_identity: { subject }, pod_identity: { subject } });
  started.fake.addRole({
    arn: audit,
    trusts: [hub, started.organization.management_account_id],
    external_id: externalId,
    max_session_seconds: 43_200,
  });
  return { ...started, audit, sts: stsClient(started.fake, started.keys) };
}

async function writeToken(token: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'web-token-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'token');
  await writeFile(file, token);
  return file;
}

/** The nested STS clients of the providers take their endpoint from here, not from the outer client. */
function stsSettings(fake: AwsFake) {
  return { clientConfig: { region: 'eu-central-1', endpoint: fake.url, maxAttempts: 1 } };
}

describe('keys', () => {
  test('the caller is told who it is, in any region', async () => {
    const { fake, keys, organization } = await startOrganization();

    const answer = await stsClient(fake, keys, { region: 'eu-west-1' }).send(new GetCallerIdentityCommand({}));

    expect(answer).toMatchObject({
      Account: organization.management_account_id,
      Arn: `arn:aws:iam::${organization.management_account_id}:user/inventory`,
    });
    expect(answer.$metadata.requestId).toBe(fake.requests[0]?.request_id);
  });

  test('unknown keys, and keys with a wrong secret or session, are refused as each service does', async () => {
    const { fake, keys } = await startOrganization();
    const unknown = { ...keys, access_key_id: 'AKIAUNKNOWN' };
    const wrongSecret = { ...keys, secret_access_key: 'wrong' };
    const strayToken = { ...keys, session_token: 'stray' };
    const describeWith = (held: typeof unknown) =>
      organizationsClient(fake, held).send(new DescribeOrganizationCommand({}));
    const identifyWith = (held: typeof unknown) => stsClient(fake, held).send(new GetCallerIdentityCommand({}));

    await expect(describeWith(unknown)).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
    await expect(describeWith(strayToken)).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
    await expect(describeWith(wrongSecret)).rejects.toMatchObject({ name: 'InvalidSignatureException' });
    await expect(identifyWith(unknown)).rejects.toMatchObject({ name: 'InvalidClientTokenId' });
    await expect(identifyWith(wrongSecret)).rejects.toMatchObject({
      name: 'SignatureDoesNotMatch',
      $metadata: { httpStatusCode: 403 },
    });
  });

  test('an unsigned request is refused', async () => {
    const { fake } = await startOrganization();

    const answer = await fetch(fake.url, {
      method: 'POST',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'AWSOrganizationsV20161128.ListAccounts',
      },
      body: '{}',
    });

    expect(await answer.json()).toMatchObject({ __type: 'MissingAuthenticationTokenException' });
    expect(answer.headers.get('x-amzn-requestid')).toBe(fake.requests[0]?.request_id);
    expect(answer.headers.get('date')).not.toBeNull();
  });

  test.for([
    ['aws', 'us-east-1', 'eu-central-1'],
    ['aws-cn', 'cn-northwest-1', 'cn-north-1'],
    ['aws-us-gov', 'us-gov-west-1', 'us-gov-east-1'],
    ['aws-eusc', 'eusc-de-east-1', undefined],
  ] as const)('in %s, Organizations wants signatures for %s', async ([partition, right, wrong]) => {
    const organization = createOrganization({ id: 'o-exampleorg1', partition });
    const fake = await startFake({ organizations: [organization] });
    const keys = fake.addUser(organization.management_account_id);
    const describeIn = (region: string) =>
      organizationsClient(fake, keys, { region }).send(new DescribeOrganizationCommand({}));

    const answer = await describeIn(right);

    expect(answer.Organization?.Arn).toMatch(new RegExp(`^arn:${partition}:organizations::`));
    if (wrong !== undefined) {
      await expect(describeIn(wrong)).rejects.toMatchObject({ name: 'InvalidSignatureException' });
    }
    await expect(describeIn('us-iso-east-1')).rejects.toMatchObject({ name: 'UnrecognizedClientException' });
  });
});

describe('AssumeRole', () => {
  const name = { RoleSessionName: 'run-1' };

  test('a session acts for the role, for an hour', async () => {
    const { fake, sts, audit, organization } = await startWithRoles();

    const answer = await sts.send(new AssumeRoleCommand({ RoleArn: audit, ExternalId: externalId, ...name }));
    const session = {
      access_key_id: answer.Credentials?.AccessKeyId ?? '',
      secret_access_key: answer.Credentials?.SecretAccessKey ?? '',
      session_token: answer.Credentials?.SessionToken ?? '',
    };
    const who = await stsClient(fake, session).send(new GetCallerIdentityCommand({}));

    expect(who.Arn).toBe(`arn:aws:sts::${organization.management_account_id}:assumed-role/org-audit/run-1`);
    const life = (answer.Credentials?.Expiration?.getTime() ?? 0) - Date.now();
    expect(life / 60_000).toBeCloseTo(60, 0);
    await organizationsClient(fake, session).send(new ListAccountsCommand({}));
    const secrets = [session.secret_access_key, session.session_token, externalId];
    expect(fake.secrets()).toEqual(expect.arrayContaining(secrets));
    expect(fake.secrets().every((secret) => secret.includes(secretMarker))).toBe(true);
  });

  test.for([
    ['a wrong external id', { ExternalId: 'guess' }, 'AccessDenied'],
    ['no external id', { ExternalId: undefined }, 'AccessDenied'],
    ['a role that does not exist', { RoleArn: 'arn:aws:iam::111122223333:role/none' }, 'AccessDenied'],
    ['a role that trusts somebody else', { RoleArn: hub }, 'AccessDenied'],
    ['a role of another partition', { RoleArn: 'arn:aws-cn:iam::111122223333:role/hub' }, 'ValidationError'],
    ['something that is no role', { RoleArn: 'arn:aws:iam::111122223333:user/hub' }, 'ValidationError'],
    ['under 15 minutes', { DurationSeconds: 899 }, 'ValidationError'],
    ['over 12 hours', { DurationSeconds: 43_201 }, 'ValidationError'],
    ['an external id of one character', { ExternalId: 'x' }, 'ValidationError'],
    ['a session name with a space', { RoleSessionName: 'run 1' }, 'ValidationError'],
    ['a session name of 65 characters', { RoleSessionName: 'x'.repeat(65) }, 'ValidationError'],
    ['a source identity with a space', { SourceIdentity: 'a b' }, 'ValidationError'],
  ] as const)('%s is refused', async ([, change, code]) => {
    const { sts, audit } = await startWithRoles();

    const call = sts.send(new AssumeRoleCommand({ RoleArn: audit, ExternalId: externalId, ...name, ...change }));

    await expect(call).rejects.toMatchObject({
      name: code,
      $metadata: { httpStatusCode: code === 'AccessDenied' ? 403 : 400 },
    });
  });

  test('more than the role allows is refused', async () => {
    const { fake, sts, organization } = await startWithRoles();
    const short = 'arn:aws:iam::111122223333:role/short';
    fake.addRole({ arn: short, trusts: [organization.management_account_id] });

    const call = sts.send(new AssumeRoleCommand({ RoleArn: short, DurationSeconds: 3601, ...name }));

    await expect(call).rejects.toThrow('MaxSessionDuration');
  });

  test('twelve hours are granted to a user and refused to a session', async () => {
    const { fake, sts, audit } = await startWithRoles();
    const input = { RoleArn: audit, ExternalId: externalId, DurationSeconds: 43_200, ...name };
    fake.addRole({
      arn: audit,
      trusts: [audit, fake.world.roles.get(audit)?.trusts[1] ?? ''],
      max_session_seconds: 43_200,
    });

    const first = await sts.send(new AssumeRoleCommand(input));
    const session = {
      access_key_id: first.Credentials?.AccessKeyId ?? '',
      secret_access_key: first.Credentials?.SecretAccessKey ?? '',
      session_token: first.Credentials?.SessionToken ?? '',
    };
    const chained = stsClient(fake, session);

    await expect(chained.send(new AssumeRoleCommand(input))).rejects.toThrow('role chaining');
    await chained.send(new AssumeRoleCommand({ ...input, DurationSeconds: 3600 }));
  });

  test('a source identity stays for the rest of the chain', async () => {
    const { fake, sts, audit, organization } = await startWithRoles();
    fake.addRole({ arn: audit, trusts: [organization.management_account_id] });
    const first = await sts.send(new AssumeRoleCommand({ RoleArn: audit, SourceIdentity: 'inventory', ...name }));
    const chained = stsClient(fake, {
      access_key_id: first.Credentials?.AccessKeyId ?? '',
      secret_access_key: first.Credentials?.SecretAccessKey ?? '',
      session_token: first.Credentials?.SessionToken ?? '',
    });

    const kept = await chained.send(new AssumeRoleCommand({ RoleArn: audit, ...name }));
    const changed = chained.send(new AssumeRoleCommand({ RoleArn: audit, SourceIdentity: 'other', ...name }));

    expect([first.SourceIdentity, kept.SourceIdentity]).toEqual(['inventory', 'inventory']);
    await expect(changed).rejects.toMatchObject({ name: 'AccessDenied' });
  });

  test('a role that forbids source identities refuses one', async () => {
    const { fake, sts, audit, organization } = await startWithRoles();
    fake.addRole({ arn: audit, trusts: [organization.management_account_id], allows_source_identity: false });

    const call = sts.send(new AssumeRoleCommand({ RoleArn: audit, SourceIdentity: 'inventory', ...name }));

    await expect(call).rejects.toMatchObject({ name: 'AccessDenied' });
  });
});

describe('web identity', () => {
  const input = { RoleArn: hub, RoleSessionName: 'run-1' };

  test("a service account's token opens the role that trusts it", async () => {
    const { fake, sts } = await startWithRoles();
    const token = fake.issueWebToken({ subject });

    const answer = await sts.send(new AssumeRoleWithWebIdentityCommand({ ...input, WebIdentityToken: token }));

    expect(answer).toMatchObject({ SubjectFromWebIdentityToken: subject, Audience: 'sts.amazonaws.com' });
  });

  test.for([
    ['expired', { lives_seconds: -1 }, 'ExpiredTokenException'],
    ['for another audience', { audience: 'vault' }, 'InvalidIdentityTokenException'],
    ['signed by somebody else', { forged: true }, 'InvalidIdentityTokenException'],
    ['of an unknown issuer', { issuer: 'https://example.com' }, 'InvalidIdentityTokenException'],
    ['of another service account', { subject: 'system:serviceaccount:default:default' }, 'AccessDenied'],
  ] as const)('a token that is %s is refused', async ([, change, code]) => {
    const { fake, sts } = await startWithRoles();
    const token = fake.issueWebToken({ subject, ...change });

    const call = sts.send(new AssumeRoleWithWebIdentityCommand({ ...input, WebIdentityToken: token }));

    await expect(call).rejects.toMatchObject({ name: code });
  });

  test('a token that is no JWT is refused', async () => {
    const { sts } = await startWithRoles();

    const call = sts.send(new AssumeRoleWithWebIdentityCommand({ ...input, WebIdentityToken: 'garbage' }));

    await expect(call).rejects.toMatchObject({ name: 'InvalidIdentityTokenException' });
  });

  test('from a token file through a hub role the SDK reaches the organization', async () => {
    const { fake, keys, audit } = await startWithRoles();
    const webIdentityTokenFile = await writeToken(fake.issueWebToken({ subject }));
    const hubCredentials = fromTokenFile({ webIdentityTokenFile, roleArn: hub, ...stsSettings(fake) });
    const credentials = fromTemporaryCredentials({
      masterCredentials: hubCredentials,
      params: { RoleArn: audit, ExternalId: externalId, RoleSessionName: 'run-1' },
      ...stsSettings(fake),
    });

    const answer = await organizationsClient(fake, keys, { credentials }).send(new ListAccountsCommand({}));

    expect(answer.Accounts).toHaveLength(20);
    expect(fake.requests.map((request) => request.operation)).toEqual([
      'AssumeRoleWithWebIdentity',
      'AssumeRole',
      'ListAccounts',
    ]);
  });
});

describe('the default chain', () => {
  test('AWS_ENDPOINT_URL and the variables of a cluster lead every client to the fake', async () => {
    const { fake, organization } = await startWithRoles();
    const audit = `arn:aws:iam::${organization.management_account_id}:role/by-token`;
    fake.addRole({ arn: audit, trusts: [], web_identity: { subject } });
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    vi.stubEnv('AWS_ENDPOINT_URL', fake.url);
    vi.stubEnv('AWS_REGION', 'us-east-1');
    vi.stubEnv('AWS_ROLE_ARN', audit);
    vi.stubEnv('AWS_WEB_IDENTITY_TOKEN_FILE', await writeToken(fake.issueWebToken({ subject })));
    const client = new OrganizationsClient({});
    onTestFinished(() => client.destroy());

    await client.send(new ListAccountsCommand({}));

    expect(fake.requests.map((request) => request.operation)).toEqual(['AssumeRoleWithWebIdentity', 'ListAccounts']);
  });
});

describe('Pod Identity', () => {
  test('the token file opens the associated role', async () => {
    const { fake, keys } = await startWithRoles();
    const file = await writeToken(fake.issueWebToken({ subject, audience: podIdentityAudience }));
    const credentials = fromHttp({
      awsContainerCredentialsFullUri: fake.pod_identity_url,
      awsContainerAuthorizationTokenFile: file,
    });

    const answer = await stsClient(fake, keys, { credentials }).send(new GetCallerIdentityCommand({}));

    expect(answer.Arn).toBe('arn:aws:sts::111122223333:assumed-role/hub/eks-fake-pod');
  });

  test.for([
    ['expired', { subject, audience: podIdentityAudience, lives_seconds: -1 }, 400],
    ['for STS', { subject }, 400],
    ['of another service account', { subject: 'system:serviceaccount:a:b', audience: podIdentityAudience }, 404],
  ] as const)('a token that is %s is refused', async ([, plan, status]) => {
    const { fake } = await startWithRoles();
    const credentials = fromHttp({
      awsContainerCredentialsFullUri: fake.pod_identity_url,
      awsContainerAuthorizationToken: fake.issueWebToken(plan),
      maxRetries: 0,
    });

    await expect(credentials()).rejects.toThrow(`status: ${status}`);
  });
});

describe('the life of credentials', () => {
  test('a session that has expired is refused by both services', async () => {
    const { fake, sts, audit } = await startWithRoles();
    const answer = await sts.send(
      new AssumeRoleCommand({ RoleArn: audit, ExternalId: externalId, RoleSessionName: 'run-1' }),
    );
    const session = {
      access_key_id: answer.Credentials?.AccessKeyId ?? '',
      secret_access_key: answer.Credentials?.SecretAccessKey ?? '',
      session_token: answer.Credentials?.SessionToken ?? '',
    };

    fake.expireSessions();

    const listing = organizationsClient(fake, session).send(new ListAccountsCommand({}));
    const identity = stsClient(fake, session).send(new GetCallerIdentityCommand({}));
    await expect(listing).rejects.toMatchObject({ name: 'ExpiredTokenException' });
    await expect(identity).rejects.toMatchObject({ name: 'ExpiredToken' });
  });

  test('credentials that live for four minutes only are fetched again for every call', async () => {
    const { fake, keys, audit } = await startWithRoles();
    fake.behaviour.session_seconds = 240;
    const credentials = fromTemporaryCredentials({
      masterCredentials: toCredentials(keys),
      params: { RoleArn: audit, ExternalId: externalId, RoleSessionName: 'run-1' },
      ...stsSettings(fake),
    });
    const client = organizationsClient(fake, keys, { credentials });

    await client.send(new ListAccountsCommand({}));
    await client.send(new ListAccountsCommand({}));

    const assumed = fake.requests.filter((request) => request.operation === 'AssumeRole');
    expect(assumed.length).toBeGreaterThanOrEqual(2);
  });
});
