// One run of a collector that does nothing but yield, through the runner into the store: what benchmarks of both begin with.
import { join } from 'node:path';
import { runCollector } from '#collectors/runner.ts';
import { systemClock } from '#core/clock.ts';
import { defineCollector } from '#core/collector.ts';
import { createHttpClient } from '#core/http.ts';
import { jsonSchema } from '#core/json.ts';
import { createLogger } from '#core/log.ts';
import type { Observation } from '#core/observation.ts';
import { openWriter } from '#store/open.ts';
import type { Store, Writer } from '#store/store.ts';
import type { BenchDatabase } from './databases.ts';

/** The organization that yielded records belong to; the tenant is `bench`. */
export const benchOrganization = 'o-benchmark00';

/** The one request that is said to have delivered them. */
export const benchRequest = {
  ...{ operation: 'organizations:ListAccounts', endpoint: 'https://organizations.us-east-1.amazonaws.com', page: 1 },
  ...{ request_ids: ['request'], attempts: 1, retry_delay_ms: 0, http_status: 200, items: 20, sha256: null },
  ...{ sdk: 'sdk@1', principal: null },
};

const log = createLogger({ level: 'silent' });
const migrationsDir = join(import.meta.dirname, '../migrations');

/** Opens what a collector writes with. */
export function openBenchWriter({ writerUrl }: BenchDatabase): Promise<Store<Writer>> {
  return openWriter({ url: writerUrl, migrationsDir, clock: systemClock, log });
}

/** Collects them as all accounts there are. Throws when the run does not end complete. */
export async function collectScripted(writer: Writer, observations: Iterable<Observation>): Promise<void> {
  const collector = defineCollector({
    name: 'aws',
    config: jsonSchema,
    scopes: () => ['aws:bench'],
    async *observe(context) {
      context.identify({ root: benchOrganization, configured: undefined, principal: 'bench', sdk: 'sdk@1' });
      for (const observation of observations) yield observation;
      context.enumerated('account');
    },
  });
  const { outcome } = await runCollector({
    ...{ collector, config: null, scopes: undefined, writer, clock: systemClock, log },
    ...{ tenant_id: 'bench', version: '0', image_digest: null, trigger: 'bench' },
    ...{ http: createHttpClient({ proxyEnv: {} }), proxyEnv: {}, signal: new AbortController().signal },
    timeoutMs: 300_000,
  });
  if (outcome !== 'complete') throw new Error(`the run was ${outcome}`);
}
