// kubectl and helm as the checks on the cluster use them.
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { type Ended, root, startProgram } from '../verify/inventory.ts';

const chart = join(root, 'charts/asset-inventory');

/** Runs a program to its end, with this text on its standard input and our own variables: they lead to the cluster. It has five minutes. */
export async function run(program: string, parameters: readonly string[], input?: string): Promise<Ended> {
  const variables = Object.entries(process.env).map(([name, value = '']) => [name, value] as const);
  const running = startProgram(Object.fromEntries(variables), [program, ...parameters], root, input);
  const end = setTimeout(() => running.process.kill(), 300_000);
  return await running.ended.finally(() => clearTimeout(end));
}

/** Runs a program that must succeed; answers what it printed. */
export async function succeed(program: string, parameters: readonly string[], input?: string): Promise<string> {
  const ended = await run(program, parameters, input);
  if (ended.code !== 0) throw new Error(`${program} ${parameters.join(' ')}: ${ended.stderr}`);
  return ended.stdout;
}

/** One namespace of the cluster. */
export interface Namespace {
  readonly name: string;
  /** Throws when kubectl fails; answers what it printed. */
  kubectl(parameters: readonly string[], input?: string): Promise<string>;
  /** Makes an object, or changes it. */
  apply(object: object): Promise<void>;
  /** Helm's own words on this command of the release `inventory`, with the chart where it takes one. */
  helm(command: 'upgrade --install' | 'rollback' | 'test', ...flags: readonly string[]): Promise<Ended>;
  /** What the chart renders to with this file of values. */
  template(values: string): Promise<string>;
  remove(): Promise<void>;
}

/** Makes a namespace that admits nothing that Pod Security *restricted* refuses. */
export async function createNamespace(): Promise<Namespace> {
  const name = `inventory-${randomBytes(3).toString('hex')}`;
  const kubectl = (parameters: readonly string[], input?: string) =>
    succeed('kubectl', ['-n', name, ...parameters], input);
  await succeed('kubectl', ['create', 'namespace', name]);
  const labels = ['enforce', 'warn'].map((mode) => `pod-security.kubernetes.io/${mode}=restricted`);
  await succeed('kubectl', ['label', 'namespace', name, ...labels]);
  return {
    name,
    kubectl,
    apply: async (object) => void (await kubectl(['apply', '-f', '-'], JSON.stringify(object))),
    helm: (command, ...flags) => {
      const charts = command === 'upgrade --install' ? [chart] : [];
      return run('helm', [...command.split(' '), 'inventory', ...charts, '-n', name, '--timeout', '4m', ...flags]);
    },
    template: (values) =>
      succeed('helm', ['template', 'inventory', chart, '-n', name, '--kube-version', '1.36.0', '--values', values]),
    async remove() {
      await run('kubectl', ['delete', 'namespace', name, '--wait=false']);
    },
  };
}
