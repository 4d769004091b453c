// The process as tests hand it to a command: what is printed and logged is kept, nothing else is touched.
import { join } from 'node:path';
import { systemClock } from '#core/clock.ts';
import { createLogger } from '#core/log.ts';
import type { Environment, Variables } from './environment.ts';

/** An environment with these variables, and the lines that a command prints and logs in it. */
export function openTestEnvironment(
  variables: Variables,
  others: Partial<Pick<Environment, 'signal' | 'random'>> = {},
): { environment: Environment; printed: string[]; logged: string[] } {
  const [printed, logged]: [string[], string[]] = [[], []];
  const environment: Environment = {
    variables,
    version: '1.0.0',
    clock: systemClock,
    random: Math.random,
    log: createLogger({ level: 'info', destination: { write: (line: string) => void logged.push(line) } }),
    signal: new AbortController().signal,
    migrationsDir: join(import.meta.dirname, '../migrations'),
    print: (line) => void printed.push(line),
    terminalColumns: undefined,
    writeProgress: () => undefined,
    ...others,
  };
  return { environment, printed, logged };
}
