// Reads the configuration file and the starter kit's variables into one validated value.
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Collector } from '#core/collector.ts';
import {
  type Config,
  collectorSchema,
  configSchema,
  findInlineSecrets,
  parsePart,
  resolveReferences,
} from '#core/config.ts';
import { ConfigError, type ConfigProblem } from '#core/errors.ts';
import { logLevels } from '#core/log.ts';
import { describeError } from '#core/redact.ts';
import { parseYaml } from '#core/yaml.ts';
import { parseDatabaseUrl } from '#store/database-url.ts';
import type { Variables } from './environment.ts';

/** The configuration with the database's URL settled. */
export type LoadedConfig = Config & { readonly databaseUrl: string };

/** Where SQLite lies when nothing else is said. */
const defaultDatabase = './data/inventory.db';

/** Throws ConfigError with all problems of the document. */
export async function loadConfig(variables: Variables): Promise<LoadedConfig> {
  return (await loadCollectorConfig(variables, undefined)).config;
}

/**
 * The configuration and, with it, one collector's own part; its problems are reported together with the others. Without a
 * part in the document, or fields of its own in it, the collector's plain variables make one, and without those its schema's
 * defaults.
 */
export async function loadCollectorConfig<Schema extends z.ZodType>(
  given: Variables,
  collector: Collector<Schema> | undefined,
): Promise<{ config: LoadedConfig; part: z.output<Schema> | undefined }> {
  const problems: ConfigProblem[] = [];
  const variables = withoutEnds(given);
  const written = await readDocument(variables, problems);
  const isRead = problems.length === 0;
  findInlineSecrets(written, problems);
  problems.push(...findBadLevel(variables));
  const unset: ConfigProblem[] = [];
  const document = resolveReferences(written, variables, unset);
  const config = parsePart(configSchema, document, '', problems);
  const needed = unset.filter(({ key }) => isNeeded(key, collector?.name));
  const databaseUrl = await readDatabaseUrl(document, variables, problems);
  const part = collector && isRead ? parseCollectorPart(collector, document, variables, problems) : undefined;
  // What a schema says of the nothing that stands in the place of such a variable helps nobody.
  const others = problems.filter(({ key }) => !needed.some((problem) => problem.key === key));
  const all = [...others, ...needed];
  if (all.length > 0 || config === undefined || databaseUrl === undefined) {
    throw new ConfigError('bad_configuration', all);
  }
  return { config: { ...config, databaseUrl }, part };
}

// As of files that are mounted: a Secret made from a file has the end of its line, which nobody sees in a message.
function withoutEnds(variables: Variables): Variables {
  return Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, value?.trim()]));
}

function findBadLevel({ INVENTORY_LOG_LEVEL: level }: Variables): ConfigProblem[] {
  if (!level || logLevels.includes(level)) return [];
  return [{ key: 'INVENTORY_LOG_LEVEL', remedy: `must be one of ${logLevels.join(', ')}` }];
}

// The secrets of a collector are where it runs, and nowhere else.
function isNeeded(key: string, collector: string | undefined): boolean {
  return !key.startsWith('collectors.') || key.startsWith(`collectors.${collector}.`);
}

function parseCollectorPart<Schema extends z.ZodType>(
  collector: Collector<Schema>,
  document: unknown,
  variables: Variables,
  problems: ConfigProblem[],
): z.output<Schema> | undefined {
  // Whatever is wrong with the rest of the document; what is wrong around this part has been told.
  const partSchema = z.object({ [collector.name]: collectorSchema.optional() });
  const found = z.object({ collectors: partSchema.default({}) }).safeParse(document);
  if (!found.success) return undefined;
  const own = found.data.collectors[collector.name]?.own ?? {};
  const part = Object.keys(own).length > 0 ? own : (collector.fromEnvironment?.(variables) ?? {});
  return parsePart(collector.config, part, `collectors.${collector.name}`, problems);
}

/** The configuration file as it is written; nothing when none is named. Adds to the problems when it cannot be read. */
export async function readDocument(variables: Variables, problems: ConfigProblem[]): Promise<unknown> {
  const path = variables.INVENTORY_CONFIG;
  if (path === undefined || path === '') return {};
  try {
    const yaml = parseYaml(await readFile(path, 'utf8'));
    problems.push(
      ...yaml.problems.map(({ line, remedy }) => ({ key: 'INVENTORY_CONFIG', remedy: `${path}:${line} ${remedy}` })),
    );
    return yaml.value ?? {};
  } catch (error) {
    problems.push({ key: 'INVENTORY_CONFIG', remedy: `${path} cannot be read: ${describeError(error)}` });
    return {};
  }
}

const databasePartSchema = z.object({ database: configSchema.shape.database });

// Whatever is wrong with the rest of the document; what is wrong with this part of it has been told.
async function readDatabaseUrl(
  document: unknown,
  variables: Variables,
  problems: ConfigProblem[],
): Promise<string | undefined> {
  const found = databasePartSchema.safeParse(document);
  if (!found.success) return undefined;
  const { url, url_file, password_file } = found.data.database;
  if (url !== undefined && url_file !== undefined) {
    problems.push({ key: 'database', remedy: 'give url or url_file, not both' });
  }
  // A variable that is set to nothing, as files of variables do, says nothing.
  const plain = url ?? (variables.DATABASE_URL || variables.DB_PATH || defaultDatabase);
  const known = url_file === undefined ? plain : await readSecretFile('database.url_file', url_file, problems);
  if (known === undefined) return undefined;
  problems.push(...findBadUrl(known));
  if (password_file === undefined) return known;
  const password = await readSecretFile('database.password_file', password_file, problems);
  if (password === undefined) return undefined;
  if (!URL.canParse(known) || new URL(known).hostname === '' || new URL(known).password !== '') {
    const remedy = 'needs database.url to be postgres://<user>@<host>:5432/<database>, without a password in it';
    problems.push({ key: 'database.password_file', remedy });
    return known;
  }
  const complete = new URL(known);
  complete.password = encodeURIComponent(password);
  return complete.href;
}

function findBadUrl(url: string): readonly ConfigProblem[] {
  try {
    parseDatabaseUrl(url);
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems;
    throw error;
  }
}

async function readSecretFile(key: string, path: string, problems: ConfigProblem[]): Promise<string | undefined> {
  try {
    return (await readFile(path, 'utf8')).trim();
  } catch (error) {
    problems.push({ key, remedy: `cannot be read: ${describeError(error)}` });
    return undefined;
  }
}
