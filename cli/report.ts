// Why a command failed, in words on standard error, and the exit code that says so.
import { ConfigError, ProviderError, RequestError, StoreError } from '#core/errors.ts';
import { toTold } from '#core/redact.ts';
import type { Environment } from './environment.ts';

export const exitCodes = { done: 0, failed: 1, badConfiguration: 2 } as const;

/** Tells known failures in words; anything else is a bug and is logged with its stack. Answers the exit code. */
export function report({ log }: Pick<Environment, 'log'>, error: unknown): number {
  if (error instanceof ConfigError) {
    for (const { key, remedy } of error.problems) process.stderr.write(`${toTold(`${key}: ${remedy}`)}\n`);
    return exitCodes.badConfiguration;
  }
  if (error instanceof StoreError || error instanceof ProviderError || error instanceof RequestError) {
    process.stderr.write(`${toTold(error.message)} (${error.code})\n`);
    return exitCodes.failed;
  }
  log.error({ event: 'bug', err: error }, 'unexpected failure');
  return exitCodes.failed;
}
