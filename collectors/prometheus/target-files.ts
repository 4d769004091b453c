// Endpoints from files in the form of Prometheus' own file_sd: `[{ targets: [host:port or URL], labels: { … } }]`, in YAML or JSON.
import { globSync, readFileSync } from 'node:fs';
import { z } from 'zod';
import { baseUrlSchema } from '#core/endpoint-url.ts';
import { hashText } from '#core/json.ts';
import { describeError } from '#core/redact.ts';
import { parseYaml } from '#core/yaml.ts';

/** An endpoint that a file names. */
export interface Target {
  /** Made of its URL, so that it stays the same whatever else the file holds. */
  readonly name: string;
  readonly url: string;
  readonly labels: Readonly<Record<string, string>>;
}

const groupsSchema = z.array(
  z.strictObject({
    targets: z.array(z.string().min(1)),
    labels: z.record(z.string().min(1), z.coerce.string()).default({}),
  }),
);

/** The targets of all files that fit the path or pattern, each once, and what is wrong with any of them. */
export function readTargetFiles(pattern: string): { targets: readonly Target[]; problems: readonly string[] } {
  const paths = /[*?[{]/.test(pattern) ? globSync(pattern).sort() : [pattern];
  if (paths.length === 0) return { targets: [], problems: [`no file fits ${pattern}`] };
  const targets = new Map<string, Target>();
  const problems: string[] = [];
  for (const path of paths) {
    try {
      for (const target of parseTargets(readFileSync(path, 'utf8'))) {
        if (typeof target === 'string') problems.push(`${path}${target}`);
        else targets.set(target.name, target);
      }
    } catch (error) {
      problems.push(`${path} cannot be read: ${describeError(error)}`);
    }
  }
  return { targets: [...targets.values()], problems };
}

// Each is a target, or what is to be told after the file's name.
function parseTargets(text: string): readonly (Target | string)[] {
  const yaml = parseYaml(text);
  if (yaml.problems.length > 0) return yaml.problems.map(({ line, remedy }) => `:${line} ${remedy}`);
  const parsed = groupsSchema.safeParse(yaml.value ?? []);
  if (!parsed.success) {
    return parsed.error.issues.map((issue) => `: ${issue.path.join('.') || 'the file'}: ${issue.message}`);
  }
  return parsed.data.flatMap(({ targets, labels }, group) =>
    targets.map((target, place) => {
      const address = target.includes('://') ? target : `${labels['__scheme__'] ?? 'http'}://${target}`;
      const url = baseUrlSchema.safeParse(address);
      // Not the value: it may hold a password.
      if (!url.success) return `: ${group}.targets.${place}: ${url.error.issues[0]?.message ?? 'no URL'}`;
      return { name: toName(url.data), url: url.data, labels: withoutInternal(labels) };
    }),
  );
}

// Labels with two underscores are about the target, not of it.
function withoutInternal(labels: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(labels).filter(([name]) => !name.startsWith('__')));
}

// Host, port and path for people; a piece of the hash keeps those apart that differ elsewhere.
function toName(url: string): string {
  const words = url
    .replace(/^https?:\/\//, '')
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .replaceAll(/^-+|-+$/g, '');
  return `${words.slice(0, 52).replace(/-+$/, '')}-${hashText(url).slice(0, 8)}`;
}
