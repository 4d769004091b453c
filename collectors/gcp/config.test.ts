// The GCP configuration: its defaults, what it refuses, and what plain variables make of it.
import { describe, expect, test } from 'vitest';
import { gcpConfigFromEnvironment, gcpConfigSchema, toScope } from './config.ts';

const root = 'organizations/123456789012';

describe('the configuration', () => {
  test('needs a root, and walks every six hours unless told otherwise', () => {
    const { sources } = gcpConfigSchema.parse({ sources: [{ name: 'corp', root }] });

    expect(sources).toEqual([{ name: 'corp', root, tree_every: 21_600_000 }]);
    expect(sources.map(toScope)).toEqual(['gcp:corp']);
  });

  test('takes a folder as root, and a loopback endpoint without TLS', () => {
    const source = {
      name: 'corp',
      root: 'folders/1',
      endpoint: 'http://127.0.0.1:1234',
      iam_endpoint: 'https://iam.internal',
    };

    expect(gcpConfigSchema.parse({ sources: [source] }).sources[0]).toMatchObject(source);
  });

  test.for([
    ['nothing', undefined],
    ['no source', { sources: [] }],
    ['a source without a root', { sources: [{ name: 'main' }] }],
    [
      'two sources of one name',
      {
        sources: [
          { name: 'main', root },
          { name: 'main', root },
        ],
      },
    ],
    ['an unknown key', { sources: [{ name: 'main', root, tags: true }] }],
    ['a bare number as root', { sources: [{ name: 'main', root: '123456789012' }] }],
    ['a project as root', { sources: [{ name: 'main', root: 'projects/1' }] }],
    ['a service account without a domain', { sources: [{ name: 'main', root, impersonate: 'reader' }] }],
    ['an endpoint that would show tokens', { sources: [{ name: 'main', root, endpoint: 'http://example.com' }] }],
    ['an endpoint with a path', { sources: [{ name: 'main', root, endpoint: 'https://example.com/v3' }] }],
    ['an endpoint with a password', { sources: [{ name: 'main', root, endpoint: 'https://a:b@example.com' }] }],
    ['a duration without unit', { sources: [{ name: 'main', root, tree_every: '6' }] }],
  ])('refuses %s', ([, config]) => {
    expect(gcpConfigSchema.safeParse(config).success).toBe(false);
  });
});

describe('plain variables', () => {
  test.for([
    [{ GCP_ROOT: root }, root],
    [{ GCP_ORGANIZATION: root }, root],
    [{ GCP_ORGANIZATION: '123456789012' }, root],
    [{ GCP_ROOT: 'folders/7', GCP_ORGANIZATION: '123456789012' }, 'folders/7'],
  ] as const)('%o name the root %s', ([variables, named]) => {
    expect(gcpConfigSchema.parse(gcpConfigFromEnvironment(variables)).sources).toMatchObject([
      { name: 'main', root: named },
    ]);
  });

  test('name file, service account, quota project and universe', () => {
    const config = gcpConfigFromEnvironment({
      GCP_ROOT: root,
      GOOGLE_APPLICATION_CREDENTIALS: '/etc/inventory/gcp.json',
      GOOGLE_IMPERSONATE_SERVICE_ACCOUNT: 'reader@tools.iam.gserviceaccount.com',
      GOOGLE_CLOUD_QUOTA_PROJECT: 'tools-project',
      GOOGLE_CLOUD_UNIVERSE_DOMAIN: 'apis.example',
    });

    expect(gcpConfigSchema.parse(config).sources).toEqual([
      {
        name: 'main',
        root,
        credentials_file: '/etc/inventory/gcp.json',
        impersonate: 'reader@tools.iam.gserviceaccount.com',
        quota_project: 'tools-project',
        universe_domain: 'apis.example',
        tree_every: 21_600_000,
      },
    ]);
  });

  test('make nothing of credentials alone, for they do not say what to read', () => {
    expect(gcpConfigFromEnvironment({ GOOGLE_APPLICATION_CREDENTIALS: '/etc/x.json', GCP_ROOT: '' })).toBeUndefined();
  });
});
