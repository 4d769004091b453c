// The chart's value `image`: what runs in every pod, by its digest.
import { z } from 'zod';
import { optionalText, told } from './values-parts.ts';

/** Of an image; the empty one is for the schema around it to judge. */
export const digest = z
  .string()
  .regex(/^(sha256:[a-f0-9]{64})?$/)
  .default('');

export const image = told(
  z.strictObject({
    repository: told(z.string().regex(/^[a-z0-9][a-z0-9./_:-]*[a-z0-9]$/), 'Filled in by the release.').default(
      'asset-inventory',
    ),
    digest: told(digest, 'What runs: sha256:… Filled in by the release; a tag could be moved.'),
    development: told(z.boolean(), 'Run `tag` instead, on a cluster of one’s own.').default(false),
    tag: optionalText,
    pullPolicy: z.enum(['IfNotPresent', 'Always', 'Never']).default('IfNotPresent'),
    pullSecrets: z.array(z.string().min(1)).default([]),
  }),
  'The one image of every component.',
)
  .prefault({})
  .meta({
    anyOf: [
      { required: ['digest'], properties: { digest: { minLength: 1 } } },
      {
        required: ['development', 'tag'],
        properties: { development: { const: true }, tag: { minLength: 1, not: { const: 'latest' } } },
      },
    ],
  });
