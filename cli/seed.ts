// `inventory seed FILE`: the endpoints of a file become records, by the same rules as those pasted over HTTP.
import { readFile, stat } from 'node:fs/promises';
import { userInfo } from 'node:os';
import { ConfigError } from '#core/errors.ts';
import { hashText } from '#core/json.ts';
import { describeError } from '#core/redact.ts';
import { openSeeder } from '#store/open.ts';
import type { SeedAnswer } from '#store/seed.ts';
import { toSeedRequest } from '#store/seed-request.ts';
import type { Environment } from './environment.ts';
import { loadConfig } from './load-config.ts';
import { parseSeedFile } from './seed-file.ts';

// Some thousands of endpoints.
const maxFileBytes = 1024 * 1024;

/** Writes all of the file in one transaction, and prints what became of it. Throws ConfigError with all that is wrong in it. */
export async function seedCommand(environment: Environment, path: string): Promise<void> {
  const { clock, log, migrationsDir, variables, version } = environment;
  const config = await loadConfig(variables);
  const text = await readSeedFile(path);
  const seeds = parseSeedFile({ path, text, allowedHosts: config.ingest.allow_hosts });
  const seeder = await openSeeder({ url: config.databaseUrl, migrationsDir, clock, log });
  try {
    const run_id = clock.uuid();
    const answer = await seeder.seed(
      toSeedRequest({
        ...{ tenant_id: config.tenant, actor: readActor(), run_id, version, seeds },
        ...{ operation: 'cli:Seed', endpoint: 'file://', sha256: hashText(text) },
        image_digest: variables.INVENTORY_IMAGE_DIGEST ?? null,
      }),
    );
    const { created, updated, unchanged, refused } = answer;
    const counts = { created: created.length, updated: updated.length, unchanged: unchanged.length };
    log.info({ event: 'seed', run_id, ...counts, observed: refused.length }, 'seed');
    for (const line of describeAnswer(answer)) environment.print(line);
  } finally {
    await seeder.close();
  }
}

async function readSeedFile(path: string): Promise<string> {
  const refuse = (remedy: string) => new ConfigError('bad_seed_file', [{ key: path, remedy }]);
  try {
    const { size } = await stat(path);
    if (size <= maxFileBytes) return await readFile(path, 'utf8');
  } catch (error) {
    throw refuse(`cannot be read: ${describeError(error)}`);
  }
  throw refuse(`is larger than ${maxFileBytes} bytes: split it`);
}

// A container's user may have no name.
function readActor(): string {
  try {
    return `cli:${userInfo().username}`;
  } catch {
    return `cli:${process.getuid?.() ?? 'unknown'}`;
  }
}

function describeAnswer({ created, updated, unchanged, refused }: SeedAnswer): string[] {
  const left = refused.map(
    ({ key, observed, scope }) => `  ${key}: left to ${scope}, which observes it as ${observed}`,
  );
  return [`${created.length} created, ${updated.length} updated, ${unchanged.length} unchanged`, ...left];
}
