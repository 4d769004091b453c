// The AWS collector: the accounts, roots and organizational units of AWS organizations.
import { defineCollector, type ObserveContext } from '#core/collector.ts';
import type { Observation } from '#core/observation.ts';
import { observeAccounts } from './accounts.ts';
import { openSession } from './clients.ts';
import { type AwsConfig, awsConfigFromEnvironment, awsConfigSchema, toScope } from './config.ts';
import { identifyOrganization } from './organization.ts';
import { createTagReader } from './tags.ts';
import { isWalkDue, recallTree, toMemo } from './tree.ts';
import { walkTree } from './walk.ts';

/** Scopes are the configured organizations, `aws:<name>`. */
export const collector = defineCollector({
  name: 'aws',
  config: awsConfigSchema,
  fromEnvironment: awsConfigFromEnvironment,
  scopes: (config) => config.sources.map(toScope),
  observe,
});

async function* observe(context: ObserveContext<AwsConfig>): AsyncGenerator<Observation, void, undefined> {
  const session = await openSession(context);
  try {
    const organization = await identifyOrganization(session);
    const tree = recallTree(session, organization.id);
    const reading = { session, organization, tree, tags: createTagReader(session) };
    // Before the accounts, so that a renamed unit reaches their paths in the same run.
    if (isWalkDue(session, tree)) yield* walkTree(reading);
    yield* observeAccounts(reading);
    context.remember(toMemo(tree, organization.id));
  } finally {
    session.close();
  }
}
