// How many rows travel: as JSON from which all is left out that need not be said for each row, for the server parses it.
import { rememberText, toStorableText } from '../storable.ts';

/**
 * Rows as the parameters `$2`, `$3` and `$4` of a statement: the rows, what they all have alike, and their provenances. A
 * few requests deliver the rows of a batch, so a row has its provenance's place in the list; a null has no member. All rows
 * must have the members of the first.
 */
export function toRecordset(rows: readonly object[]): [rows: string, alike: string, provenances: string] {
  const alike = membersAlike(rows);
  const places = new Map<string, number>();
  const textOf = rememberText();
  const placeOf = (provenance: object) => {
    const text = textOf(provenance);
    const place = places.get(text) ?? places.size;
    places.set(text, place);
    return place;
  };
  const names = Object.keys(rows[0] ?? {}).filter((name) => !Object.hasOwn(alike, name));
  const sent = rows.map((row) => {
    const own: Record<string, unknown> = {};
    for (const name of names) {
      const value: unknown = Reflect.get(row, name);
      if (value !== null) own[name] = name === 'provenance' && typeof value === 'object' ? placeOf(value) : value;
    }
    return own;
  });
  return [toStorableText(sent), toStorableText(alike), `[${[...places.keys()].join(',')}]`];
}

/** The rows of these parameters as a source `x` with the columns of the table. */
export function recordset(table: string): string {
  return `jsonb_populate_recordset(jsonb_populate_record(null::${table}, $3::text::jsonb), $2::text::jsonb) as x`;
}

/** The provenance of a row `x`. The list is parsed once for the statement. */
export const provenanceOf = '(select $4::text::jsonb) -> x.provenance::integer';

// Objects and arrays are other values in each row, even where they are equal.
function membersAlike([first = {}, ...others]: readonly object[]): object {
  const isAlike = ([name, value]: [string, unknown]) =>
    typeof value !== 'object' && others.every((row) => Reflect.get(row, name) === value);
  return Object.fromEntries(Object.entries(first).filter(isAlike));
}
