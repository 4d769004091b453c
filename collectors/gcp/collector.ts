// The GCP collector: the projects and folders of organizations, or of folders in them.
import { defineCollector, type ObserveContext } from '#core/collector.ts';
import type { Observation } from '#core/observation.ts';
import { openSession } from './clients.ts';
import { type GcpConfig, gcpConfigFromEnvironment, gcpConfigSchema, toScope } from './config.ts';
import { toNodeObservation } from './node.ts';
import { recallParentless } from './parentless.ts';
import { hasNews, isWalkDue, openReading, type Reading, toMemo } from './reading.ts';
import { identifyRoot } from './root.ts';
import { search } from './search.ts';
import { walkTree } from './walk.ts';

/** Scopes are the configured organizations and folders, `gcp:<name>`. */
export const collector = defineCollector({
  name: 'gcp',
  config: gcpConfigSchema,
  fromEnvironment: gcpConfigFromEnvironment,
  scopes: (config) => config.sources.map(toScope),
  observe,
});

async function* observe(context: ObserveContext<GcpConfig>): AsyncGenerator<Observation, void, undefined> {
  const session = await openSession(context);
  try {
    const root = await identifyRoot(session);
    const reading = openReading(session, root);
    yield toNodeObservation(reading.tree, root.found, [root.id]);
    if (isWalkDue(reading)) {
      // The walk first, so that Search adds only what it could not list.
      yield* walkTree(reading);
      yield* search(reading);
    } else {
      yield* search(reading);
      if (hasNews(reading)) yield* walkTree(reading);
    }
    yield* finishWalk(reading);
    context.remember(toMemo(reading));
  } finally {
    await session.close();
  }
}

async function* finishWalk(reading: Reading): AsyncGenerator<Observation, void, undefined> {
  const { session, walk } = reading;
  if (walk === undefined) return;
  yield* recallParentless(reading);
  for (const kind of ['org_node', 'account'] as const) {
    if (!walk.unlisted.has(kind)) session.context.enumerated(kind);
  }
}
