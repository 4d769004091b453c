// `inventory permissions <provider>`: what to grant a collector's credentials, and nothing more.
import { z } from 'zod';
import { ConfigError } from '#core/errors.ts';
import type { Environment } from './environment.ts';
import { loadCollector } from './load-collector.ts';
import { loadCollectorConfig } from './load-config.ts';

// The boundary of a dynamic import, as in load-collector.ts: collectors.test.ts holds that each collector has this function.
const moduleSchema = z.object({
  createPermissions: z.custom<(config: unknown) => unknown>((value) => typeof value === 'function'),
});

/** Prints the policy document for the configuration at hand as JSON. */
export async function permissionsCommand(environment: Environment, provider: string): Promise<void> {
  const collector = await loadCollector(provider);
  const { part } = await loadCollectorConfig(environment.variables, collector);
  environment.print(JSON.stringify((await loadPermissions(provider))(part), undefined, 2));
}

async function loadPermissions(provider: string): Promise<(config: unknown) => unknown> {
  const loaded: unknown = await import(`../collectors/${provider}/permissions.ts`).catch((cause: unknown) => {
    const remedy = `the ${provider} collector needs no permissions of a provider`;
    throw new ConfigError('no_permissions', [{ key: 'permissions', remedy }], { cause });
  });
  return moduleSchema.parse(loaded).createPermissions;
}
