// A statement that reads, and the few expressions in which the two databases differ.
import type { ColumnType } from '../records.ts';

/** What can be bound. Undefined is for names that the text does not have. */
export type Parameter = string | number | null | readonly string[] | undefined;

/** SQL whose values are named parameters, `@name`; no value is ever part of the text. */
export interface Statement {
  readonly text: string;
  readonly parameters: Readonly<Record<string, Parameter>>;
  /** Whether the rows it meets first are its page: they are to be read in the order of an index, never sorted. */
  readonly inOrder?: boolean;
}

/** A member of a JSON object: its name, the SQL expression of its value, and how that travels. */
export interface Member {
  readonly name: string;
  readonly sql: string;
  readonly type: ColumnType;
}

/** SQL of one database. Everything else is the same text on both. */
export interface Dialect {
  /** A time as UTC text with milliseconds. */
  time(sql: string): string;
  /** The later of two times as such text; either may be null. */
  later(storedText: string, observedText: string): string;
  /** The JSON object of the members, in their order. */
  object(members: readonly Member[]): string;
  /** The JSON array of such objects, one for each row of `from … where … order by … limit …`. */
  arrayOf(members: readonly Member[], rows: string): string;
  /** JSON as the text that is sent. */
  text(json: string): string;
  /** The text of a member of a JSON object. */
  textOf(json: string, name: string): string;
  /** How many members a JSON object has. */
  sizeOf(json: string): string;
  /** Seconds between two times. */
  seconds(from: string, to: string): string;
  /** Whether a text holds the other one, in any case and in any script. */
  holds(text: string, part: string): string;
  /** Whether an array shares an element with what a select yields. */
  overlaps(array: string, select: string): string;
  /** The values of such a list as it is bound. */
  list(values: readonly string[]): Parameter;
  /** Whether an object of texts has a member that is `name:value` when it is written out: either may hold colons itself. */
  hasTag(object: string, tag: string): string;
  /** The value of such a tag as it is bound. */
  tag(text: string): Parameter;
  /** What follows the first "/" of an id. */
  bareId(id: string): string;
  /** The order of the event log `r`: its transaction as text, which events are settled, and which come after a place. */
  readonly log: {
    readonly transaction: string;
    readonly isSettled: string;
    readonly order: string;
    isAfter(transaction: string, position: string): string;
  };
  /** Whether a text is among the values of a list parameter. */
  isIn(text: string, list: string): string;
  /**
   * The column of a record's table as a version `v` recorded it; `r` is the record as it is now. Null for a column that is
   * no content.
   */
  recorded(column: string, type: ColumnType): string;
}

/** Parameters that a database can hold: one with a NUL or half a surrogate pair equals nothing that is stored. */
export function toParameters(values: Statement['parameters']): Statement['parameters'] {
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [name, typeof value === 'string' ? toFindable(value) : value]),
  );
}

/** The text as the databases can hold it. Not stripped: an empty text would find everything. */
export function toFindable(text: string): string {
  return text.replaceAll('\u0000', '\ufffd').toWellFormed();
}
