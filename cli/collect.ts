// `inventory collect <name>`: one run of one collector.
import { setFlagsFromString } from 'node:v8';
import { selectScopes } from '#collectors/options.ts';
import { runCollector } from '#collectors/runner.ts';
import { ConfigError } from '#core/errors.ts';
import { createHttpClient } from '#core/http.ts';
import { openWriter } from '#store/open.ts';
import type { Environment } from './environment.ts';
import { loadCollector } from './load-collector.ts';
import { loadCollectorConfig } from './load-config.ts';
import { parseDuration } from './parse-duration.ts';
import { waitJitter } from './start-jitter.ts';

// A collector waits for its provider far more than it computes, in a pod that asks for 128 MiB. So V8 keeps its young
// generation small instead of letting it grow to three halves of 16 MiB, and spends no memory on optimizing compilers: for
// 10,000 accounts 120 MiB at the peak instead of 285, for a third more CPU time. undici's HTTP parser is WebAssembly, which V8
// would optimize in the background as soon as it is warm: 14 MiB for 10 ms, the peak of a small run. V8's memory reducer marks
// when little is allocated; what comes meanwhile is kept until the next collection. Set before anything is loaded; not
// `--liftoff-only`, which does nothing once V8 has started.
const memoryFlags = [
  '--max-semi-space-size=2',
  '--semi-space-growth-factor=1',
  '--optimize-for-size',
  '--no-maglev',
  '--no-opt',
  '--no-wasm-tier-up',
  '--no-wasm-dynamic-tiering',
  '--no-memory-reducer',
];

export interface CollectOptions {
  readonly scope: readonly string[];
  readonly timeout: string;
  /** At most so long is waited, by chance, before anything is opened; it counts into the timeout. */
  readonly jitter?: string;
  readonly dryRun?: boolean;
}

/** Resolves to the exit code: 0 done, 1 failed. Throws ConfigError before anything is waited for or written. */
export async function collectCommand(environment: Environment, name: string, options: CollectOptions): Promise<number> {
  for (const flag of memoryFlags) setFlagsFromString(flag);
  const { variables, clock, log, signal, version } = environment;
  const collector = await loadCollector(name);
  const { config, part } = await loadCollectorConfig(variables, collector);
  const timeoutMs = parseDuration('--timeout', options.timeout);
  const scopes = options.scope.length > 0 ? options.scope : undefined;
  const proxyEnv = readProxyVariables(environment);
  const http = createHttpClient({ proxyEnv });
  selectScopes({ collector, config: part, scopes });
  const waitedMs = await waitStart(environment, { jitter: options.jitter, timeoutMs });
  const { migrationsDir } = environment;
  const dryRun = options.dryRun ?? false;
  const writer = dryRun ? undefined : await openWriter({ url: config.databaseUrl, migrationsDir, clock, log });
  try {
    const summary = await runCollector({
      collector,
      config: part,
      tenant_id: config.tenant,
      version,
      image_digest: variables.INVENTORY_IMAGE_DIGEST ?? null,
      trigger: variables.INVENTORY_TRIGGER ?? 'cli',
      scopes,
      writer,
      clock,
      log,
      http,
      proxyEnv,
      signal,
      timeoutMs: timeoutMs - waitedMs,
      terminal: terminalOf(environment),
    });
    return summary.exit_code;
  } finally {
    await Promise.allSettled([writer?.close(), http.close()]);
  }
}

// A bad configuration is told before, and no connection is held meanwhile.
async function waitStart(
  { random, signal, log }: Environment,
  { jitter = '0s', timeoutMs }: { readonly jitter: string | undefined; readonly timeoutMs: number },
): Promise<number> {
  const maxMs = parseDuration('--jitter', jitter, { canBeZero: true });
  if (maxMs > 0 && maxMs >= timeoutMs) {
    throw new ConfigError('bad_option', [{ key: '--jitter', remedy: 'must be shorter than --timeout' }]);
  }
  const waitedMs = await waitJitter({ maxMs, random, signal });
  if (waitedMs > 0) log.debug({ event: 'jitter', waited_ms: waitedMs }, 'jitter');
  return waitedMs;
}

function readProxyVariables({ variables }: Environment): Readonly<Record<string, string | undefined>> {
  const names = ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY'].flatMap((name) => [name, name.toLowerCase()]);
  return Object.fromEntries(names.map((name) => [name, variables[name]]));
}

function terminalOf({ terminalColumns, writeProgress }: Environment) {
  return terminalColumns === undefined ? undefined : { columns: terminalColumns, write: writeProgress };
}
