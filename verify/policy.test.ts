// The policies under OPA, conftest and Gatekeeper: sound, tested, agreeing with each other, content with our chart and not with what is bad.
import { globSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { parseAllDocuments, stringify } from 'yaml';
import { z } from 'zod';
import { usualNamespace as namespace } from '../policy/gatekeeper.ts';
import { readPolicies } from '../policy/rule-files.ts';
import { scenarios, template } from './chart.ts';
import { root } from './inventory.ts';
import {
  conftest,
  differences,
  type Found,
  gator,
  readManifests,
  run,
  sources,
  type Told,
  toldByRelease,
  toldForOne,
} from './policy.ts';
import { isMissing } from './tool.ts';

const isMissingOpa = await isMissing('opa', 'version');
const isMissingConftest = await isMissing('conftest', '--version');
const isMissingGator = await isMissing('gator');
const isMissingHelm = await isMissing('helm', 'version');

const policies = await readPolicies(join(root, 'policy'));
const rules = [...new Set(policies.flatMap((policy) => Object.keys(policy.rules)))];
const good = await readManifests('good');
const bad = await readManifests('bad');

// The first that knew this Rego, and that of the Gatekeeper that we run.
const engines = ['v1.0.0', 'v1.17.1'];

/** The rules that the name of a bad manifest begins with: `N2+N3-every-namespace`. */
function rulesOf(name: string): string[] {
  return (/^[^-]+/.exec(name)?.[0] ?? '').split('+');
}

/** What is left to Gatekeeper: some policies judge more kinds in manifests than in a cluster. */
function inCluster(found: readonly Found[]): Found[] {
  const judged = (rule: string) => policies.filter((policy) => rule in policy.rules).flatMap(({ kinds }) => kinds);
  return found.filter(({ rule, kind }) => judged(rule).some(({ kinds }) => kinds.includes(kind)));
}

function namesOf(found: readonly Found[]): string[] {
  return [...new Set(found.map(({ rule }) => rule))].sort();
}

describe.skipIf(isMissingOpa)('the Rego', () => {
  test('is sound, whatever OPA is strict about', async () => {
    expect(await run('opa', 'check', '--strict', ...sources)).toMatchObject({ code: 0, stderr: '' });
  });

  test.for(engines)('asks for nothing that OPA %s has not got', async (version) => {
    const checked = await run('opa', 'check', '--strict', '--capabilities', version, ...sources);

    expect(checked).toMatchObject({ code: 0, stderr: '' });
  });

  test('is formatted', async () => {
    expect(await run('opa', 'fmt', '--list', '--fail', 'policy')).toMatchObject({ code: 0, stdout: '' });
  });

  test('passes its tests, which reach every line', async () => {
    const tested = await run(
      'opa',
      'test',
      '--coverage',
      '--threshold',
      '100',
      '--timeout',
      '60s',
      '--format',
      'json',
      ...sources,
    );
    const report = z.object({ coverage: z.number(), files: z.record(z.string(), z.unknown()) });

    expect(tested).toMatchObject({ code: 0, stderr: '' });
    expect(report.parse(JSON.parse(tested.stdout)).coverage).toBe(100);
    expect(Object.keys(report.parse(JSON.parse(tested.stdout)).files)).toEqual(
      expect.arrayContaining(policies.map(({ path }) => path)),
    );
  });

  test('denies nothing of what may be undefined: OPA looks up the arguments first, and then there is nothing to deny', async () => {
    const files = globSync('policy/**/*.rego', { cwd: root }).filter((path) => !path.endsWith('_test.rego'));
    const found = await Promise.all(
      files.map(async (path) => {
        const { stdout } = await run('opa', 'parse', '--format', 'json', path);
        return riskyDenials(JSON.parse(stdout)).map((denial) => `${path}: ${denial}`);
      }),
    );

    expect(files.length).toBeGreaterThan(policies.length);
    expect(found.flat()).toEqual([]);
  });
});

describe.skipIf(isMissingConftest)('conftest', () => {
  test.for(good.map(({ path }) => path))('passes %s', async (path) => {
    expect(await conftest(path, toldForOne)).toEqual([]);
  });

  test.for(bad)('flags $path, and says by which rule', async ({ path, name }) => {
    const found = await conftest(path, toldForOne);

    expect(namesOf(found)).toEqual(rulesOf(name));
    for (const { rule, text } of found)
      expect(text).toMatch(new RegExp(`^${rule} \\w+ [\\w-]+(, container [\\w-]+)?: `));
  });

  test.for(rules)('has a manifest that is bad by %s alone, and differs from a good one in one field', (rule) => {
    const own = bad.find(({ name }) => name === rule);
    const counterparts = good.map(({ documents }) => differences(documents, own?.documents));

    expect(own?.documents.length).toBeGreaterThan(0);
    expect(counterparts.filter(([path = '', ...others]) => others.length === 0 && /^\/\d+\//.test(path))).toHaveLength(
      1,
    );
  });

  test('passes nothing when it is not given the parameters', async () => {
    const folder = await makeFolder();
    await writeFile(join(folder, 'empty.json'), '{}');
    const found = await conftest('policy/good/pod.yaml', { ...toldByRelease, data: folder });

    expect([...new Set(found.map(({ text }) => text))].sort()).toEqual(
      policies.map(({ name }) => `there are no parameters for ${name}`).sort(),
    );
  });
});

describe.skipIf(isMissingGator)('Gatekeeper', () => {
  test('counts and names the violations of its suites', async () => {
    const verified = await run('gator', 'verify', '--verbose', 'policy/gatekeeper/...');

    expect(verified).toMatchObject({ code: 0, stderr: '' });
    for (const { name } of policies) expect(verified.stdout).toContain(`--- PASS: ${name}\t`);
  });

  test('is told what to keep at hand for the policies that look at other objects', async () => {
    const paths = ['policy/gatekeeper/templates', 'policy/gatekeeper/sync.yaml'].flatMap((path) => [
      '--filename',
      path,
    ]);

    expect(await run('gator', 'sync', 'test', '--force-omit-gvk-manifest', ...paths)).toMatchObject({ code: 0 });
  });

  test.skipIf(isMissingConftest).for([...good, ...bad])('finds in $path what conftest finds', async ({ path }) => {
    expect(await gator(path, toldForOne)).toEqual(inCluster(await conftest(path, toldForOne)));
  });
});

// Every example, and those of a plain network under Cilium as well: the other way round hosts would have to be addresses.
const installations = [...scenarios, 'sidecar under cilium', 'external under cilium'];

describe.skipIf(isMissingConftest || isMissingHelm).for(installations)('the chart with the values %s', (name) => {
  const [scenario = '', flavor] = name.split(' under ');
  let path: string;
  let told: Told;
  beforeAll(async () => {
    const folder = await mkdtemp(join(tmpdir(), 'inventory-policy-'));
    path = await renderInto(folder, scenario, flavor);
    told = await tellInto(folder, scenario);
    return () => rm(folder, { recursive: true });
  });

  test('passes every policy', async () => {
    const found = await conftest(path, told);

    // On a cluster of one's own a tag runs and nothing is denied, and the policies say so of every pod.
    expect(namesOf(found)).toEqual(scenario === 'development' ? ['N8', 'W1'] : []);
  });

  test.skipIf(isMissingGator)('is judged alike by Gatekeeper', async () => {
    expect(await gator(path, told)).toEqual(inCluster(await conftest(path, told)));
  });
});

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'inventory-policy-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}

/** What Helm would install, each object in its namespace as the cluster has it. */
async function renderInto(folder: string, scenario: string, flavor?: string): Promise<string> {
  const flags = flavor === undefined ? [] : ['--set', `networkPolicy.flavor=${flavor}`];
  const { code, stdout, stderr } = await template(scenario, ...flags);
  if (code !== 0) throw new Error(stderr);
  const objectSchema = z.looseObject({ kind: z.string(), metadata: z.looseObject({}) });
  // As Kubernetes reads it, to which 0440 is octal.
  const objects = parseAllDocuments(stdout, { version: '1.1' })
    .map((document) => document.toJS())
    .filter((document) => document !== null)
    .map((document) => objectSchema.parse(document));
  const placed = objects.map((object) => ({ ...object, metadata: { ...object.metadata, namespace } }));
  const path = join(folder, 'rendered.yaml');
  await writeFile(path, placed.map((object) => stringify(object)).join('---\n'));
  return path;
}

/** What an installation with these values tells its policies. */
async function tellInto(folder: string, scenario: string): Promise<Told> {
  const values = join('charts/asset-inventory/ci', `${scenario}-values.yaml`);
  const generated = await run(process.execPath, 'policy/generate.ts', '--values', values, '--out', folder);
  if (generated.code !== 0) throw new Error(generated.stderr);
  return { data: join(folder, 'data'), constraints: join(folder, 'constraints') };
}

const nodeSchema = z.looseObject({ negated: z.boolean().optional(), terms: z.unknown().optional() });
const termSchema = z.looseObject({ type: z.string(), value: z.unknown() });
const callSchema = z.tuple([z.object({ value: z.array(termSchema) })], termSchema);
const moduleSchema = z.object({ rules: z.array(z.looseObject({ head: z.looseObject({ name: z.string() }) })) });

/** The calls under `not` whose arguments may be undefined: references, other calls, and rules of the same file. Comparisons for equality are safe. */
function riskyDenials(module: unknown): string[] {
  const names = moduleSchema.parse(module).rules.map(({ head }) => head.name);
  const isSafe = ({ type, value }: z.output<typeof termSchema>) =>
    type === 'var' ? !names.includes(String(value)) : !['ref', 'call'].includes(type);
  return nodesOf(module)
    .filter(({ negated }) => negated === true)
    .flatMap(({ terms }) => {
      const call = callSchema.safeParse(terms);
      if (!call.success) return [];
      const [operator, ...parameters] = call.data;
      const name = operator.value.map(({ value }) => value).join('.');
      return name === 'equal' || parameters.every(isSafe) ? [] : [`not ${name}(${JSON.stringify(parameters)})`];
    });
}

function nodesOf(value: unknown): z.output<typeof nodeSchema>[] {
  if (typeof value !== 'object' || value === null) return [];
  const own = Array.isArray(value) ? [] : [nodeSchema.parse(value)];
  return [...own, ...Object.values(value).flatMap(nodesOf)];
}
