// What is written of seeds beside what they say: who said it, over which way, under which trace.
import { type Seed, toSeedObservation } from '#core/seed.ts';
import { pastedScope } from './ownership.ts';
import type { IdempotentRequest, SeedRequest } from './seed.ts';

/** The request as the service or the command that took it knows it. */
export interface TakenSeeds {
  readonly tenant_id: string;
  /** The caller's name. */
  readonly actor: string;
  /** The trace as a UUID. */
  readonly run_id: string;
  /** Of this release. */
  readonly version: string;
  readonly image_digest: string | null;
  readonly seeds: readonly Seed[];
  /** `ingest:PostMonitoring` and where that was; scheme, host and port only. */
  readonly operation: string;
  readonly endpoint: string;
  /** Of what was sent, as it came. */
  readonly sha256: string;
  readonly idempotent?: IdempotentRequest | undefined;
}

/** Stamps the seeds; their evidence is the request itself. */
export function toSeedRequest(taken: TakenSeeds): SeedRequest {
  const { tenant_id, actor, run_id, version, image_digest, seeds, operation, endpoint, sha256, idempotent } = taken;
  const request = {
    ...{ operation, endpoint, page: 1, request_ids: [run_id], attempts: 1, retry_delay_ms: 0 },
    // Nobody was asked, so nobody answered.
    ...{ http_status: null, items: seeds.length, sha256, sdk: `asset-inventory@${version}`, principal: actor },
  };
  return {
    stamp: { tenant_id, collector: 'seed', collector_version: version, image_digest, run_id, scope: pastedScope },
    actor,
    observations: seeds.map((seed) => toSeedObservation(seed, request)),
    idempotent,
  };
}
