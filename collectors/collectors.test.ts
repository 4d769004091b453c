// Every folder of collectors/ is a collector by that name: what `inventory collect <name>` and `inventory permissions <name>` rely on.
import { existsSync, globSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';

const folder = import.meta.dirname;
const names = globSync('*/', { cwd: folder, withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name)
  .sort();

// The variables that a collector can be started with when there is no configuration file.
const plainVariables = {
  AWS_ORG_AUDIT_ROLE_ARN: 'arn:aws:iam::111122223333:role/org-audit',
  PROM_URL: 'https://prometheus.example/',
  GRAFANA_URL: 'https://grafana.example/',
  GRAFANA_TOKEN: 'none',
};

const collectorSchema = z.strictObject({
  name: z.string().regex(/^[a-z][a-z0-9-]*$/),
  config: z.instanceof(z.ZodType),
  fromEnvironment: z.custom<(variables: object) => unknown>(isFunction).optional(),
  scopes: z.custom<(config: unknown) => readonly string[]>(isFunction),
  concurrency: z.int().min(1).optional(),
  observe: z.custom(isFunction),
});

// A wildcard is one label, never the first of a bare domain: that would be no list any more.
const egressSchema = z.strictObject({
  clouds: z.record(
    z.string(),
    z
      .array(
        z.strictObject({
          host: z.string().regex(/^[a-z0-9-]+\.([a-z0-9-]+|\*)(\.[a-z0-9-]+)+$/),
          port: z.literal(443),
          purpose: z.string().min(1),
        }),
      )
      .min(1),
  ),
  identities: z.record(
    z.string(),
    z
      .array(
        z.strictObject({
          cidr: z.string().regex(/^169\.254\.\d+\.\d+\/32$/),
          ports: z.array(z.int()).min(1),
          purpose: z.string().min(1),
        }),
      )
      .min(1),
  ),
  configured: z.array(z.string().min(1)),
});

test('there is one at least', () => {
  expect(names).not.toEqual([]);
});

describe.for(names)('%s', (name) => {
  const load = async (file: string): Promise<Record<string, unknown>> => import(join(folder, name, file));
  const loadCollector = async () => collectorSchema.parse((await load('collector.ts'))['collector']);

  test('exports a collector of the same name', async () => {
    expect((await loadCollector()).name).toBe(name);
  });

  test('has a test', () => {
    expect(existsSync(join(folder, name, 'collector.test.ts'))).toBe(true);
  });

  // An example is what plain variables make, or else the schema's own: `.meta({ examples: [{ sources: [ … ] }] })`.
  test('names the scopes of an example configuration <name>:<source>, each once', async () => {
    const { config, fromEnvironment, scopes } = await loadCollector();
    const examples = [fromEnvironment?.(plainVariables), ...z.array(z.unknown()).parse(config.meta()?.examples ?? [])];

    const found = examples.filter((example) => example !== undefined).map((example) => scopes(config.parse(example)));

    expect(found).not.toEqual([]);
    for (const example of found) {
      expect(example).not.toEqual([]);
      expect(new Set(example).size).toBe(example.length);
      for (const scope of example) expect(scope).toMatch(new RegExp(`^${name}:[a-z0-9][a-z0-9-]*$`));
    }
  });

  test('says of a part of the configuration that is none what is wrong, and throws nothing else', async () => {
    const { config } = await loadCollector();

    for (const part of [null, 'text', [], { unknown: true }, { sources: 'x' }]) {
      expect(config.safeParse(part).success).toBe(false);
    }
  });

  test('declares whom it reaches, each server of a cloud once', async () => {
    const { clouds, configured } = egressSchema.parse((await load('egress.ts'))['egress']);

    expect(Object.keys(clouds).length + configured.length).toBeGreaterThan(0);
    for (const peers of Object.values(clouds)) {
      expect(new Set(peers.map(({ host }) => host)).size).toBe(peers.length);
    }
  });

  test.runIf(existsSync(join(folder, name, 'permissions.ts')))('exports what its credentials need', async () => {
    expect((await load('permissions.ts'))['createPermissions']).toBeTypeOf('function');
  });
});

function isFunction(value: unknown): boolean {
  return typeof value === 'function';
}
