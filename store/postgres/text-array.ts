// Arrays of texts as Postgres writes them: https://www.postgresql.org/docs/current/arrays.html#ARRAYS-IO
import type postgres from 'postgres';

/**
 * `text[]` for the driver; none of ours holds a null. It would ask the server itself, in front of a connection's first
 * statement (postgres 3.4.9): of a session that ends just then it makes an unhandled rejection, and for the next one it may
 * ask no more.
 */
export const textArray: postgres.PostgresType<readonly string[]> = {
  to: 1009,
  from: [1009],
  serialize: (texts: readonly string[]) => `{${texts.map(quote).join(',')}}`,
  parse: (text: string) =>
    Array.from(text.matchAll(item), ([, quoted, bare]) => quoted?.replace(escaped, '$1') ?? bare ?? ''),
};

const item = /"((?:[^"\\]|\\.)*)"|([^{},"]+)/gs;
const escaped = /\\(.)/gs;

function quote(text: string): string {
  return `"${text.replace(/["\\]/g, '\\$&')}"`;
}
