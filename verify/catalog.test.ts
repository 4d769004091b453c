// What Backstage would find by catalog-info.yaml: its label selectors over the rendered chart.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { type KubernetesObject, podTemplates, render } from './chart.ts';
import { root } from './inventory.ts';
import { isMissing } from './tool.ts';

const entitySchema = z.looseObject({
  metadata: z.looseObject({ name: z.string(), annotations: z.record(z.string(), z.string()).default({}) }),
});
const catalog = parseAllDocuments(await readFile(join(root, 'catalog-info.yaml'), 'utf8')).map((document) =>
  entitySchema.parse(document.toJS()),
);
const selectors = catalog.flatMap(({ metadata }) => {
  const selector = metadata.annotations['backstage.io/kubernetes-label-selector'];
  return selector === undefined ? [] : [{ name: metadata.name, selector }];
});

type Labels = Readonly<Record<string, string>>;

/** Equality and `in`, as the API server reads a selector in a query. */
function matches(selector: string, labels: Labels): boolean {
  return selector.split(/,(?![^(]*\))/).every((part) => {
    const [, name = '', values] = /^([\w./-]+) in \(([^)]*)\)$/.exec(part) ?? [];
    if (values !== undefined) return values.split(',').includes(labels[name] ?? '');
    const [label = '', value] = part.split('=');
    return labels[label] === value;
  });
}

describe.skipIf(await isMissing('helm'))('a label selector of the catalog', () => {
  let objects: KubernetesObject[];
  let everybody: KubernetesObject[];
  beforeAll(async () => {
    objects = await render('sidecar', '--set', 'ingest.enabled=true');
    everybody = objects.filter(({ metadata }) => metadata.annotations['helm.sh/hook'] !== 'test');
  });

  test('of the product finds every object and pod of the chart', () => {
    const selector = selectors.find(({ name }) => name === 'asset-inventory')?.selector ?? '';

    expect(everybody.filter(({ metadata }) => !matches(selector, metadata.labels))).toEqual([]);
    expect(podTemplates(everybody).filter(({ labels }) => !matches(selector, labels))).toEqual([]);
  });

  test.for([
    ['asset-inventory-api', ['Deployment'], ['api']],
    ['asset-inventory-ingest', ['Deployment'], ['ingest']],
    [
      'asset-inventory-collectors',
      ['CronJob'],
      ['collector-aws', 'collector-azure', 'collector-gcp', 'collector-grafana', 'collector-prometheus'],
    ],
  ] as const)('of %s finds its workloads and their pods, and no others', ([name, kinds, components]) => {
    const selector = selectors.find((entry) => entry.name === name)?.selector ?? '';
    const workloads = everybody.filter(
      ({ kind, metadata }) => /^(Deployment|CronJob|Job)$/.test(kind) && matches(selector, metadata.labels),
    );

    expect([...new Set(workloads.map(({ kind }) => kind))]).toEqual(kinds);
    expect(
      podTemplates(everybody)
        .filter(({ labels }) => matches(selector, labels))
        .map(({ component }) => component)
        .sort(),
    ).toEqual(components);
  });
});
