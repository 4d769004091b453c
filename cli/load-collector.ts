// Finds a collector by its name: `inventory collect aws` is `collectors/aws/collector.ts`, and no other provider's SDK is loaded.
import { z } from 'zod';
import type { Collector } from '#core/collector.ts';
import { ConfigError } from '#core/errors.ts';

// The boundary between a dynamic import and the types: that the module exports a Collector is what collectors.test.ts holds.
const moduleSchema = z.object({
  collector: z.custom<Collector>((value) => typeof value === 'object' && value !== null),
});

/** Throws ConfigError `unknown_collector` for a name that is no folder of collectors. */
export async function loadCollector(name: string): Promise<Collector> {
  if (!/^[a-z][a-z0-9-]*$/.test(name)) throw unknownCollector(name);
  let loaded: unknown;
  try {
    loaded = await import(`../collectors/${name}/collector.ts`);
  } catch (error) {
    if (isMissing(error, name)) throw unknownCollector(name, error);
    throw error;
  }
  return moduleSchema.parse(loaded).collector;
}

function unknownCollector(name: string, cause?: unknown): ConfigError {
  const remedy = `there is no collector ${JSON.stringify(name.slice(0, 40))} in this release: check the spelling`;
  return new ConfigError('unknown_collector', [{ key: 'collector', remedy }], { cause });
}

// Node says ERR_MODULE_NOT_FOUND, the bundle a plain error; only for the collector itself, not for something it imports.
function isMissing(error: unknown, name: string): boolean {
  if (!(error instanceof Error)) return false;
  const isAbsent =
    ('code' in error && error.code === 'ERR_MODULE_NOT_FOUND') || /not found in bundle/.test(error.message);
  return isAbsent && error.message.includes(`collectors/${name}/collector.ts`);
}
