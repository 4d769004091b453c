// `inventory runs confirm RUN SCOPE`: an operator vouches for what the shrink guard held back.
import { ConfigError } from '#core/errors.ts';
import { runIdSchema } from '#core/provenance.ts';
import { openWriter } from '#store/open.ts';
import type { Environment } from './environment.ts';
import { loadConfig } from './load-config.ts';

/** Prints how many records vanished. */
export async function runsConfirmCommand(
  environment: Environment,
  { run, scope }: { readonly run: string; readonly scope: string },
): Promise<void> {
  if (!runIdSchema.safeParse(run).success) {
    throw new ConfigError('bad_run', [
      { key: 'run', remedy: 'must be the id of a run: see /api/v1/runs?outcome=held' },
    ]);
  }
  const { clock, log, migrationsDir, variables } = environment;
  const config = await loadConfig(variables);
  const writer = await openWriter({ url: config.databaseUrl, migrationsDir, clock, log });
  try {
    const { vanished } = await writer.confirmHeld({ tenant_id: config.tenant, run_id: run.toLowerCase(), scope });
    environment.print(`${scope}: ${vanished} records vanished`);
  } finally {
    await writer.close();
  }
}
