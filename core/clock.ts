// Time and ids as values that are handed down, so that tests choose them.
import { randomUUID } from 'node:crypto';

/** The process's time and source of ids. */
export interface Clock {
  now(): Date;
  /** A random UUID (version 4). */
  uuid(): string;
  /** A UUID that sorts by time (version 7, RFC 9562 §5.7). */
  uuid7(): string;
}

/** The real one. */
export const systemClock: Clock = {
  now: () => new Date(),
  uuid: () => randomUUID(),
  uuid7: () => toUuid7(Date.now(), randomUUID()),
};

/**
 * A version 7 UUID of a Unix time in milliseconds (RFC 9562 §5.7): the random bits of a version 4 one stand where it needs
 * them, and Node keeps a pool for those.
 */
export function toUuid7(timeMs: number, uuid4: string): string {
  const time = timeMs.toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${uuid4.slice(15)}`;
}
