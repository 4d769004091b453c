// `inventory sandbox`: a make-believe AWS organization on loopback. It is part of the test kit, not of the image.
import { z } from 'zod';
import { parsePart } from '#core/config.ts';
import { ConfigError, type ConfigProblem } from '#core/errors.ts';
import type { Environment } from './environment.ts';
import { untilAborted } from './until-aborted.ts';

const optionsSchema = z.object({
  accounts: z.coerce.number().int().min(1).max(100_000),
  port: z.coerce.number().int().min(0).max(65_535),
});

/** A running sandbox and the variables that point a collector at it. */
export interface Sandbox {
  readonly variables: Readonly<Record<string, string>>;
  close(): Promise<void>;
}

/** Serves until stopped, after printing the variables to set. */
export async function sandboxCommand(environment: Environment, options: unknown): Promise<void> {
  const problems: ConfigProblem[] = [];
  const parsed = parsePart(optionsSchema, options, 'sandbox', problems);
  if (parsed === undefined) throw new ConfigError('bad_option', problems);
  const sandbox = await openSandbox(parsed);
  try {
    environment.print(`# An AWS organization of ${parsed.accounts} accounts that does not exist. In another terminal:`);
    for (const [name, value] of Object.entries(sandbox.variables)) environment.print(`export ${name}=${value}`);
    environment.print('npm run -s inventory -- collect aws');
    await untilAborted(environment.signal);
  } finally {
    await sandbox.close();
  }
}

/** The same organization whenever it is started. */
export async function openSandbox(options: { readonly accounts: number; readonly port: number }): Promise<Sandbox> {
  const { openAwsFake, createOrganization } = await importTestkit();
  const organization = createOrganization({
    id: 'o-sandbox0000',
    accounts: options.accounts,
    organizational_units: Math.max(6, Math.ceil(options.accounts / 10)),
    delegated_administrators: Math.min(2, options.accounts - 1),
  });
  const fake = await openAwsFake({ organizations: [organization], port: options.port });
  const user = fake.addUser(organization.management_account_id);
  return {
    variables: {
      AWS_ENDPOINT_URL: fake.url,
      AWS_ACCESS_KEY_ID: user.access_key_id,
      AWS_SECRET_ACCESS_KEY: user.secret_access_key,
      AWS_REGION: 'us-east-1',
      AWS_EC2_METADATA_DISABLED: 'true',
    },
    close: fake.close,
  };
}

// Imported by names the bundler leaves alone: the image has no test kit.
async function importTestkit() {
  try {
    const { openAwsFake } = await import('#testkit/aws/fake.ts');
    const { createOrganization } = await import('#testkit/aws/create-organization.ts');
    return { openAwsFake, createOrganization };
  } catch (cause) {
    const remedy = 'the sandbox belongs to the test kit and is not part of the image: run it from the source tree';
    throw new ConfigError('no_sandbox', [{ key: 'sandbox', remedy }], { cause });
  }
}
