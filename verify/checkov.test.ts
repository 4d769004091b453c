// checkov finds nothing in the rendered chart, the Dockerfile and the workflows, but what has a reason; and it would find something.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { render, scenarios } from './chart.ts';
import { annotate, type CheckovReport, exceptions, runCheckov, writeInput } from './checkov.ts';
import { isMissing } from './tool.ts';

const namespace = 'inventory';

// On a cluster of one's own a tag will do.
const checked = scenarios.filter((scenario) => scenario !== 'development');

/** What nobody should install, so that a checkov that checks nothing is noticed. */
const bad = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { name: 'bad', namespace },
  spec: { containers: [{ name: 'bad', image: 'nginx:latest', securityContext: { privileged: true } }] },
};

describe.skipIf((await isMissing('helm')) || (await isMissing('checkov', '--version')))('checkov', () => {
  let folder: string;
  let reports: readonly CheckovReport[];
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'inventory-checkov-'));
    const rendered = await Promise.all(
      checked.map(async (scenario) => [
        scenario,
        (await render(scenario)).map((object) => annotate(object, namespace)),
      ]),
    );
    await writeInput(folder, { ...Object.fromEntries(rendered), bad: [bad] });
    reports = await runCheckov(folder);
  });
  afterAll(() => rm(folder, { recursive: true }));

  const results = (framework: string) => reports.find(({ check_type }) => check_type === framework)?.results;
  const isBad = ({ file_path }: { readonly file_path: string }) => file_path === '/bad.yaml';

  test('reads every manifest, the Dockerfile and the workflows', () => {
    expect(reports.map(({ check_type }) => check_type).sort()).toEqual(['dockerfile', 'github_actions', 'kubernetes']);
    expect(reports.flatMap(({ results }) => results.parsing_errors)).toEqual([]);
    for (const scenario of checked) {
      const passed = results('kubernetes')?.passed_checks.filter(({ file_path }) => file_path === `/${scenario}.yaml`);
      expect(passed?.length, scenario).toBeGreaterThan(300);
    }
    expect(results('dockerfile')?.passed_checks.length).toBeGreaterThan(10);
    expect(results('github_actions')?.passed_checks.length).toBeGreaterThan(10);
  });

  test.for(['kubernetes', 'dockerfile', 'github_actions'])('finds nothing of %s that has no reason', (framework) => {
    const failed = results(framework)?.failed_checks.filter((finding) => !isBad(finding));

    expect(failed?.map(({ check_id, file_path, resource }) => `${check_id} ${file_path} ${resource}`)).toEqual([]);
  });

  test('is asked to overlook nothing that it does not find', () => {
    const skipped = new Set(results('kubernetes')?.skipped_checks.map(({ check_id }) => check_id));

    expect([...skipped].sort()).toEqual(exceptions.map(({ check }) => check).sort());
  });

  test('would find a privileged container, a tag that moves and a missing limit', () => {
    const found = results('kubernetes')?.failed_checks.filter(isBad);

    expect(found?.map(({ check_id }) => check_id)).toEqual(
      expect.arrayContaining(['CKV_K8S_16', 'CKV_K8S_14', 'CKV_K8S_13', 'CKV_K8S_8']),
    );
  });
});
