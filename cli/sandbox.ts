// `inventory sandbox`: three clouds that do not exist and what watches them, on loopback. They are part of the test kit, not of the image.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { z } from 'zod';
import { parsePart } from '#core/config.ts';
import { ConfigError, type ConfigProblem } from '#core/errors.ts';
import type { Environment } from './environment.ts';
import { untilAborted } from './until-aborted.ts';

const optionsSchema = z.object({ accounts: z.coerce.number().int().min(10).max(100_000) });

/** How large each cloud is, and what stands in the configuration beside the collectors. */
export interface SandboxOptions {
  readonly accounts: number;
  readonly document?: Readonly<Record<string, unknown>>;
}

/** A running sandbox. */
export interface Sandbox {
  /** The collectors that read it. */
  readonly collectors: readonly string[];
  /** The variables that point a collector at it, `INVENTORY_CONFIG` among them. */
  readonly variables: Readonly<Record<string, string>>;
  /** A node of each cloud, with accounts below it. */
  readonly nodes: readonly string[];
  /** Once: a day passes, on which a few accounts of each cloud change, and what watches them. */
  moveOn(): void;
  close(): Promise<void>;
}

/** Serves until stopped, after printing the variables to set. */
export async function sandboxCommand(environment: Environment, options: unknown): Promise<void> {
  const problems: ConfigProblem[] = [];
  const parsed = parsePart(optionsSchema, options, 'sandbox', problems);
  if (parsed === undefined) throw new ConfigError('bad_option', problems);
  const sandbox = await openSandbox(parsed);
  try {
    environment.print(`# Clouds that do not exist, of ${parsed.accounts} accounts each. In another terminal:`);
    for (const [name, value] of Object.entries(sandbox.variables)) environment.print(`export ${name}=${value}`);
    for (const name of sandbox.collectors) environment.print(`npm run -s inventory -- collect ${name}`);
    await untilAborted(environment.signal);
  } finally {
    await sandbox.close();
  }
}

/** The same clouds whenever it is opened; their credentials lie in a folder of their own until it closes. */
export async function openSandbox({ accounts, document = {} }: SandboxOptions): Promise<Sandbox> {
  const { clouds: openings, openMonitoring } = await importTestkit();
  const folder = await mkdtemp(join(tmpdir(), 'inventory-sandbox-'));
  const clouds = await Promise.all(openings.map((open) => open({ accounts, folder })));
  const config = join(folder, 'inventory.yaml');
  const monitoring = await openMonitoring({ accounts, folder });
  const parts = clouds.map(({ provider, source }) => [provider, { sources: [source] }]);
  const collectors = { ...Object.fromEntries(parts), ...monitoring.parts };
  await writeFile(config, stringify({ ...document, collectors }), { mode: 0o600 });
  return {
    collectors: Object.keys(collectors),
    variables: Object.assign(
      { INVENTORY_CONFIG: config, ...withoutProxy },
      ...clouds.map(({ variables }) => variables),
    ),
    nodes: clouds.map(({ node }) => node),
    moveOn: () => {
      for (const one of [...clouds, monitoring]) one.moveOn();
    },
    close: async () => {
      await Promise.all([...clouds, monitoring].map((one) => one.close()));
      await rm(folder, { recursive: true });
    },
  };
}

// No proxy can reach this machine's own loopback.
const withoutProxy = { NO_PROXY: 'localhost,127.0.0.1', no_proxy: 'localhost,127.0.0.1' };

// Imported by names the bundler leaves alone: the image has no test kit.
async function importTestkit() {
  try {
    const { openAwsSandbox } = await import('#testkit/sandbox/aws.ts');
    const { openGcpSandbox } = await import('#testkit/sandbox/gcp.ts');
    const { openAzureSandbox } = await import('#testkit/sandbox/azure.ts');
    const { openMonitoringSandbox: openMonitoring } = await import('#testkit/sandbox/monitoring.ts');
    return { clouds: [openAwsSandbox, openGcpSandbox, openAzureSandbox], openMonitoring };
  } catch (cause) {
    const remedy = 'the sandbox belongs to the test kit and is not part of the image: run it from the source tree';
    throw new ConfigError('no_sandbox', [{ key: 'sandbox', remedy }], { cause });
  }
}
