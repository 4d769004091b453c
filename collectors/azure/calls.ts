// What passed over the wire for one request, as evidence and as the cause of a refusal.
import { createHash } from 'node:crypto';
import subscriptionsPackage from '@azure/arm-resources-subscriptions/package.json' with { type: 'json' };
import identityPackage from '@azure/identity/package.json' with { type: 'json' };
import type { Request } from '#core/provenance.ts';
import { toProviderError } from './errors.ts';
import { actions, type Operation } from './permissions.ts';
import type { AzureSession } from './session.ts';

/** The SDK behind each operation; the hierarchy is asked for by hand with the SDK's token. */
export const sdkOf: Readonly<Record<Operation, string>> = {
  ListSubscriptions: `${subscriptionsPackage.name}@${subscriptionsPackage.version}`,
  GetEntities: `${identityPackage.name}@${identityPackage.version}`,
};

/** One request with all its attempts, and the last answer; status null and no body when none came. */
export interface Exchange {
  readonly status: number | null;
  readonly body: string | undefined;
  readonly request_ids: readonly string[];
  readonly attempts: number;
  readonly retry_delay_ms: number;
  /** What the client threw, an answer or not. */
  readonly thrown?: unknown;
}

/** Which request of which listing. */
export interface Question {
  readonly operation: Operation;
  /** From 1. */
  readonly page: number;
}

/** Azure's own ids of an answer: the request's and the one that Azure's support looks up. */
export function readRequestIds(get: (name: string) => string | undefined): string[] {
  return ['x-ms-request-id', 'x-ms-correlation-request-id'].flatMap((name) => get(name) ?? []);
}

/** Records the request as a page of the run, whatever came of it. */
export function record(session: AzureSession, question: Question, exchange: Exchange, items: number): Request {
  const { status, body, request_ids, attempts, retry_delay_ms } = exchange;
  const request = {
    operation: `azure:${question.operation}`,
    endpoint: session.endpoints.arm_endpoint,
    page: question.page,
    request_ids: [...request_ids],
    attempts: Math.max(attempts, 1),
    retry_delay_ms: Math.round(retry_delay_ms),
    http_status: status,
    items,
    sha256: body === undefined ? null : createHash('sha256').update(body).digest('hex'),
    sdk: sdkOf[question.operation],
    principal: session.principal,
  };
  session.context.fetched(request);
  return request;
}

/** The error of a request that did not succeed. */
export function toError(session: AzureSession, { operation }: Question, exchange: Exchange): Error {
  return toProviderError({
    operation: `azure:${operation}`,
    action: actions[operation],
    principal: session.principal,
    status: exchange.status,
    body: exchange.body,
    request_ids: exchange.request_ids,
    thrown: exchange.thrown,
  });
}
