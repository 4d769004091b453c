// What the sandbox says about each of its clouds: how a collector reaches it, and how it lives on.

/** How to make a cloud. */
export interface SandboxOptions {
  /** Accounts, projects or subscriptions: ten at least. */
  readonly accounts: number;
  /** Where files with credentials may be written; nobody else may enter it. */
  readonly folder: string;
}

/** One cloud that does not exist: the same whenever it is opened. */
export interface SandboxCloud {
  /** The collector that reads it. */
  readonly provider: string;
  /** The source that reads it, as it stands in a configuration. */
  readonly source: Readonly<Record<string, unknown>>;
  /** Variables that the collector's process needs beside it. */
  readonly variables: Readonly<Record<string, string>>;
  /** A node with accounts below it, for `under=`. */
  readonly node: string;
  /** What happens overnight, once: an account is renamed, another moves, a third is tagged. */
  moveOn(): void;
  close(): Promise<void>;
}

/** Only its owner may read a file with a credential. */
export const secretFile = { mode: 0o600 } as const;

/** The first three: to rename, to move, to tag. */
export function takeThree<T>(items: readonly T[]): readonly [T, T, T] {
  const [first, second, third] = items;
  if (first === undefined || second === undefined || third === undefined)
    throw new RangeError('the cloud is too small');
  return [first, second, third];
}

/** How many organizational units, folders or management groups hold so many accounts. */
export function toNodeCount(accounts: number): number {
  return Math.max(8, Math.ceil(accounts / 10));
}
