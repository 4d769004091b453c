// The workflows, read by two linters: actionlint for what GitHub would not run, zizmor for what should not be run.
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { root, startProgram } from './inventory.ts';
import { isMissing } from './tool.ts';

const workflows = '.github/workflows';
const files = (await readdir(join(root, workflows))).map((name) => `${workflows}/${name}`);

const linters = [
  // Without the linters of scripts that it would use where they happen to be installed.
  { linter: 'actionlint', command: ['actionlint', '-no-color', '-shellcheck=', '-pyflakes='] },
  {
    linter: 'zizmor',
    command: ['zizmor', '--offline', '--pedantic', '--strict-collection', '--no-progress', '--color=never'],
  },
] as const;

const mistakes = [
  { linter: 'actionlint', mistake: 'a runner that does not exist', from: 'ubuntu-24.04', to: 'ubuntu-24.4' },
  { linter: 'actionlint', mistake: 'a misspelt key', from: 'timeout-minutes:', to: 'timeout-minute:' },
  { linter: 'zizmor', mistake: 'an action by its tag', from: /@[0-9a-f]{40} # (v\S+)/, to: '@$1' },
  { linter: 'zizmor', mistake: 'credentials that stay', from: 'persist-credentials: false', to: 'fetch-depth: 1' },
  { linter: 'zizmor', mistake: 'rights for every job', from: 'permissions: {}', to: 'permissions: write-all' },
] as const;

for (const { linter, command } of linters) {
  const isSkipped = await isMissing(linter);

  test(`${linter} finds nothing in the workflows`, async (context) => {
    context.skip(isSkipped, `${linter} is not installed`);

    const ended = await startProgram({}, [...command, ...files], root).ended;

    expect(ended.code, ended.stdout + ended.stderr).toBe(0);
  });

  test.for(mistakes.filter((entry) => entry.linter === linter))('$linter finds $mistake', async ({
    from,
    to,
  }, context) => {
    context.skip(isSkipped, `${linter} is not installed`);
    const folder = await mkdtemp(join(tmpdir(), 'inventory-verify-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const copy = `${workflows}/check.yml`;
    const good = await readFile(join(root, copy), 'utf8');
    await mkdir(join(folder, workflows), { recursive: true });
    await writeFile(join(folder, copy), good.replace(from, to));

    const ended = await startProgram({}, [...command, copy], folder).ended;

    expect(ended.code).toBeGreaterThan(0);
    expect(ended.stdout).toContain('check.yml');
  });
}
