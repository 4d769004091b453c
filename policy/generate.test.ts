// What npm alone can tell of the policies: the generated files are what the sources say, and every rule is named, tested and tried on a bad manifest.
import { existsSync, globSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';
import { findDrift, readCollectors } from '../charts/generate.ts';
import { kindOf } from './gatekeeper.ts';
import { findStale, readParams, toFiles, toInstallation } from './generate.ts';
import { librariesOf, readLibraries, readPolicies } from './rule-files.ts';

const root = dirname(import.meta.dirname);
const policies = await readPolicies(import.meta.dirname);
const libraries = await readLibraries(import.meta.dirname);
const params = await readParams();

const templateSchema = z.object({
  metadata: z.object({ name: z.string() }),
  spec: z.object({
    crd: z.object({ spec: z.object({ names: z.object({ kind: z.string() }) }) }),
    targets: z.tuple([
      z.object({
        code: z.tuple([
          z.object({
            engine: z.literal('Rego'),
            source: z.object({ version: z.literal('v1'), rego: z.string(), libs: z.array(z.string()) }),
          }),
        ]),
      }),
    ]),
  }),
});
const constraintSchema = z.object({
  kind: z.string(),
  spec: z.object({
    enforcementAction: z.string(),
    match: z.object({ namespaces: z.array(z.string()).min(1) }),
    parameters: z.record(z.string(), z.unknown()),
  }),
});

test('the generated files are what the sources say, and no others lie beside them', async () => {
  const files = await toFiles();

  expect(files.size).toBeGreaterThan(policies.length);
  expect([...(await findDrift(files)), ...findStale(files)]).toEqual([]);
});

test('the only ones who may reach the internet are the collectors whose code declares servers there', async () => {
  const declared = (await readCollectors()).filter(({ egress }) => Object.keys(egress.clouds).length > 0);

  expect(declared.length).toBeGreaterThan(0);
  expect(params['netpol_blocks']?.value).toMatchObject({
    internet: { ports: [443], components: declared.map(({ name }) => `collector-${name}`) },
  });
});

test('DNS is asked of the pods that the chart lets it be asked of, named or not, and never of every pod there', async () => {
  const cache = { 'k8s-app': 'node-local-dns' };
  const named = await readParams({ networkPolicy: { dns: { podLabels: { app: 'resolver' } } } });

  for (const policy of ['netpol_ports', 'cilium']) {
    expect(params[policy]?.value).toMatchObject({ dns: { pods: [{ 'k8s-app': 'kube-dns' }, cache] } });
    expect(named[policy]?.value).toMatchObject({ dns: { pods: [{ app: 'resolver' }, cache] } });
  }
});

test('the only addresses of the node are those of identity services that a collector declares', async () => {
  const declared = (await readCollectors()).flatMap(({ name, egress }) =>
    Object.values(egress.identities).flatMap((services) =>
      services.map(({ cidr, ports }) => ({ component: `collector-${name}`, cidr, ports })),
    ),
  );

  expect(declared.length).toBeGreaterThan(0);
  expect(params['netpol_ports']?.value).toMatchObject({ node: { services: declared } });
});

test('the Constraints of an installation are for the namespace that is named, else for that of docs/deploy.md', async () => {
  const namespacesOf = async (namespace?: string) => {
    const files = [...(await toInstallation({}, namespace))].filter(([path]) => path.startsWith('constraints/'));
    return new Set(files.flatMap(([, text]) => constraintSchema.parse(parse(text)).spec.match.namespaces));
  };

  expect(await namespacesOf()).toEqual(new Set(['inventory']));
  expect(await namespacesOf('assets')).toEqual(new Set(['assets']));
});

test('values that the chart refuses make nothing, and are told by their keys', async () => {
  await expect(toInstallation({ api: { hots: 'inventory.example' }, postgres: [] })).rejects.toMatchObject({
    name: 'ConfigError',
    message: expect.stringMatching(/^postgres: must be keys with values.*\napi: there is no "hots": only .*host/),
  });
});

describe.for(policies)('the policy $name', (policy) => {
  test('has tests beside it', () => {
    expect(existsSync(join(root, policy.path.replace(/\.rego$/, '_test.rego')))).toBe(true);
  });

  test('reports by the rules that it says it has, and each of them has a bad manifest', () => {
    const reported = [...policy.rego.matchAll(/"([A-Z]\d+)"/g)].map(([, rule = '']) => rule);
    const tried = globSync('policy/bad/*.yaml', { cwd: root }).map((path) => basename(path, '.yaml'));

    expect([...new Set(reported)].sort()).toEqual(Object.keys(policy.rules).sort());
    expect(tried).toEqual(expect.arrayContaining(Object.keys(policy.rules)));
  });

  // Gatekeeper rewrites what it is given, and refuses the rest (its driver for Rego).
  test('imports and looks up nothing that Gatekeeper refuses', () => {
    for (const { rego } of [policy, ...librariesOf(policy, libraries)]) {
      expect(rego.match(/^import (?!data\.lib\.\w+$).*$/gm)).toBeNull();
      expect(rego.match(/\bdata\.(?!lib\.|inventory\b)\w+/g)).toBeNull();
    }
  });

  test('is the same Rego in its ConstraintTemplate, with the libraries that it imports', async () => {
    const text = await readFile(join(root, `policy/gatekeeper/templates/${policy.name}.yaml`), 'utf8');
    const { metadata, spec } = templateSchema.parse(parse(text));
    const [{ code }] = spec.targets;

    expect(spec.crd.spec.names.kind).toBe(kindOf(policy));
    expect(metadata.name).toBe(kindOf(policy).toLowerCase());
    expect(code[0].source.rego).toBe(policy.rego);
    expect(code[0].source.libs).toEqual(librariesOf(policy, libraries).map(({ rego }) => rego));
  });

  test('has a Constraint for the namespace, which only reports where it looks at other objects', async () => {
    const text = await readFile(join(root, `policy/gatekeeper/constraints/${policy.name}.yaml`), 'utf8');
    const { kind, spec } = constraintSchema.parse(parse(text));

    expect(kind).toBe(kindOf(policy));
    expect(spec.enforcementAction).toBe(policy.isCombined ? 'dryrun' : 'deny');
    expect(spec.parameters).toEqual(params[policy.name]?.value);
  });
});
