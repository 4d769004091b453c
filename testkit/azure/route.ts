// Finds out which operation a request is for, and refuses paths, versions and parameters that the fake does not know.
import { AzureRefusal, type Service } from './answer.ts';

/** A request, sorted but not yet believed. */
export interface RoutedRequest {
  readonly service: Service;
  readonly operation: string;
  /** The tenant that the path of a login request names. */
  readonly tenant: string | null;
  readonly query: URLSearchParams;
}

interface Route {
  readonly service: Service;
  readonly operation: string;
  readonly methods: readonly string[];
  readonly path: RegExp;
}

// Resource Manager takes paths in any case.
const routes: readonly Route[] = [
  {
    service: 'login',
    operation: 'OpenIdConfiguration',
    methods: ['GET'],
    path: /^\/([^/]+)\/v2\.0\/\.well-known\/openid-configuration$/,
  },
  { service: 'login', operation: 'Token', methods: ['POST'], path: /^\/([^/]+)\/oauth2\/v2\.0\/token$/ },
  { service: 'arm', operation: 'ListSubscriptions', methods: ['GET'], path: /^\/subscriptions\/?$/i },
  { service: 'arm', operation: 'ListTenants', methods: ['GET'], path: /^\/tenants\/?$/i },
  {
    service: 'arm',
    operation: 'GetEntities',
    methods: ['POST', 'GET'],
    path: /^\/providers\/microsoft\.management\/getentities\/?$/i,
  },
];
const versions: Readonly<Record<string, string>> = {
  ListSubscriptions: '2022-12-01',
  ListTenants: '2022-12-01',
  GetEntities: '2021-04-01',
};

/** One endpoint serves both services, by path. */
export function routeRequest(method: string, path: string): RoutedRequest {
  // The origin is only there to be parsed.
  const url = new URL(path, 'https://localhost');
  for (const { service, operation, methods, path: pattern } of routes) {
    const match = pattern.exec(url.pathname);
    if (match === null || !methods.includes(method)) continue;
    // The first page of the entities is asked for by POST, those after it by either.
    if (operation === 'GetEntities' && method === 'GET' && !url.searchParams.has('$skiptoken')) continue;
    return { service, operation, tenant: match[1] ?? null, query: url.searchParams };
  }
  throw new AzureRefusal('NotFound', `The fake does not know ${method} ${url.pathname}`, {
    status: 404,
    is_unexpected: true,
  });
}

/** The skip token of a request whose version and parameters are the operation's own. */
export function readSkipToken({ operation, query }: RoutedRequest): string | undefined {
  const version = query.get('api-version');
  if (version === null || version === '') {
    const message = 'The api-version query parameter (?api-version=) is required for all requests.';
    throw new AzureRefusal('MissingApiVersionParameter', message, { status: 400 });
  }
  if (version !== versions[operation]) {
    const message = `The api-version '${version}' is invalid. The supported versions are '${versions[operation]}'.`;
    throw new AzureRefusal('InvalidApiVersionParameter', message, { status: 400, is_unexpected: true });
  }
  const unknown = [...query.keys()].find((name) => name !== 'api-version' && name !== '$skiptoken');
  if (unknown !== undefined) {
    const message = `The fake does not know the query parameter '${unknown}' of ${operation}`;
    throw new AzureRefusal('InvalidQueryParameter', message, { status: 400, is_unexpected: true });
  }
  return query.get('$skiptoken') ?? undefined;
}

/** Where the page of this token is. */
export function toNextLink(origin: string, path: string, token: string): string {
  const url = new URL(path, origin);
  url.searchParams.set('$skiptoken', token);
  return url.href;
}
