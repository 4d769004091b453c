// /healthz says that the process answers, /readyz that it may be sent requests.
import { createRoute } from '@hono/zod-openapi';
import { z } from 'zod';
import { openDeadline, raceSignal } from '#core/deadline.ts';
import type { Logger } from '#core/log.ts';
import { describeError } from '#core/redact.ts';
import { judgeSchema, type SchemaVersion } from '#store/migration-plan.ts';
import type { App } from './app.ts';
import { type Problem, problemSchema, sendProblem } from './problem.ts';
import { commonResponses } from './responses.ts';

export interface HealthOptions {
  /** What the database says of its schema; asked for whenever somebody asks whether we are ready. */
  readonly schemaVersion: () => Promise<SchemaVersion>;
  readonly log: Logger;
  /** The schema this release was written for: the number of its newest migration. A newer one may still admit it. */
  readonly schemaVersionExpected: number;
  readonly stopping: AbortSignal;
}

const readyTimeoutMs = 2000;

const healthRoute = createRoute({
  method: 'get',
  path: '/healthz',
  tags: ['operations'],
  security: [],
  summary: 'Is the process alive?',
  description: 'Touches nothing but the process. Needs no token.',
  responses: {
    200: { description: 'it is', content: { 'application/json': { schema: z.strictObject({ ok: z.literal(true) }) } } },
    ...commonResponses,
  },
});

const readyRoute = createRoute({
  method: 'get',
  path: '/readyz',
  tags: ['operations'],
  security: [],
  summary: 'May requests be sent here?',
  description: `Asks the database for its schema. A newer one is well as long as its migrations say that this release can still
work with it, so that a release is rolled out, and back, without a gap. Needs no token.`,
  responses: {
    200: {
      description: 'yes',
      content: { 'application/json': { schema: z.strictObject({ ok: z.literal(true), schema_version: z.int() }) } },
    },
    ...commonResponses,
    503: { description: 'no, and why', content: { 'application/problem+json': { schema: problemSchema } } },
  },
});

/** Adds /healthz and /readyz. */
export function addHealth(app: App, options: HealthOptions): void {
  app.openapi(healthRoute, (c) => c.json({ ok: true as const }, 200, { 'Cache-Control': 'no-store' }));
  app.openapi(readyRoute, async (c) => {
    const found = await readReadiness(options);
    if (typeof found !== 'number') return sendProblem(c, found);
    return c.json({ ok: true as const, schema_version: found }, 200, { 'Cache-Control': 'no-store' });
  });
}

/** The schema version, or what stands in the way. */
async function readReadiness(options: HealthOptions): Promise<number | Problem<503>> {
  if (options.stopping.aborted) {
    return { status: 503, code: 'stopping', detail: 'this process is ending: send requests to another one' };
  }
  const deadline = openDeadline(readyTimeoutMs);
  try {
    const schema = await raceSignal(options.schemaVersion(), deadline.signal);
    const verdict = judgeSchema(schema, options.schemaVersionExpected);
    return verdict === 'ok' ? schema.version : toMismatch(verdict, schema, options.schemaVersionExpected);
  } catch (error) {
    options.log.warn({ cause: describeError(error) }, 'not ready');
    return {
      status: 503,
      code: 'database_unavailable',
      detail: 'the database does not answer: see that it runs and is reachable',
    };
  } finally {
    deadline.clear();
  }
}

function toMismatch(
  verdict: 'too_old' | 'too_new',
  { version, compatible_from }: SchemaVersion,
  expected: number,
): Problem<503> {
  const found = `the database has schema ${version}`;
  return verdict === 'too_old'
    ? {
        status: 503,
        code: 'schema_too_old',
        detail: `${found}, this release needs ${expected}: run \`inventory migrate\``,
      }
    : {
        status: 503,
        code: 'schema_too_new',
        detail: `${found}, for releases from ${compatible_from} on, this one knows ${expected}: deploy the release that migrated it`,
      };
}
