// An endpoint as somebody names it: pasted over HTTP, or in a file. Nothing is ever asked of its URL.
import { z } from 'zod';
import { endpointId, toPlainUrl } from './endpoint-url.ts';
import { createHostGuard, type HostGuard } from './local-address.ts';
import { authModeSchema, maxUrlLength } from './monitoring.ts';
import type { Observation } from './observation.ts';
import type { Request } from './provenance.ts';
import { redactText } from './redact.ts';

/** One endpoint that is named. Its URL comes out normalised, and its id is there. */
export interface Seed {
  readonly id: string;
  readonly kind: 'prometheus' | 'grafana';
  readonly url: string;
  readonly auth_mode: z.output<typeof authModeSchema>;
}

/** The schema of a seed. `allowedHosts` are those that are taken though they are this machine's own or a metadata service's. */
export function createSeedSchema(allowedHosts: readonly string[]) {
  const isRefused = createHostGuard(allowedHosts);
  return z
    .strictObject({
      id: z
        .string()
        .regex(/^[A-Za-z0-9][A-Za-z0-9._:-]{0,127}$/, 'must be letters, digits and . _ : -, at most 128')
        .refine((id) => redactText(id) === id, 'looks like a secret: choose a name')
        .optional()
        .meta({ description: 'the key of the record; a hash of the URL when absent', example: 'prod-eu' }),
      kind: z.enum(['prometheus', 'grafana']),
      url: z
        .string()
        .max(maxUrlLength, `must be at most ${maxUrlLength} characters`)
        .superRefine((url, context) => {
          for (const message of urlProblems(url, isRefused)) context.addIssue({ code: 'custom', message });
        })
        .meta({
          description:
            'http or https: scheme, host, port and path only. Never asked; this machine and metadata services are refused',
          example: 'https://prometheus.example:9090',
        }),
      auth_mode: authModeSchema.default('none').meta({ description: 'how one is let in, as far as it is known' }),
    })
    .transform((seed): Seed => {
      const url = toPlainUrl(seed.url) ?? seed.url;
      return { ...seed, url, id: seed.id ?? endpointId(url) };
    });
}

/** The observation that a seed is: it was named, and never asked. */
export function toSeedObservation(seed: Seed, request: Request): Observation {
  const { id, kind, url, auth_mode } = seed;
  const attributes = { id, kind, url, auth_mode, status: 'unknown' } as const;
  return { kind: 'monitoring_endpoint', key: id, attributes, raw: { id, kind, url, auth_mode }, evidence: [request] };
}

// What is wrong and what to do about it; never the URL itself, which may be a secret for the very reason it is refused.
function urlProblems(text: string, isRefused: HostGuard): string[] {
  const plain = toPlainUrl(text);
  if (plain === undefined) return ['must be an http or https URL'];
  const { username, password, search, hash, hostname } = new URL(text);
  const problems: string[] = [];
  if (username + password !== '')
    problems.push('holds a user or a password: leave them out, and configure a scope that has them');
  if (search + hash !== '' || /[?#]/.test(text)) {
    problems.push('has a query or a fragment: name scheme, host, port and path only, and keep tokens out of URLs');
  }
  // Percent-encoded one character may be nine.
  if (text.length <= maxUrlLength && plain.length > maxUrlLength) {
    problems.push(`must be at most ${maxUrlLength} characters when it is percent-encoded`);
  }
  if (redactText(plain) !== plain) problems.push('looks as if it held a secret: leave it out');
  if (isRefused(hostname)) {
    problems.push(
      'leads to this machine, its link or a metadata service: name it in ingest.allow_hosts if that is meant',
    );
  }
  return problems;
}
