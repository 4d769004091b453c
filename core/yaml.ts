// YAML that people write: all that is wrong with it by its line, and never in the parser's own words, which quote what stands there.
import { isNode, LineCounter, parseDocument } from 'yaml';

/** One thing wrong, and where. */
export interface YamlProblem {
  readonly line: number;
  readonly remedy: string;
}

export interface Yaml {
  /** As plain values; null when nothing is written, and when there are problems. */
  readonly value: unknown;
  readonly problems: readonly YamlProblem[];
  /** The line on which the place begins, or the nearest thing around it that is there. */
  lineOf(place: readonly PropertyKey[]): number;
}

const aliasRemedy = 'has an alias (*) that leads nowhere, back or too far: write aliases out, and quote what is none';

/** Reads one document. A tag that nobody knows is a problem: without it another value would be read than was written. */
export function parseYaml(text: string): Yaml {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  const problems = [...document.errors, ...document.warnings].map(({ code, pos: [start] }) => ({
    line: lines.linePos(start).line,
    remedy: `is not YAML: ${code.toLowerCase().replaceAll('_', ' ')}`,
  }));
  const lineOf = (place: readonly PropertyKey[]) => {
    for (let length = place.length; length >= 0; length -= 1) {
      const node: unknown = length === 0 ? document.contents : document.getIn(place.slice(0, length), true);
      if (isNode(node) && node.range) return lines.linePos(node.range[0]).line;
    }
    return 1;
  };
  if (problems.length > 0) return { value: null, problems, lineOf };
  try {
    const value: unknown = document.toJS() ?? null;
    // Throws when an alias leads to what it is a part of: nobody could walk through that to its end.
    JSON.stringify(value);
    return { value, problems, lineOf };
  } catch {
    // An alias that leads nowhere or back to itself, or unfolds into more than the text could hold.
    return { value: null, problems: [{ line: lineOf([]), remedy: aliasRemedy }], lineOf };
  }
}
