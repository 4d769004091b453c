// Reads a file of seeds: everything that is wrong in it at once, each with its line and key and never its value.
import { z } from 'zod';
import { ConfigError, type ConfigProblem } from '#core/errors.ts';
import { toRemedy } from '#core/remedy.ts';
import { createSeedSchema, type Seed } from '#core/seed.ts';
import { parseYaml } from '#core/yaml.ts';

interface SeedFile {
  /** As the user named it. */
  readonly path: string;
  readonly text: string;
  readonly allowedHosts: readonly string[];
}

type Place = readonly PropertyKey[];

/** The seeds of a file with the one member `monitoring`; throws ConfigError with all its problems. */
export function parseSeedFile({ path, text, allowedHosts }: SeedFile): readonly Seed[] {
  const yaml = parseYaml(text);
  if (yaml.problems.length > 0) {
    const problems = yaml.problems.map(({ line, remedy }) => ({ key: `${path}:${line}`, remedy }));
    throw new ConfigError('bad_seed_file', problems);
  }
  const tell = (place: Place, remedy: string): ConfigProblem => {
    const line = yaml.lineOf(place);
    return { key: [`${path}:${line}`, ...(place.length > 0 ? [place.map(String).join('.')] : [])].join(': '), remedy };
  };
  const fileSchema = z.strictObject({ monitoring: z.array(createSeedSchema(allowedHosts)) });
  const parsed = fileSchema.safeParse(yaml.value, { error: toRemedy });
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

function duplicates(
  seeds: readonly Seed[],
  field: 'id' | 'url',
  tell: (place: Place, remedy: string) => ConfigProblem,
): ConfigProblem[] {
  const firsts = new Map<string, number>();
  return seeds.flatMap(({ [field]: value }, index) => {
    const first = firsts.get(value);
    if (first !== undefined) return [tell(['monitoring', index, field], `is the same as monitoring.${first}.${field}`)];
    firsts.set(value, index);
    return [];
  });
}
