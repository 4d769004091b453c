// `make dev`: SQLite under ./data, API and ingest on loopback, and one process per configured collector, as in a cluster.
import { existsSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { z } from 'zod';
import { openDeadline } from '#core/deadline.ts';
import { redactText } from '#core/redact.ts';
import { type Children, openChildren } from './children.ts';
import { type Environment, openEnvironment, type Variables } from './environment.ts';
import { requireFree } from './listen-problem.ts';
import { loadCollector } from './load-collector.ts';
import { type LoadedConfig, loadConfig, readDocument } from './load-config.ts';
import { report } from './report.ts';
import { openSandbox } from './sandbox.ts';
import { untilListening } from './until-listening.ts';

const sandboxDatabase = './data/sandbox.db';
/** How long what is to be typed is held back for services that do not listen yet. */
const startingMs = 30_000;
const seedExample = JSON.stringify({ id: 'prod-eu', kind: 'prometheus', url: 'https://prometheus.example:9090' });

const environment = openEnvironment();
process.exitCode = await dev(environment).catch((error: unknown) => report(environment, error));
process.exit();

async function dev(environment: Environment): Promise<number> {
  await mkdir('./data', { recursive: true });
  const { variables } = environment;
  const config = await loadConfig(variables);
  await requireFree(listAddresses(config));
  const configured = await listConfigured(variables, config);
  if (configured.length === 0) return devSandbox(environment);
  return serve(environment, variables, (children) => collect(children, configured));
}

// Before anything is collected: a second start beside a first one would write into its database, and then not serve.
function listAddresses({ api, ingest, ops }: LoadedConfig) {
  const services = [
    { key: 'api.listen', ...api.listen },
    { key: 'ingest.listen', ...ingest.listen },
  ];
  return ops ? [...services, { key: 'ops.port', ...ops }] : services;
}

async function devSandbox(environment: Environment): Promise<number> {
  const hasHistory = existsSync(sandboxDatabase);
  const written = z.record(z.string(), z.unknown()).parse(await readDocument(environment.variables, []));
  // Its rows go to a file of their own, whatever database is configured.
  const sandbox = await openSandbox({ accounts: 60, document: { ...written, database: { url: sandboxDatabase } } });
  try {
    announceSandbox(environment);
    // A sandbox that was collected before goes on where it was; a new one lives through its first night now.
    if (hasHistory) sandbox.moveOn();
    return await serve(environment, { ...environment.variables, ...sandbox.variables }, async (children) => {
      const paths = await collect(children, sandbox.collectors);
      const under = sandbox.nodes.map((node) => `/accounts?under=${node}`);
      if (hasHistory) return [...paths, ...under];
      const night = environment.clock.now().toISOString();
      sandbox.moveOn();
      await collect(children, sandbox.collectors);
      return [...paths, ...under, `/diff?from=${night}`];
    });
  } finally {
    await sandbox.close();
  }
}

/**
 * Serves API and ingest and collects, which answers what to ask of the API; resolves to the exit code of the one that ends
 * first, or of the migration that failed.
 */
async function serve(
  environment: Environment,
  variables: Variables,
  collectAll: (children: Children) => Promise<readonly string[]>,
): Promise<number> {
  const children = openChildren(variables, environment.signal);
  const starting = openDeadline(startingMs, environment.signal);
  try {
    const migrated = await children.run('migrate');
    if (migrated !== 0) return migrated;
    const config = await loadConfig(variables);
    const ended = Promise.race([
      children.run('serve', 'api'),
      // In a cluster each has an ops port of its own; there is only one on this machine.
      children.run('serve', 'ingest', ...(config.ops ? ['--no-ops'] : [])),
    ]);
    const listening = untilListening(listAddresses(config), starting.signal);
    const first = await Promise.race([ended, Promise.all([collectAll(children), listening]).then(([paths]) => paths)]);
    // One of them ends first only when it could not start or was stopped.
    if (typeof first === 'number') return first;
    await announceServices(environment, variables, first);
    return await ended;
  } finally {
    starting.clear();
    await children.stop();
  }
}

async function collect(children: Children, collectors: readonly string[]): Promise<readonly string[]> {
  await Promise.all(collectors.map((name) => children.run('collect', name)));
  return collectors.map(toPath);
}

// Two read monitoring endpoints; all others are providers of accounts.
function toPath(collector: string): string {
  const isMonitoring = collector === 'prometheus' || collector === 'grafana';
  return isMonitoring ? `/monitoring?kind=${collector}` : `/accounts?provider=${collector}`;
}

// A collector is configured when the document has a part for it, or its plain variables are set.
async function listConfigured(variables: Variables, { collectors }: LoadedConfig): Promise<readonly string[]> {
  const folder = new URL('../collectors/', import.meta.url);
  const names = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const configured: string[] = [];
  for (const { name } of names) {
    const collector = await loadCollector(name);
    if (collectors[name] !== undefined || collector.fromEnvironment?.(variables) !== undefined) configured.push(name);
  }
  return configured;
}

function announceSandbox({ print }: Environment): void {
  print('');
  print('  *** SANDBOX: nothing is configured, so all of this is make-believe on loopback: AWS, GCP, Azure, ***');
  print('  *** and a Prometheus and a Grafana that watch them.                                              ***');
  print(`  *** Their rows go to ${sandboxDatabase}; README.md tells how to point at real ones.               ***`);
  print('');
}

async function announceServices({ print }: Environment, variables: Variables, paths: readonly string[]): Promise<void> {
  const { api, ingest, databaseUrl } = await loadConfig(variables);
  const origin = `${api.listen.host}:${api.listen.port}`;
  const ingestOrigin = `${ingest.listen.host}:${ingest.listen.port}`;
  print('');
  print(`  inventory in ${redactText(databaseUrl)}`);
  print(`  open  http://${origin}/docs`);
  for (const path of ['/org-nodes', ...paths]) print(`  curl '${origin}/api/v1${path}'`);
  print(`  curl '${ingestOrigin}/api/v1/monitoring' -H 'content-type: application/json' -d '${seedExample}'`);
  print('  stop  Ctrl-C');
}
