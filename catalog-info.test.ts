// catalog-info.yaml by Backstage's own model, and every annotation by what it selects: nothing in it may lead nowhere.
import { existsSync, globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import {
  apiEntityV1alpha1Validator,
  componentEntityV1alpha1Validator,
  DefaultNamespaceEntityPolicy,
  type Entity,
  EntityPolicies,
  FieldFormatEntityPolicy,
  NoForeignRootFieldsEntityPolicy,
  parseEntityRef,
  resourceEntityV1alpha1Validator,
  SchemaValidEntityPolicy,
  stringifyEntityRef,
  systemEntityV1alpha1Validator,
} from '@backstage/catalog-model';
import { describe, expect, test } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { z } from 'zod';

const root = import.meta.dirname;
const readText = (path: string) => readFile(join(root, path), 'utf8');
const names = (pattern: string) => globSync(pattern, { cwd: root }).sort();

// Backstage checks shapes itself; what is read here beyond them is parsed.
const entitySchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({ name: z.string(), annotations: z.record(z.string(), z.string()).default({}) }),
  spec: z.looseObject({
    owner: z.string(),
    system: z.string().optional(),
    lifecycle: z.string().optional(),
    type: z.string().optional(),
    definition: z.strictObject({ $text: z.string() }).optional(),
    subcomponentOf: z.string().optional(),
    providesApis: z.array(z.string()).default([]),
    dependsOn: z.array(z.string()).default([]),
  }),
});
const documents = parseAllDocuments(await readText('catalog-info.yaml')).map((document) => document.toJS());
const entities = documents.map((document) => entitySchema.parse(document));
const components = entities.filter(({ kind }) => kind === 'Component');
const refs = entities.map(({ kind, metadata: { name } }) => stringifyEntityRef({ kind, name }));
const providers = names('collectors/*/collector.ts').map((path) => path.split('/')[1] ?? '');

/** The annotation wherever it stands, with the entity's name. */
const annotated = (annotation: string) =>
  entities.flatMap(({ metadata }) => {
    const value = metadata.annotations[annotation];
    return value === undefined ? [] : [{ name: metadata.name, value }];
  });

const policy = EntityPolicies.allOf([
  new SchemaValidEntityPolicy(),
  new DefaultNamespaceEntityPolicy(),
  new NoForeignRootFieldsEntityPolicy(),
  new FieldFormatEntityPolicy(),
]);
const validators = [
  systemEntityV1alpha1Validator,
  componentEntityV1alpha1Validator,
  apiEntityV1alpha1Validator,
  resourceEntityV1alpha1Validator,
];

/** Takes an entity as a Backstage catalog does: a document that is named is its text by then. */
async function accept(entity: Entity): Promise<boolean> {
  const definition = entity.spec?.['definition'];
  const isNamed = typeof definition === 'object' && definition !== null && '$text' in definition;
  const resolved = isNamed ? { ...entity, spec: { ...entity.spec, definition: 'its text' } } : entity;
  const enforced = await policy.enforce(resolved);
  if (enforced === undefined) return false;
  const checks = await Promise.all(validators.map((validator) => validator.check(enforced)));
  return checks.filter(Boolean).length === 1;
}

describe('catalog-info.yaml', () => {
  test('is a system, its components, their APIs and the database, each as Backstage’s model has it', async () => {
    for (const [index, document] of documents.entries()) expect(await accept(document), refs[index]).toBe(true);
    expect(refs).toEqual([
      'system:default/companyos',
      'component:default/asset-inventory',
      'component:default/asset-inventory-api',
      'component:default/asset-inventory-ingest',
      'component:default/asset-inventory-collectors',
      'api:default/asset-inventory',
      'api:default/asset-inventory-ingest',
      'api:default/asset-inventory-events',
      'resource:default/asset-inventory-postgres',
    ]);
  });

  test('would be refused with a field that is missing, unknown or misspelt', async () => {
    const [, component] = documents;
    const { owner: _owner, ...withoutOwner } = component.spec;

    await expect(accept({ ...component, spec: withoutOwner })).rejects.toThrow('owner');
    await expect(accept({ ...component, status2: {} })).rejects.toThrow('additional properties');
    await expect(
      accept({ ...component, metadata: { ...component.metadata, name: 'asset inventory' } }),
    ).rejects.toThrow('name');
  });

  test('keeps the starter kit’s owner, system, lifecycle and annotations', () => {
    for (const { spec, kind } of entities) {
      expect(spec.owner).toBe('team-platform');
      if (kind !== 'System') expect(spec).toMatchObject({ system: 'companyos', lifecycle: 'beta' });
    }
    expect(components[0]?.metadata).toMatchObject({
      name: 'asset-inventory',
      description: 'CompanyOS cloud & monitoring asset registry.',
      annotations: {
        'companyos.io/inventory-api': '/api/v1',
        'companyos.io/providers': 'aws,gcp,azure,prometheus,grafana',
      },
    });
  });

  test('refers only to what it defines', () => {
    const referred = entities.flatMap(({ spec }) => [
      ...(spec.system === undefined ? [] : [`system:${spec.system}`]),
      ...(spec.subcomponentOf === undefined ? [] : [spec.subcomponentOf]),
      ...spec.providesApis,
      ...spec.dependsOn,
    ]);

    expect(referred.length).toBeGreaterThan(10);
    for (const ref of referred) expect(refs).toContain(stringifyEntityRef(parseEntityRef(ref)));
  });

  test('has an API for every document, each provided by one component', async () => {
    const apis = entities.filter(({ kind }) => kind === 'API');
    for (const { spec, metadata } of apis) {
      const provided = components.filter(({ spec }) => spec.providesApis.includes(`api:${metadata.name}`));
      const definition = parse(await readText(spec.definition?.$text ?? ''));

      expect(provided, metadata.name).toHaveLength(1);
      expect(spec.type === 'openapi' ? definition.openapi : definition.asyncapi).toMatch(/^3\./);
    }
    expect(apis.map(({ spec }) => spec.definition?.$text)).toEqual([
      './docs/openapi.json',
      './docs/openapi-ingest.json',
      './contracts/generated/asyncapi.yaml',
    ]);
  });
});

describe('an annotation', () => {
  test('names every provider there is a collector for, and where the routes of the API begin', async () => {
    const paths = Object.keys(
      z.object({ paths: z.looseObject({}) }).parse(JSON.parse(await readText('docs/openapi.json'))).paths,
    );

    for (const { value } of annotated('companyos.io/providers')) expect(value.split(',').sort()).toEqual(providers);
    for (const { value } of annotated('companyos.io/inventory-api'))
      expect(paths.filter((path) => path.startsWith(`${value}/`)).length).toBeGreaterThan(10);
  });

  test('selects the chart’s objects by labels that it sets, collectors by their names', async () => {
    const helpers = await readText('charts/asset-inventory/templates/_helpers.tpl');
    const selectors = new Map(
      annotated('backstage.io/kubernetes-label-selector').map(({ name, value }) => [name, value]),
    );

    expect(helpers).toContain('app.kubernetes.io/part-of: asset-inventory\n');
    for (const value of selectors.values()) expect(value).toMatch(/^app\.kubernetes\.io\/part-of=asset-inventory(,|$)/);
    expect(selectors.get('asset-inventory-collectors')).toContain(
      `app.kubernetes.io/component in (${providers.map((name) => `collector-${name}`).join(',')})`,
    );
  });

  test('names the Application of deploy/argocd and its namespace', async () => {
    const application = parse(await readText('deploy/argocd/application.yaml'));

    for (const { metadata } of components)
      expect(metadata.annotations).toMatchObject({
        'argocd/app-name': application.metadata.name,
        'backstage.io/kubernetes-namespace': application.spec.destination.namespace,
      });
  });

  test('asks for tags that dashboards have', async () => {
    const tags = await Promise.all(
      names('charts/asset-inventory/files/dashboards/*.json').map(
        async (path) => JSON.parse(await readText(path)).tags,
      ),
    );
    const asked = annotated('grafana/dashboard-selector').map(({ value }) => /^tags @> '([\w-]+)'$/.exec(value)?.[1]);

    expect(asked).toEqual(['asset-inventory', 'asset-inventory-api', 'asset-inventory-collectors']);
    for (const tag of asked) expect(tags.flat()).toContain(tag);
  });

  test('names every alert there is, and no other', async () => {
    const rules = await Promise.all(names('charts/asset-inventory/files/rules/*.yaml').map(readText));
    const alerts = rules.flatMap((text) => [...text.matchAll(/- alert: (\w+)/g)].map(([, alert]) => alert));
    const named = annotated('prometheus.io/alert').flatMap(({ value }) => value.split(','));

    expect([...new Set(named)].sort()).toEqual([...new Set(alerts)].sort());
  });

  test('asks Prometheus in a way that its plugin can take apart, for a label of the answer', () => {
    for (const { value } of annotated('prometheus.io/rule'))
      for (const query of value.split(',')) expect(query).toMatch(/^[^|]+\|(namespace|collector|route)$/);
  });

  test('leads TechDocs to pages that are there, all of which the first one leads to', async () => {
    const { docs_dir, plugins } = parse(await readText('mkdocs.yml'));
    const index = await readText(`${docs_dir}/index.md`);
    const linked = [...index.matchAll(/\]\(([^)#]+)\)/g)].map(([, path]) => path);

    expect(annotated('backstage.io/techdocs-ref')).toEqual([{ name: 'asset-inventory', value: 'dir:.' }]);
    expect(plugins).toContain('techdocs-core');
    expect(linked.filter((path) => !existsSync(join(root, docs_dir, path ?? '')))).toEqual([]);
    expect(names(`${docs_dir}/*.md`).map((path) => path.slice(docs_dir.length + 1))).toEqual(
      expect.arrayContaining(linked.filter((path) => !path?.includes('/'))),
    );
    for (const path of names(`${docs_dir}/*.md`).map((path) => path.slice(docs_dir.length + 1)))
      if (path !== 'index.md') expect(linked).toContain(path);
  });

  test('leads from each part to the pages of the whole', () => {
    for (const { name, value } of annotated('backstage.io/techdocs-entity')) {
      expect(value).toBe('component:default/asset-inventory');
      expect(name).not.toBe('asset-inventory');
    }
  });
});
