// How endpoints that are observed replace seeds of other ids at their URLs.
import type { DatabaseSync } from 'node:sqlite';
import type { Observed } from '../observed.ts';
import { type Located, takenOverSeeds, urlsOf } from '../seed.ts';
import type { Finding } from '../vanish.ts';
import { vanish } from './absence.ts';
import { prepare } from './connection.ts';
import type { WriterContext } from './context.ts';

/** The endpoints at these URLs, whoever owns them. */
export function readLocated(database: DatabaseSync, tenant_id: string, urls: readonly string[]): Located[] {
  return prepare<Located>(
    database,
    `select id as key, url, scope, vanished_at from monitoring_endpoints
       where tenant_id = ? and url in (select value from json_each(?))`,
  ).all(tenant_id, JSON.stringify(urls));
}

/** Lets the living seeds at the URLs of these endpoints vanish, once the batch is written: of a refused one the seed stays. */
export function takeOverSeeds(
  context: WriterContext,
  { tenant_id, observed }: { readonly tenant_id: string; readonly observed: readonly Observed[] },
  finding: Finding,
): void {
  if (observed.length === 0) return;
  const located = readLocated(context.database, tenant_id, urlsOf(observed));
  const keys = takenOverSeeds(located);
  vanish(context, { tenant_id, kind: 'monitoring_endpoint', keys }, { ...finding, reason: 'taken_over' });
}
