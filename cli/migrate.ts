// `inventory migrate`: brings the database to this release, or says what that would take.
import { ConfigError } from '#core/errors.ts';
import { createRoles, migrate } from '#store/migrate.ts';
import type { MigrateMode, MigrateResult } from '#store/migration-plan.ts';
import type { Environment } from './environment.ts';
import { loadConfig } from './load-config.ts';

interface MigrateCommandOptions {
  readonly check?: boolean;
  readonly dryRun?: boolean;
  readonly roles?: boolean;
}

/** Prints what was done; answers the exit code, 1 when `--check` found migrations pending. */
export async function migrateCommand(environment: Environment, options: MigrateCommandOptions): Promise<number> {
  const { check = false, dryRun = false, roles = false } = options;
  if ([check, dryRun, roles].filter(Boolean).length > 1) {
    throw new ConfigError('bad_option', [{ key: 'migrate', remedy: 'give one of --check, --dry-run and --roles' }]);
  }
  const { migrationsDir, log, signal, variables } = environment;
  const { databaseUrl: url } = await loadConfig(variables);
  if (roles) {
    await createRoles({ url });
    environment.print(afterRoles);
    return 0;
  }
  const mode = check ? 'check' : dryRun ? 'dry-run' : 'apply';
  const result = await migrate({ url, migrationsDir, mode, log, signal });
  for (const line of describeResult(result, mode)) environment.print(line);
  return mode === 'check' && result.pending.length > 0 ? 1 : 0;
}

// One line per migration, then the version.
function describeResult({ from, latest, pending }: MigrateResult, mode: MigrateMode): string[] {
  const verb = { apply: 'applied', check: 'pending', 'dry-run': 'works, rolled back' }[mode];
  const version = mode === 'apply' ? Math.max(from, latest) : from;
  const place = {
    before: ` of ${latest}`,
    at: ', the newest',
    after: ', newer than this release, which can work with it',
  };
  return [
    ...pending.map(({ name }) => `${verb}: ${name}`),
    `the schema is version ${version}${place[version < latest ? 'before' : version === latest ? 'at' : 'after']}`,
  ];
}

const afterRoles = `The roles and the schema "inventory" are there. Next:
  1. let them log in, by password or by your cloud's IAM:
       alter role inventory_migrate password '…';   -- likewise inventory_api, inventory_ingest, inventory_collector, inventory_prune
  2. as inventory_migrate: inventory migrate
  3. give each program the URL of its own role: collectors inventory_collector, the API inventory_api`;
