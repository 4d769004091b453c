// Every error answer of ours: application/problem+json (RFC 9457) with a stable code and the trace id that the log has too.
import { STATUS_CODES } from 'node:http';
import type { Context } from 'hono';
import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { z } from 'zod';
import { RequestError, StoreError } from '#core/errors.ts';
import type { AppEnv } from './env.ts';

export const problemSchema = z
  .strictObject({
    type: z.literal('about:blank').meta({ description: 'the status says it all; `code` is finer' }),
    title: z.string().meta({ description: 'the name of the HTTP status' }),
    status: z.int(),
    detail: z.string().meta({ description: 'what is wrong and what to do about it' }),
    code: z.string().meta({ description: 'stable, for programs', example: 'invalid_request' }),
    trace_id: z.string().meta({ description: 'from the `traceparent` header, else a fresh one; the log has it too' }),
  })
  .meta({ id: 'Problem' });

/** What differs from problem to problem. */
export interface Problem<Status extends ContentfulStatusCode = ContentfulStatusCode> {
  readonly status: Status;
  readonly code: string;
  readonly detail: string;
}

/** What the caller may know of a thrown error: all of a RequestError, of anything else only that it happened. */
export function toProblem(error: unknown): Problem {
  if (error instanceof RequestError) return { status: error.status, code: error.code, detail: error.message };
  if (error instanceof StoreError) {
    return { status: 503, code: 'database_unavailable', detail: 'the database did not answer: try again' };
  }
  return { status: 500, code: 'internal_error', detail: 'a fault of ours: the log tells more under this trace id' };
}

/** The body of a problem. */
export function toProblemBody(problem: Problem, traceId: string): z.output<typeof problemSchema> {
  const { status, detail, code } = problem;
  return { type: 'about:blank', title: STATUS_CODES[status] ?? 'Error', status, detail, code, trace_id: traceId };
}

/** Answers with a problem; it is never stored by a cache. */
export function sendProblem<Status extends ContentfulStatusCode>(
  c: Context<AppEnv>,
  problem: Problem<Status>,
  headers: Readonly<Record<string, string>> = {},
) {
  return c.json(toProblemBody(problem, c.var.traceId), problem.status, {
    'Content-Type': 'application/problem+json',
    'Cache-Control': 'no-store',
    ...headers,
  });
}
