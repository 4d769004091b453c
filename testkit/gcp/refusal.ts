// The error by which the fake refuses, in the words of Google's APIs.
import type { status } from '@grpc/grpc-js';

/** A status of gRPC by its name. */
export type StatusName = keyof typeof status;

/** What Google's errors carry beside code and message. */
export type StatusDetail =
  | { readonly kind: 'error_info'; readonly reason: string; readonly metadata?: Readonly<Record<string, string>> }
  | { readonly kind: 'retry_info'; readonly delay_seconds: number };

/** A refusal; `name` is the status. */
export class GcpRefusal extends Error {
  readonly status: StatusName;
  readonly details: readonly StatusDetail[];

  constructor(code: StatusName, message: string, details: readonly StatusDetail[] = []) {
    super(message);
    this.name = code;
    this.status = code;
    this.details = details;
  }
}

/** What Google answers for whatever is unreadable, has never been, or is purged: it does not say which. */
export function refuseAccess(message = 'The caller does not have permission'): GcpRefusal {
  return new GcpRefusal('PERMISSION_DENIED', message);
}

/** A refusal of an argument. */
export function refuseArgument(message = 'Request contains an invalid argument.'): GcpRefusal {
  return new GcpRefusal('INVALID_ARGUMENT', message);
}

/** A refusal for calls that come too fast. */
export function refuseQuota(consumer: string, delaySeconds?: number): GcpRefusal {
  const metadata = { service: 'cloudresourcemanager.googleapis.com', consumer, quota_limit: 'ReadRequestsPerMinute' };
  return new GcpRefusal(
    'RESOURCE_EXHAUSTED',
    `Quota exceeded for service 'cloudresourcemanager.googleapis.com' for consumer '${consumer}'.`,
    [
      { kind: 'error_info', reason: 'RATE_LIMIT_EXCEEDED', metadata },
      ...(delaySeconds === undefined ? [] : [{ kind: 'retry_info', delay_seconds: delaySeconds } as const]),
    ],
  );
}

/** A refusal because the API is not enabled where the quota is taken from. */
export function refuseDisabled(consumer: string): GcpRefusal {
  const metadata = { service: 'cloudresourcemanager.googleapis.com', consumer };
  const message = `Cloud Resource Manager API has not been used in project ${consumer.replace('projects/', '')} before or it is disabled.`;
  return new GcpRefusal('PERMISSION_DENIED', message, [{ kind: 'error_info', reason: 'SERVICE_DISABLED', metadata }]);
}

/** A refusal of the credentials. */
export function refuseCredentials(
  reason: 'CREDENTIALS_MISSING' | 'ACCESS_TOKEN_EXPIRED' | 'ACCESS_TOKEN_TYPE_UNSUPPORTED',
) {
  const message = 'Request had invalid authentication credentials. Expected OAuth 2 access token.';
  return new GcpRefusal('UNAUTHENTICATED', message, [{ kind: 'error_info', reason }]);
}

/** A refusal of a token that was asked for other purposes. */
export function refuseScopes(): GcpRefusal {
  const message = 'Request had insufficient authentication scopes.';
  return new GcpRefusal('PERMISSION_DENIED', message, [
    { kind: 'error_info', reason: 'ACCESS_TOKEN_SCOPE_INSUFFICIENT' },
  ]);
}
