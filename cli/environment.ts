// The process as the commands see it: variables, output, log, signals. Nothing but cli/ touches `process`.
import { join } from 'node:path';
import { type Clock, systemClock } from '#core/clock.ts';
import { ProviderError } from '#core/errors.ts';
import { createLogger, type Logger, logLevels } from '#core/log.ts';
import manifest from '../package.json' with { type: 'json' };

export type Variables = Readonly<Record<string, string | undefined>>;

/** What every command is given; tests hand in their own. */
export interface Environment {
  readonly variables: Variables;
  readonly version: string;
  readonly clock: Clock;
  readonly log: Logger;
  /** Aborts at the first SIGTERM or SIGINT, and when standard output can no longer be written. */
  readonly signal: AbortSignal;
  /** From 0 up to 1, as `Math.random`. */
  readonly random: () => number;
  /** Where `migrations/` lies: beside the sources, or beside the bundle. */
  readonly migrationsDir: string;
  /** A command's answer, on standard output. */
  print(line: string): void;
  /** Columns of the terminal on standard error, undefined when it is none. */
  readonly terminalColumns: number | undefined;
  /** Unbuffered text to standard error, for a progress line. */
  writeProgress(text: string): void;
}

/** The real one. The same signal a second time ends the process at once; one of each does not, for Ctrl-C in `make dev` sends both. */
export function openEnvironment(): Environment {
  const variables = process.env;
  const isTerminal = process.stderr.isTTY === true;
  const log = createLogger({ level: toLevel(variables) });
  logUncaught(log);
  return {
    variables,
    version: manifest.version,
    clock: systemClock,
    random: Math.random,
    log,
    signal: openSignal(),
    migrationsDir: join(import.meta.dirname, '../migrations'),
    print: (line) => void process.stdout.write(`${line}\n`),
    terminalColumns: isTerminal ? process.stderr.columns : undefined,
    writeProgress: (text) => void process.stderr.write(text),
  };
}

// Another level is told with all that is wrong in the configuration, which is read after this.
function toLevel({ INVENTORY_LOG_LEVEL: level = 'info' }: Variables): string {
  return logLevels.includes(level) ? level : 'info';
}

// Node would print it with all that it carries: an SDK's error has the request, and that the credentials.
function logUncaught(log: Logger): void {
  process.on('uncaughtException', (error) => {
    log.error({ event: 'bug', err: error }, 'unexpected failure');
    process.exit(1);
  });
}

function openSignal(): AbortSignal {
  const controller = new AbortController();
  for (const name of ['SIGTERM', 'SIGINT'] as const) {
    process.once(name, () => {
      controller.abort(new ProviderError('terminated', `stopped by ${name}`));
      process.once(name, () => process.exit(1));
    });
  }
  // Whoever read it has left, as `head` does: what goes on until it is stopped would go on for nobody.
  process.stdout.on('error', (cause) => {
    controller.abort(new ProviderError('terminated', 'standard output cannot be written', { cause }));
  });
  return controller.signal;
}
