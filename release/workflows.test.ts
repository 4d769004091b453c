// What every workflow must keep to, beyond what linters look for, and what keeps a release from being something else than it says.
import { execFile } from 'node:child_process';
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { z } from 'zod';

const root = join(import.meta.dirname, '..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const workflows = globSync('.github/workflows/*.y*ml', { cwd: root }).sort();

const stepSchema = z.looseObject({
  uses: z.string().optional(),
  run: z.string().optional(),
  with: z.record(z.string(), z.unknown()).default({}),
});
const jobSchema = z.looseObject({
  permissions: z.record(z.string(), z.enum(['read', 'write', 'none'])),
  'timeout-minutes': z.int().max(60),
  environment: z.string().optional(),
  steps: z.array(stepSchema),
});
const workflowSchema = z.looseObject({
  on: z.union([z.string(), z.array(z.string()), z.record(z.string(), z.unknown())]),
  permissions: z.strictObject({}),
  concurrency: z.looseObject({ group: z.string() }),
  jobs: z.record(z.string(), z.unknown()),
});

const pinned = /^\s*(?:- )?uses: [\w.-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/;

/** What is wrong with a workflow. */
function workflowProblems(text: string): string[] {
  const problems = text
    .split('\n')
    .filter((line) => /\buses:/.test(line) && !pinned.test(line))
    .map((line) => `not pinned to a commit and its version: ${line.trim()}`);
  const workflow = workflowSchema.safeParse(parse(text));
  if (!workflow.success) return [...problems, z.prettifyError(workflow.error)];
  const { on, jobs } = workflow.data;
  const triggers = typeof on === 'string' ? [on] : Array.isArray(on) ? on : Object.keys(on);
  if (triggers.includes('pull_request_target')) problems.push('runs with rights for what a stranger proposes');
  const isProposed = triggers.some((trigger) => trigger.startsWith('pull_request'));
  return [...problems, ...Object.entries(jobs).flatMap(([name, job]) => jobProblems(name, job, isProposed))];
}

function jobProblems(name: string, unchecked: unknown, isProposed: boolean): string[] {
  const job = jobSchema.safeParse(unchecked);
  if (!job.success) return [`${name}: ${z.prettifyError(job.error)}`];
  const { permissions, environment, steps } = job.data;
  const [first] = steps;
  const mayWrite = Object.values(permissions).includes('write');
  const policy = String(first?.with['egress-policy']);
  const rules = {
    'does not begin with harden-runner': first?.uses?.startsWith('step-security/harden-runner@') ?? false,
    'may reach everybody': policy === 'block' || (!mayWrite && policy.includes(`&& 'block' ||`)),
    'may write for a pull request': !(isProposed && mayWrite),
    'publishes without an environment': permissions['packages'] !== 'write' || environment !== undefined,
    'leaves credentials behind': steps.every(
      ({ uses, with: input }) => !uses?.startsWith('actions/checkout@') || input['persist-credentials'] === false,
    ),
    'puts an expression into a script': steps.every(({ run }) => !run?.includes('${{')),
  };
  return Object.entries(rules)
    .filter(([, isKept]) => !isKept)
    .map(([rule]) => `${name} ${rule}`);
}

describe('the workflows', () => {
  test.for(workflows)('%s keeps to every rule', (path) => {
    expect(workflowProblems(read(path))).toEqual([]);
  });

  test('use one commit of each action', () => {
    const uses = workflows.flatMap((path) => [...read(path).matchAll(/uses: ([\w.-]+\/[\w.-]+)[^@]*@(\S+ # \S+)/g)]);
    const versions = Map.groupBy(uses, ([, action = '']) => action);

    expect(versions.size).toBeGreaterThan(5);
    for (const [action, found] of versions) expect(new Set(found.map(([, , version]) => version)).size, action).toBe(1);
  });

  test('know no secret but the token of the run', () => {
    expect(workflows.filter((path) => read(path).includes('secrets.'))).toEqual([]);
  });

  const check = read('.github/workflows/check.yml');
  const release = read('.github/workflows/release.yml');

  test.for([
    { flaw: 'an action by its tag', text: check.replace(/@[0-9a-f]{40} # (v\S+)/, '@$1') },
    { flaw: 'a commit without its version', text: check.replace(/ # v\d\S*/, '') },
    { flaw: 'rights for every job', text: check.replace('permissions: {}', 'permissions: { contents: write }') },
    { flaw: 'a job without rights of its own', text: check.replace(/ {4}permissions:\n {6}contents: read.*\n/, '') },
    { flaw: 'a right to write for pull requests', text: check.replace('contents: read', 'contents: write') },
    { flaw: 'a release for pull requests', text: release.replace('  push:\n', '  pull_request:\n  push:\n') },
    { flaw: 'rights for what strangers propose', text: check.replace('pull_request:', 'pull_request_target:') },
    { flaw: 'no end', text: check.replace(/ {4}timeout-minutes: .*\n/, '') },
    { flaw: 'a runner that is not hardened', text: check.replace(/step-security\/harden-runner@/, 'actions/cache@') },
    { flaw: 'a runner that only listens', text: release.replace('egress-policy: block', 'egress-policy: audit') },
    { flaw: 'a release that nobody approves', text: release.replace('    environment: release\n', '') },
    { flaw: 'credentials that stay', text: check.replace('persist-credentials: false', 'fetch-depth: 1') },
    {
      flaw: 'an expression in a script',
      text: check.replace('run: make test', `run: make $${'{{ github.head_ref }}'}`),
    },
  ])('would be refused with $flaw', ({ text }) => {
    expect([check, release]).not.toContain(text);
    expect(workflowProblems(text)).not.toEqual([]);
  });
});

describe('a release', () => {
  test('is signed with the cosign that signing is tried with', () => {
    const [, tried] = /^cosign\s+go\s+\S+\s+~?(v\S+)$/m.exec(read('verify/tools.sh')) ?? [];

    expect(read('.github/workflows/release.yml')).toContain(`cosign-release: ${tried}\n`);
  });

  test('has the version of package and chart, and only a tag that says so', async () => {
    const { version } = z.object({ version: z.string() }).parse(JSON.parse(read('package.json')));
    const run = (tag: string) =>
      promisify(execFile)('bash', ['release/version.sh', tag], { cwd: root, timeout: 10_000 });

    await expect(run(`v${version}`)).resolves.toMatchObject({ stdout: '' });
    for (const tag of [version, `v${version}-rc.1`, 'v99.0.0'])
      await expect(run(tag)).rejects.toMatchObject({ code: 1 });
  });

  test('excuses a vulnerability only with a reason and a last day', () => {
    const entry = z.strictObject({
      id: z.string(),
      purls: z.array(z.string()).min(1),
      statement: z.string().min(20),
      expired_at: z.iso.date(),
    });
    const { data, error } = z
      .strictObject({ vulnerabilities: z.array(entry) })
      .safeParse(parse(read('.trivyignore.yaml'), { schema: 'core' }));

    expect(error).toBeUndefined();
    expect(data?.vulnerabilities.length).toBeLessThan(10);
  });

  test('is stopped by a critical or high vulnerability that has a fix', () => {
    expect(parse(read('release/trivy.yaml'))).toMatchObject({
      severity: ['CRITICAL', 'HIGH'],
      'exit-code': 1,
      ignorefile: '.trivyignore.yaml',
      vulnerability: { 'ignore-unfixed': true },
    });
    expect(read('.github/workflows/release.yml').match(/trivy-config: release\/trivy\.yaml/g)).toHaveLength(2);
  });
});
