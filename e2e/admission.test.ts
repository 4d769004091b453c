// Whether a real API server takes every object that the chart can make, in strict validation and under Pod Security *restricted*.
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { createNamespace, type Namespace, run } from './kubernetes.ts';

const examples = join(import.meta.dirname, '../charts/asset-inventory/ci');

let namespace: Namespace;
beforeAll(async () => {
  namespace = await createNamespace();
});
afterAll(() => namespace.remove());

// Kinds that others define: no cluster has them by itself.
const foreignKinds = /^(CiliumNetworkPolicy|ServiceMonitor|PodMonitor|PrometheusRule|ExternalSecret|HTTPRoute)$/;
const objectSchema = z.looseObject({ kind: z.string() });
const podSchema = z.looseObject({ kind: z.literal('Pod'), spec: z.looseObject({ serviceAccountName: z.string() }) });

test.for(
  globSync('*-values.yaml', { cwd: examples }),
)('the API server takes every object of %s in strict validation, without a warning', async (name) => {
  const rendered = await namespace.template(join(examples, name));
  const objects = parseAllDocuments(rendered)
    .map((document) => z.nullable(objectSchema).parse(document.toJS()))
    .filter((object) => object !== null && !foreignKinds.test(object.kind));
  // A pod is refused before its ServiceAccount is there.
  const accounts = objects
    .map((object) => podSchema.safeParse(object).data?.spec.serviceAccountName)
    .filter((found) => found !== undefined);
  for (const account of accounts) await namespace.kubectl(['create', 'serviceaccount', account]);
  const list = { apiVersion: 'v1', kind: 'List', items: objects };

  const { code, stderr } = await run(
    'kubectl',
    ['create', '--dry-run=server', '--validate=strict', '-n', namespace.name, '-f', '-'],
    JSON.stringify({ ...list, items: objects.filter((object) => object?.kind !== 'ServiceAccount') }),
  );
  for (const account of accounts) await namespace.kubectl(['delete', 'serviceaccount', account]);

  expect(objects.length).toBeGreaterThan(10);
  expect(stderr).toBe('');
  expect(code).toBe(0);
});

test('what it is to refuse it does refuse: a field that there is not, and a pod that may be root', async () => {
  const pod = (spec: object) =>
    run(
      'kubectl',
      ['create', '--dry-run=server', '--validate=strict', '-n', namespace.name, '-f', '-'],
      JSON.stringify({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' }, spec }),
    );
  const container = { name: 'x', image: 'localhost/busybox:local' };

  expect((await pod({ containers: [{ ...container, comand: ['true'] }] })).stderr).toContain('unknown field');
  expect((await pod({ containers: [container] })).stderr).toContain('violates PodSecurity "restricted');
});
