// The AWS configuration: its defaults, what it refuses, and what plain variables make of it.
import { describe, expect, test } from 'vitest';
import { awsConfigFromEnvironment, awsConfigSchema, toScope } from './config.ts';

const role_arn = 'arn:aws:iam::111122223333:role/org-audit';

describe('the configuration', () => {
  test('has one source, main, with safe defaults when nothing is configured', () => {
    const { sources } = awsConfigSchema.parse(undefined);

    expect(sources).toEqual([
      { name: 'main', role_chain: [], tags: true, tree_every: 21_600_000, personal_data: false },
    ]);
    expect(sources.map(toScope)).toEqual(['aws:main']);
  });

  test.for([
    ['30m', 1_800_000],
    ['6h', 21_600_000],
    ['2d', 172_800_000],
  ] as const)('reads %s as a duration', ([tree_every, ms]) => {
    expect(awsConfigSchema.parse({ sources: [{ name: 'main', tree_every }] }).sources[0]?.tree_every).toBe(ms);
  });

  test.for([
    ['no source', { sources: [] }],
    ['two sources of one name', { sources: [{ name: 'main' }, { name: 'main' }] }],
    ['an unknown key', { sources: [{ name: 'main', tag: true }] }],
    ['something else than an organization id', { sources: [{ name: 'main', organization_id: '123' }] }],
    [
      'an ARN that is no role',
      { sources: [{ name: 'main', role_chain: [{ role_arn: 'arn:aws:iam::111122223333:user/x' }] }] },
    ],
    ['an ExternalId of one character', { sources: [{ name: 'main', role_chain: [{ role_arn, external_id: 'x' }] }] }],
    ['a duration AWS refuses', { sources: [{ name: 'main', role_chain: [{ role_arn, duration_seconds: 60 }] }] }],
    [
      'a session name that leaves no room for the run id',
      { sources: [{ name: 'main', role_chain: [{ role_arn, session_name: 'x'.repeat(28) }] }] },
    ],
    ['roles of two partitions', { sources: [{ name: 'main', partition: 'aws-cn', role_chain: [{ role_arn }] }] }],
    [
      'a profile and a web identity',
      { sources: [{ name: 'main', profile: 'a', web_identity: { role_arn, token_file: '/t' } }] },
    ],
    ['a duration without unit', { sources: [{ name: 'main', tree_every: '6' }] }],
    [
      'an endpoint, which only the SDK variables may name',
      { sources: [{ name: 'main', endpoint: 'http://127.0.0.1' }] },
    ],
  ])('refuses %s', ([, config]) => {
    expect(awsConfigSchema.safeParse(config).success).toBe(false);
  });
});

describe('plain variables', () => {
  test('make a role chain of the role that audits the organization', () => {
    const config = awsConfigSchema.parse(awsConfigFromEnvironment({ AWS_ORG_AUDIT_ROLE_ARN: role_arn }));

    expect(config.sources).toMatchObject([{ name: 'main', role_chain: [{ role_arn }] }]);
  });

  test.for([
    'AWS_ACCESS_KEY_ID',
    'AWS_PROFILE',
    'AWS_WEB_IDENTITY_TOKEN_FILE',
    'AWS_CONTAINER_CREDENTIALS_FULL_URI',
  ])('make a source of %s', (name) => {
    expect(awsConfigFromEnvironment({ [name]: 'x' })).toEqual({ sources: [{ name: 'main' }] });
  });

  test('make nothing of a region, an endpoint or empty values alone', () => {
    const variables = { AWS_REGION: 'us-east-1', AWS_ENDPOINT_URL: 'http://127.0.0.1', AWS_PROFILE: '', PATH: '/bin' };

    expect(awsConfigFromEnvironment(variables)).toBeUndefined();
  });
});
