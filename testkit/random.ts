// Chance that repeats: every "random" choice of a fake comes from a seed, so that a failing test fails again.

/** A source of numbers in [0, 1) and of what is built from them. */
export interface Random {
  next(): number;
  /** A whole number in [0, below). */
  integer(below: number): number;
  pick<T>(values: readonly T[]): T;
  /** As many characters of the alphabet as asked for. */
  text(length: number, alphabet: string): string;
  uuid(): string;
}

const hexDigits = '0123456789abcdef';

/** mulberry32: small, fast, and good enough for test data. */
export function createRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
  const integer = (below: number) => Math.floor(next() * below);
  const text = (length: number, alphabet: string) =>
    Array.from({ length }, () => alphabet.charAt(integer(alphabet.length))).join('');
  return {
    next,
    integer,
    text,
    pick: (values) => {
      const value = values[integer(values.length)];
      if (value === undefined) throw new RangeError('nothing to pick from');
      return value;
    },
    uuid: () => [8, 4, 4, 4, 12].map((length) => text(length, hexDigits)).join('-'),
  };
}

/** A number made of a text (FNV-1a): the seed that belongs to a name. */
export function toSeed(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

/** The items in an order that a seed and their names decide; null keeps their own. */
export function shuffleBy<T>(items: readonly T[], seed: number | null, nameOf: (item: T) => string): readonly T[] {
  if (seed === null) return items;
  const weighed = items.map((item) => ({ item, weight: toSeed(`${seed}/${nameOf(item)}`) }));
  return weighed.sort((a, b) => a.weight - b.weight).map(({ item }) => item);
}

/** The value with the keys of all its objects in an order that a seed decides. */
export function shuffleKeys(value: unknown, seed: number): unknown {
  if (Array.isArray(value)) return value.map((item) => shuffleKeys(item, seed));
  if (typeof value !== 'object' || value === null) return value;
  const entries = shuffleBy(Object.entries(value), seed, ([key]) => key);
  return Object.fromEntries(entries.map(([key, member]) => [key, shuffleKeys(member, seed)]));
}
