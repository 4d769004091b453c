// `npm run bench`: all benchmarks, or those named: collect, gcp, azure, endpoints, calls, throttled, writer, api, under, export, and large, which takes minutes.
import { execFile } from 'node:child_process';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { benchApi } from './api.ts';
import { benchAzure, benchGcp } from './clouds.ts';
import { benchCalls, benchCollect, benchLarge, benchThrottled } from './collect.ts';
import { openDatabases } from './databases.ts';
import { benchEndpoints } from './endpoints.ts';
import { benchExport } from './export.ts';
import { benchUnder } from './under.ts';
import { benchWriter } from './writer.ts';

await promisify(execFile)(process.execPath, [join(import.meta.dirname, '../build.ts')]);
const folder = await mkdtemp(join(tmpdir(), 'inventory-bench-'));
const databases = await openDatabases(folder);
const benchmarks = {
  collect: () => benchCollect(databases),
  gcp: () => benchGcp(databases, folder),
  azure: () => benchAzure(databases, folder),
  endpoints: () => benchEndpoints(databases, folder),
  calls: () => benchCalls(databases),
  throttled: () => benchThrottled(databases),
  writer: () => benchWriter(databases),
  api: () => benchApi(databases, folder),
  under: () => benchUnder(databases, folder),
  export: () => benchExport(databases, folder),
  large: () => benchLarge(databases),
};
try {
  const named = process.argv.slice(2);
  const unknown = named.filter((name) => !Object.hasOwn(benchmarks, name));
  if (unknown.length > 0) throw new RangeError(`no benchmark ${unknown}: there are ${Object.keys(benchmarks)}`);
  for (const [name, run] of Object.entries(benchmarks)) {
    if (named.length === 0 ? name !== 'large' : named.includes(name)) await run();
  }
} finally {
  await databases.close();
}
