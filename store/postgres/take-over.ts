// How endpoints that are observed replace seeds of other ids at their URLs.
import type { Observed } from '../observed.ts';
import { type Located, takenOverSeeds, urlsOf } from '../seed.ts';
import type { Finding } from '../vanish.ts';
import { vanish } from './absence.ts';
import type { WriteContext } from './context.ts';
import { sqlTime } from './records.ts';

/** The endpoints at these URLs, whoever owns them. */
export async function readLocated(
  { sql }: WriteContext,
  tenant_id: string,
  urls: readonly string[],
): Promise<readonly Located[]> {
  return await sql<Located[]>`
    select id as key, url, scope, ${sql.unsafe(sqlTime('vanished_at'))} as vanished_at
    from monitoring_endpoints where tenant_id = ${tenant_id} and url = any(${[...urls]})`;
}

/** Lets the living seeds at the URLs of these endpoints vanish, once the batch is written: of a refused one the seed stays. */
export async function takeOverSeeds(
  context: WriteContext,
  { tenant_id, observed }: { readonly tenant_id: string; readonly observed: readonly Observed[] },
  finding: Finding,
): Promise<void> {
  if (observed.length === 0) return;
  const located = await readLocated(context, tenant_id, urlsOf(observed));
  const keys = takenOverSeeds(located);
  await vanish(context, { tenant_id, kind: 'monitoring_endpoint', keys }, { ...finding, reason: 'taken_over' });
}
