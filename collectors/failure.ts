// Why a scope or a run failed, as its row and its log line tell it.
import { ConfigError, ProviderError, StoreError } from '#core/errors.ts';
import type { Logger } from '#core/log.ts';
import { describeError } from '#core/redact.ts';

/** A stable code, and a redacted message for people. */
export interface Failure {
  readonly code: string;
  readonly message: string;
}

/** Tells a failure by its code. Anything but a known error is a bug: it is logged with its stack as well. */
export function toFailure(error: unknown, log: Logger): Failure {
  const message = describeError(error);
  if (error instanceof ProviderError || error instanceof StoreError || error instanceof ConfigError) {
    return { code: error.code, message };
  }
  if (error instanceof DOMException && error.name === 'TimeoutError') return { code: 'timeout', message };
  if (error instanceof DOMException && error.name === 'AbortError') return { code: 'stopped', message };
  log.error({ event: 'bug', err: error }, 'unexpected failure');
  return { code: 'bug', message };
}
