// What Argo CD is given: by its own schemas, by the chart that it renders, and with what nobody has filled in yet.
import { glob, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { parse, stringify } from 'yaml';
import { z } from 'zod';
import { fillIn, findCrds, openValidator, placeholders, readDocument } from './argo-cd.ts';
import { type KubernetesObject, ofKind, render, scenarios, templateFile } from './chart.ts';
import { root } from './inventory.ts';
import { isMissing } from './tool.ts';

const values = 'spec.source.helm.valuesObject';
const filled = {
  'project.yaml': { 'spec.sourceRepos.0': 'oci://registry.example/charts/asset-inventory' },
  'application.yaml': {
    'spec.source.repoURL': 'oci://registry.example/charts/asset-inventory',
    [`${values}.postgres.host`]: 'inventory.cluster-abc.eu-central-1.rds.amazonaws.com',
    [`${values}.postgres.network.cidrs.0`]: '10.20.0.0/20',
    [`${values}.authProxy.issuerUrl`]: 'https://idp.example',
    [`${values}.authProxy.image.digest`]: `sha256:${'b'.repeat(64)}`,
    [`${values}.authProxy.egress.cidrs.0`]: '203.0.113.0/28',
    [`${values}.api.host`]: 'inventory.example.com',
    [`${values}.collectors.aws.identity.roleArn`]: 'arn:aws:iam::111122223333:role/collector',
  },
} as const;

const projectSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string() }),
  spec: z.looseObject({
    sourceRepos: z.array(z.string()),
    destinations: z.array(z.strictObject({ server: z.string(), namespace: z.string() })),
    clusterResourceWhitelist: z.array(z.unknown()),
    namespaceResourceWhitelist: z.array(z.strictObject({ group: z.string(), kind: z.string() })),
  }),
});
const applicationSchema = z.looseObject({
  metadata: z.looseObject({ name: z.string(), namespace: z.string(), finalizers: z.undefined().optional() }),
  spec: z.looseObject({
    project: z.string(),
    source: z.looseObject({
      repoURL: z.string(),
      targetRevision: z.string(),
      helm: z.looseObject({ releaseName: z.string(), valuesObject: z.record(z.string(), z.unknown()) }),
    }),
    destination: z.strictObject({ server: z.string(), namespace: z.string() }),
    ignoreDifferences: z.undefined().optional(),
    syncPolicy: z.looseObject({
      automated: z.unknown(),
      managedNamespaceMetadata: z.looseObject({ labels: z.record(z.string(), z.string()) }),
      syncOptions: z.array(z.string()),
    }),
  }),
});

const crds = await findCrds();
// The Application's schema is large: it is compiled once.
const validators =
  crds === undefined
    ? undefined
    : { AppProject: await openValidator(crds, 'AppProject'), Application: await openValidator(crds, 'Application') };
const hasNoHelm = await isMissing('helm');

const project = projectSchema.parse(fillIn(await readDocument('project.yaml'), filled['project.yaml']));
const application = applicationSchema.parse(fillIn(await readDocument('application.yaml'), filled['application.yaml']));

const groupKind = ({ apiVersion, kind }: KubernetesObject) =>
  `${apiVersion.includes('/') ? apiVersion.split('/')[0] : ''}/${kind}`;

describe('what is to be filled in', () => {
  test.for([
    'project.yaml',
    'application.yaml',
  ] as const)('of %s is what the README names, no more and no less', async (file) => {
    const readme = await readFile(join(root, 'deploy/argocd/README.md'), 'utf8');
    const named = [...readme.matchAll(/^\| `([a-z.]+)` \| `([\w.]+)` \|/gm)]
      .filter(([, name]) => name === file)
      .map(([, , path]) => path);
    const found = placeholders(await readDocument(file));

    expect(found.sort()).toEqual([...named].sort());
    expect(found.sort()).toEqual(Object.keys(filled[file]).sort());
  });

  test.for([
    ['AppProject', 'project.yaml', ['/spec/sourceRepos/0']],
    ['Application', 'application.yaml', ['/spec/source/repoURL']],
  ] as const)('keeps an API server from taking the %s', async ([kind, file, refused], context) => {
    if (validators === undefined) return context.skip('the CRDs of Argo CD are not installed');
    const validate = validators[kind];
    const document = await readDocument(file);

    expect(validate(document)).toBe(false);
    expect(validate.errors?.map(({ instancePath, message }) => [instancePath, message])).toEqual(
      refused.map((path) => [path, 'must be string']),
    );
    expect(validate(fillIn(document, filled[file])) || validate.errors).toBe(true);
  });

  test.skipIf(hasNoHelm).for(Object.keys(filled['application.yaml']).filter((path) => path.startsWith(values)))(
    'keeps the chart from being rendered: %s',
    async (path) => {
      const { [path]: _left, ...others } = { ...filled['application.yaml'] } as Record<string, string>;

      const { code, stderr } = await renderValues(fillIn(await readDocument('application.yaml'), others));

      expect(code).toBe(1);
      expect(stderr.replaceAll('/', '.')).toContain(path.slice(values.length + 1));
    },
  );
});

describe('the CRDs’ schemas', () => {
  test.for([
    ['AppProject', 'project.yaml', project, { clusterResourceWhiteList: [] }],
    ['Application', 'application.yaml', application, { syncPolicies: {} }],
  ] as const)('notice an unknown field of an %s', async ([kind, , document, unknown], context) => {
    if (validators === undefined) return context.skip('the CRDs of Argo CD are not installed');
    const validate = validators[kind];

    expect(validate({ ...document, spec: { ...document.spec, ...unknown } })).toBe(false);
  });
});

describe('the project', () => {
  test.skipIf(hasNoHelm)('allows exactly the kinds that the chart renders, whatever its values are', async () => {
    const objects = (await Promise.all(scenarios.map((scenario) => render(scenario)))).flat();
    const applied = objects.filter(({ metadata }) => metadata.annotations['helm.sh/hook'] !== 'test');
    const allowed = project.spec.namespaceResourceWhitelist.map(({ group, kind }) => `${group}/${kind}`);

    expect([...new Set(applied.map(groupKind))].sort()).toEqual([...allowed].sort());
  });

  test('knows every kind that a template names, so that no value brings another one', async () => {
    const named = new Set<string>();
    for await (const path of glob('charts/asset-inventory/templates/*.{yaml,tpl}', { cwd: root })) {
      for (const [, version = '', kind] of (await readFile(join(root, path), 'utf8')).matchAll(
        /^apiVersion: (\S+)\nkind: (\S+)$/gm,
      ))
        named.add(`${version.includes('/') ? version.split('/')[0] : ''}/${kind}`);
    }

    expect([...named].sort()).toEqual(
      project.spec.namespaceResourceWhitelist.map(({ group, kind }) => `${group}/${kind}`).sort(),
    );
  });

  test('allows the application’s own source and destination, of the cluster’s objects its namespace, and nothing else', () => {
    const { source, destination } = application.spec;

    expect(application.spec.project).toBe(project.metadata.name);
    expect(project.spec.sourceRepos).toEqual([source.repoURL]);
    expect(project.spec.destinations).toEqual([destination]);
    expect(project.spec.clusterResourceWhitelist).toEqual([
      { group: '', kind: 'Namespace', name: destination.namespace },
    ]);
  });
});

describe('the application', () => {
  test('installs the version of this chart, and waits for somebody to name another', async () => {
    const chart = parse(await readFile(join(root, 'charts/asset-inventory/Chart.yaml'), 'utf8'));

    expect(application.spec.source.targetRevision).toBe(chart.version);
  });

  test('repairs and prunes by itself, last of all, and never to nothing', () => {
    const { automated, syncOptions } = application.spec.syncPolicy;

    expect(automated).toEqual({ prune: true, selfHeal: true, allowEmpty: false });
    expect(syncOptions).toEqual(
      expect.arrayContaining(['CreateNamespace=true', 'PruneLast=true', 'ServerSideApply=true']),
    );
  });

  test('makes the namespace that the manifest makes: one that refuses what is less than restricted', async () => {
    const namespace = z
      .looseObject({ metadata: z.looseObject({ name: z.string(), labels: z.record(z.string(), z.string()) }) })
      .parse(await readDocument('namespace.yaml'));
    const { labels } = application.spec.syncPolicy.managedNamespaceMetadata;

    expect(labels['pod-security.kubernetes.io/enforce']).toBe('restricted');
    expect(namespace.metadata).toMatchObject({ name: application.spec.destination.namespace, labels });
  });

  test.skipIf(hasNoHelm)(
    'renders with its values, under the names of the documentation, and prunes nothing that holds data',
    async () => {
      const { code, stdout, stderr } = await renderValues(application);
      const kinds = [...stdout.matchAll(/^kind: (\S+)$/gm)].map(([, kind]) => kind);

      expect(code, stderr).toBe(0);
      expect(stdout).toContain(`name: ${application.spec.source.helm.releaseName}-asset-inventory-api`);
      expect(kinds.filter((kind) => /^(Secret|PersistentVolumeClaim|StatefulSet|Namespace)$/.test(kind ?? ''))).toEqual(
        [],
      );
    },
  );

  test.skipIf(hasNoHelm)(
    'is not degraded by one failed run, and leaves the Secrets that an operator made',
    async () => {
      const objects = (await Promise.all(scenarios.map((scenario) => render(scenario)))).flat();
      const cronJobs = ofKind(objects, 'CronJob');

      expect(cronJobs.length).toBeGreaterThan(5);
      for (const { metadata } of cronJobs)
        expect(metadata.annotations).toMatchObject({ 'argocd.argoproj.io/ignore-healthcheck': 'true' });
      for (const secret of ofKind(objects, 'ExternalSecret'))
        expect(secret.spec).toMatchObject({ target: { creationPolicy: 'Orphan', deletionPolicy: 'Retain' } });
    },
  );
});

/** As Argo CD does: the values of the application over those of a released chart, which brings the image's digest. */
async function renderValues(document: unknown) {
  const { spec } = z
    .looseObject({ spec: z.looseObject({ source: z.looseObject({ helm: applicationValues }) }) })
    .parse(document);
  const folder = await mkdtemp(join(tmpdir(), 'inventory-argocd-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const path = join(folder, 'values.yaml');
  const image = { repository: 'registry.example/asset-inventory', digest: `sha256:${'a'.repeat(64)}` };
  await writeFile(path, stringify({ image, ...spec.source.helm.valuesObject }));
  return await templateFile(path);
}

const applicationValues = z.looseObject({ valuesObject: z.record(z.string(), z.unknown()) });
