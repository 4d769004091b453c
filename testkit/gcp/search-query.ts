// The part of Google's search language that the fake speaks; it refuses the rest rather than find too much.
import { refuseArgument } from './refusal.ts';

/** Values of a resource by the field's name in lower case. */
export type SearchFields = Readonly<Record<string, string>>;

/** Says whether a resource fits. */
export type SearchMatch = (fields: SearchFields) => boolean;

/**
 * Reads terms such as `state:ACTIVE parent:folders/1`, with `:` or `=`, and a `*` at the end of a value. A project fits
 * when any term does, a folder or an organization when all joined by `AND` do.
 */
export function parseSearch(query: string, known: readonly string[], join: 'any' | 'all'): SearchMatch {
  const terms = query
    .split(join === 'any' ? /\s+/ : /\s+AND\s+/i)
    .filter((term) => term.trim() !== '')
    .map((term) => parseTerm(term.trim(), known));
  if (terms.length === 0) return () => true;
  return (fields) => (join === 'any' ? terms.some((fits) => fits(fields)) : terms.every((fits) => fits(fields)));
}

function parseTerm(term: string, known: readonly string[]): SearchMatch {
  const [, name = '', value = ''] = /^([\w.]+)[:=]([^\s"()]+)$/.exec(term) ?? [];
  const field = name.toLowerCase();
  if (!known.includes(field)) throw refuseArgument(`the fake does not understand ${term} in a search`);
  const wanted = value.toLowerCase();
  return (fields) => {
    const actual = (fields[field] ?? '').toLowerCase();
    return wanted.endsWith('*') ? actual.startsWith(wanted.slice(0, -1)) : actual === wanted;
  };
}
