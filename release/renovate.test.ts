// Whether the pins that no manager of Renovate knows of are found by ours, each once and under the name that its registry knows.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { z } from 'zod';

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const configSchema = z.object({
  customManagers: z.array(
    z.object({
      managerFilePatterns: z.tuple([z.string().regex(/^\/.*\/$/)]),
      matchStrings: z.tuple([z.string()]),
      datasourceTemplate: z.string(),
    }),
  ),
});
const { customManagers } = configSchema.parse(JSON.parse(read('renovate.json')));

function find(path: string): { datasource: string; name: string | undefined; version: string | undefined }[] {
  return customManagers
    .filter(({ managerFilePatterns: [pattern] }) => new RegExp(pattern.slice(1, -1)).test(path))
    .flatMap(({ matchStrings: [pattern], datasourceTemplate: datasource }) =>
      [...read(path).matchAll(new RegExp(pattern, 'g'))].map(({ groups }) => ({
        datasource,
        name: groups?.['depName'],
        version: groups?.['currentValue'],
      })),
    );
}

test('every version in verify/tools.sh is found', () => {
  const sources: Record<string, string> = { go: 'go', files: 'go', pip: 'pypi', npm: 'npm' };
  const rows = [...read('verify/tools.sh').matchAll(/^(\S+) +(\w+) +(\S+) +~?(v?\d\S*)$/gm)];
  const expected = rows.map(([, , kind = '', source = '', version]) => ({
    datasource: sources[kind],
    name: source.replace(/\/cmd\/.*|\[.*|:.*/, ''),
    version,
  }));

  expect(expected.length).toBeGreaterThan(10);
  expect(
    find('verify/tools.sh')
      .map((found) => JSON.stringify(found))
      .sort(),
  ).toEqual(expected.map((row) => JSON.stringify(row)).sort());
});

test('the version of cosign in the release is found', () => {
  expect(find('.github/workflows/release.yml')).toEqual([
    { datasource: 'github-releases', version: expect.stringMatching(/^v\d+\.\d+\.\d+$/), name: undefined },
  ]);
});
