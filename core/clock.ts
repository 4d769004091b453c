// Time and ids as values that are handed down, so that tests choose them.
import { randomBytes, randomUUID } from 'node:crypto';

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
  uuid7: () => toUuid7(Date.now(), randomBytes(10)),
};

/** A version 7 UUID of a Unix time in milliseconds and ten random bytes (RFC 9562 §5.7). */
export function toUuid7(timeMs: number, random: Uint8Array): string {
  const bytes = Buffer.alloc(16);
  bytes.writeUIntBE(timeMs, 0, 6);
  bytes.set(random.subarray(0, 10), 6);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x70, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}
