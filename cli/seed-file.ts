// Reads a file of seeds: everything that is wrong in it at once, each with its line and key and never its value.
import { type Document, isNode, LineCounter, parseDocument } from 'yaml';
import { z } from 'zod';
import { ConfigError, type ConfigProblem } from '#core/errors.ts';
import { createSeedSchema, type Seed } from '#core/seed.ts';

interface SeedFile {
  /** As the user named it. */
  readonly path: string;
  readonly text: string;
  readonly allowedHosts: readonly string[];
}

type Place = readonly PropertyKey[];

/** The seeds of a file with the one member `monitoring`; throws ConfigError with all its problems. */
export function parseSeedFile({ path, text, allowedHosts }: SeedFile): readonly Seed[] {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines });
  if (document.errors.length > 0) {
    // The parser's own message would quote the line.
    const problems = document.errors.map(({ code, pos: [start] }) => ({
      key: `${path}:${lines.linePos(start).line}`,
      remedy: `is not YAML: ${code.toLowerCase().replaceAll('_', ' ')}`,
    }));
    throw new ConfigError('bad_seed_file', problems);
  }
  const tell = (place: Place, remedy: string): ConfigProblem => {
    const line = lines.linePos(offsetOf(document, place)).line;
    return { key: [`${path}:${line}`, ...(place.length > 0 ? [place.map(String).join('.')] : [])].join(': '), remedy };
  };
  const fileSchema = z.strictObject({ monitoring: z.array(createSeedSchema(allowedHosts)) });
  const parsed = fileSchema.safeParse(toPlain(document, tell));
  if (!parsed.success) {
    throw new ConfigError(
      'bad_seed_file',
      parsed.error.issues.map(({ path: place, message }) => tell(place, message)),
    );
  }
  const { monitoring } = parsed.data;
  const problems = [...duplicates(monitoring, 'id', tell), ...duplicates(monitoring, 'url', tell)];
  if (problems.length > 0) throw new ConfigError('bad_seed_file', problems);
  return monitoring;
}

// Aliases that unfold into more than the file could hold are an error of the conversion.
function toPlain(document: Document, tell: (place: Place, remedy: string) => ConfigProblem): unknown {
  try {
    return document.toJS();
  } catch {
    throw new ConfigError('bad_seed_file', [tell([], 'cannot be read: write aliases out')]);
  }
}

function duplicates(
  seeds: readonly Seed[],
  field: 'id' | 'url',
  tell: (place: Place, remedy: string) => ConfigProblem,
): ConfigProblem[] {
  const values = seeds.map((seed) => seed[field]);
  return values.flatMap((value, index) => {
    const first = values.indexOf(value);
    return first === index ? [] : [tell(['monitoring', index, field], `is the same as monitoring.${first}.${field}`)];
  });
}

// Where the place begins, or the nearest thing around it that is there.
function offsetOf(document: Document, place: Place): number {
  for (let length = place.length; length >= 0; length -= 1) {
    const node: unknown = length === 0 ? document.contents : document.getIn(place.slice(0, length), true);
    if (isNode(node) && node.range) return node.range[0];
  }
  return 0;
}
