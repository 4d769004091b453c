// What a benchmark says: a figure, and beside it the limit or the peer measured in the same run.

/** One line of the report. */
export interface Figure {
  readonly what: string;
  readonly figure: string;
  readonly beside: string;
}

/** Prints a table of one benchmark's figures. */
export function printFigures(title: string, figures: readonly Figure[]): void {
  const width = (of: (figure: Figure) => string) => Math.max(...figures.map((figure) => of(figure).length));
  const [first, second] = [width(({ what }) => what), width(({ figure }) => figure)];
  console.log(`\n${title}`);
  for (const { what, figure, beside } of figures) {
    console.log(`  ${what.padEnd(first)}  ${figure.padStart(second)}  ${beside}`.trimEnd());
  }
}

/** The middle value. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

/** The value that so many of a hundred are not above. */
export function percentile(values: readonly number[], percent: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? Number.NaN;
}

/** Whole numbers with thousands apart. */
export function whole(value: number): string {
  return Math.round(value).toLocaleString('en-US');
}
