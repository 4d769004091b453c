// `make dev`: SQLite under ./data, the API on loopback, and one process per configured collector, as in a cluster.
import { spawn } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { type Environment, openEnvironment, type Variables } from './environment.ts';
import { loadCollector } from './load-collector.ts';
import { defaultDatabase, loadConfig } from './load-config.ts';
import { openSandbox } from './sandbox.ts';

const sandboxDatabase = './data/sandbox.db';
const cli = fileURLToPath(new URL('./main.ts', import.meta.url));

const environment = openEnvironment();
process.exitCode = await dev(environment);
process.exit();

async function dev(environment: Environment): Promise<number> {
  const configured = await listConfigured(environment.variables);
  const sandbox = configured.length === 0 ? await openSandbox({ accounts: 60, port: 0 }) : undefined;
  const variables = { ...environment.variables, ...(sandbox && { ...sandbox.variables, DB_PATH: sandboxDatabase }) };
  try {
    await mkdir('./data', { recursive: true });
    if (sandbox) announceSandbox(environment);
    return await runAll(environment, variables, sandbox ? ['aws'] : configured);
  } finally {
    await sandbox?.close();
  }
}

async function runAll(environment: Environment, variables: Variables, collectors: readonly string[]): Promise<number> {
  const migrated = await runCommand(environment, variables, ['migrate']);
  if (migrated !== 0) return migrated;
  const api = runCommand(environment, variables, ['serve', 'api']);
  const runs = Promise.all(collectors.map((name) => runCommand(environment, variables, ['collect', name])));
  const first = await Promise.race([api, runs]);
  // The API ends first only when it could not start or was stopped.
  if (typeof first === 'number') return first;
  await announceApi(environment, variables, collectors);
  return api;
}

// A collector is configured when the document has a part for it, or its plain variables are set.
async function listConfigured(variables: Variables): Promise<readonly string[]> {
  const { collectors } = await loadConfig(variables);
  const folder = new URL('../collectors/', import.meta.url);
  const names = (await readdir(folder, { withFileTypes: true })).filter((entry) => entry.isDirectory());
  const configured: string[] = [];
  for (const { name } of names) {
    const collector = await loadCollector(name);
    if (collectors[name] !== undefined || collector.fromEnvironment?.(variables) !== undefined) configured.push(name);
  }
  return configured;
}

// Resolves to the exit code. Stopping this process stops the child.
function runCommand(environment: Environment, variables: Variables, command: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [cli, ...command], {
      env: variables,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const stop = () => child.kill('SIGTERM');
    if (environment.signal.aborted) stop();
    environment.signal.addEventListener('abort', stop, { once: true });
    child.once('error', reject);
    child.once('exit', (code) => {
      environment.signal.removeEventListener('abort', stop);
      resolve(code ?? 1);
    });
  });
}

function announceSandbox(environment: Environment): void {
  environment.print('');
  environment.print(
    '  *** SANDBOX: nothing is configured, so this is a make-believe AWS organization on loopback. ***',
  );
  environment.print(
    `  *** Its rows go to ${sandboxDatabase}; README.md tells how to point at a real one.            ***`,
  );
  environment.print('');
}

async function announceApi(
  environment: Environment,
  variables: Variables,
  collectors: readonly string[],
): Promise<void> {
  const { host, port } = (await loadConfig(variables)).api.listen;
  const origin = `${host}:${port}`;
  environment.print('');
  environment.print(
    `  inventory of ${collectors.join(', ')} in ${variables.DATABASE_URL ?? variables.DB_PATH ?? defaultDatabase}`,
  );
  environment.print(`  open  http://${origin}/docs`);
  environment.print(`  curl '${origin}/api/v1/accounts?provider=${collectors[0]}'`);
  environment.print(`  curl '${origin}/api/v1/org-nodes'`);
  environment.print('  stop  Ctrl-C');
}
