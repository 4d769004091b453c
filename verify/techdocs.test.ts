// The pages as Backstage's TechDocs builds them: every one of docs/, and no link that leads nowhere.
import { existsSync, globSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Ended, root, startProgram } from './inventory.ts';
import { isMissing } from './tool.ts';

describe.skipIf(await isMissing('mkdocs', '--version'))('TechDocs', () => {
  let site: string;
  let built: Ended;
  beforeAll(async () => {
    site = await mkdtemp(join(tmpdir(), 'inventory-techdocs-'));
    built = await startProgram({}, ['mkdocs', 'build', '--site-dir', site]).ended;
  });
  afterAll(() => rm(site, { recursive: true }));

  test('makes a page of every document', () => {
    const pages = globSync('**/*.md', { cwd: join(root, 'docs') }).map((path) =>
      path.replace(/((^|\/)(index|README))?\.md$/, '/index.html').replace(/^\//, ''),
    );

    expect(built.code, built.stderr).toBe(0);
    expect(pages.length).toBeGreaterThan(30);
    for (const page of pages) expect(existsSync(join(site, page)), page).toBe(true);
  });

  test('finds no link that leads nowhere, but those that leave docs/ for what is in the repository', () => {
    const warnings = built.stderr.split('\n').filter((line) => line.startsWith('WARNING'));
    const links = warnings.map((line) => /Doc file '([^']+)' contains a link '([^'#]+)/.exec(line));

    expect(warnings.filter((_, index) => links[index] === null)).toEqual([]);
    for (const [, page = '', target = ''] of links.filter((link) => link !== null)) {
      expect(target, page).toMatch(/^(\.\.\/)+/);
      expect(existsSync(join(root, 'docs', page, '..', target)), `${page}: ${target}`).toBe(true);
    }
  });
});
