// Finds out which service and operation a request is for, and refuses protocols that the pinned clients do not speak.
import type { IncomingHttpHeaders } from 'node:http';
import { AwsRefusal, type Service } from './answer.ts';

/** A request, sorted but not yet believed. */
export interface RoutedRequest {
  readonly service: Service;
  readonly operation: string;
  readonly input: Readonly<Record<string, unknown>>;
}

const targets: Readonly<Record<string, Service>> = {
  AWSOrganizationsV20161128: 'organizations',
  ResourceGroupsTaggingAPI_20170126: 'tagging',
};

/** Where the EKS Pod Identity agent answers. */
export const podIdentityPath = '/v1/credentials';

/** One endpoint serves all services: by path, by `X-Amz-Target` (JSON 1.1) or by `Action=` (STS's query protocol). */
export function routeRequest(request: {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}): RoutedRequest {
  const { method, path, headers } = request;
  if (path === podIdentityPath && method === 'GET') {
    return { service: 'pod-identity', operation: 'GetCredentials', input: {} };
  }
  if (method !== 'POST' || path !== '/') throw unknownOperation(`${method} ${path}`);
  const target = headers['x-amz-target'];
  if (typeof target === 'string') return routeJson(target, headers['content-type'], request.body);
  if (headers['content-type'] === 'application/x-www-form-urlencoded') return routeQuery(request.body);
  throw unknownOperation(`content type ${headers['content-type']} without X-Amz-Target`);
}

function routeJson(target: string, contentType: string | undefined, body: Buffer): RoutedRequest {
  const [prefix = '', operation = ''] = target.split('.');
  const service = Object.hasOwn(targets, prefix) ? targets[prefix] : undefined;
  if (service === undefined || contentType !== 'application/x-amz-json-1.1') {
    throw unknownOperation(`${target} as ${contentType}`);
  }
  return { service, operation, input: parseObject(body.toString()) };
}

function routeQuery(body: Buffer): RoutedRequest {
  const {
    Action: operation = '',
    Version: version,
    ...input
  } = Object.fromEntries(new URLSearchParams(body.toString()));
  if (version !== '2011-06-15') throw unknownOperation(`${operation} of version ${version}`);
  return { service: 'sts', operation, input };
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  const value: unknown = JSON.parse(text);
  if (typeof value !== 'object' || value === null) throw unknownOperation('a body that is no JSON object');
  return Object.fromEntries(Object.entries(value));
}

function unknownOperation(what: string): AwsRefusal {
  return new AwsRefusal('UnknownOperationException', `the fake does not know ${what}`);
}
