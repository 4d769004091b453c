// Google's refusals as ProviderErrors that name the remedy.
import { Metadata, status } from '@grpc/grpc-js';
import { z } from 'zod';
import { ProviderError } from '#core/errors.ts';
import { describeError } from '#core/redact.ts';

// What gax makes of a gRPC status and of the details that come with it (google.rpc.ErrorInfo, RetryInfo, RequestInfo).
const sdkErrorSchema = z.object({
  code: z.number(),
  reason: z.string().nullish().catch(undefined),
  statusDetails: z.array(z.unknown()).nullish().catch(undefined),
  metadata: z.instanceof(Metadata).optional().catch(undefined),
});
const retryInfoSchema = z.object({
  retryDelay: z.object({ seconds: z.coerce.number().default(0), nanos: z.coerce.number().default(0) }),
});
const requestInfoSchema = z.object({ requestId: z.string().min(1) });

/** What a failed call tells beside its message. */
export interface Refusal {
  /** A gRPC status code; undefined when the call never was one. */
  readonly code: number | undefined;
  readonly reason: string | undefined;
  /** How long the server asks to wait. */
  readonly retry_after_ms: number | undefined;
  readonly request_id: string | undefined;
  /** Whether a server said so: what gRPC says itself comes without headers. */
  readonly is_answered: boolean;
}

/** Reads what the SDK threw. */
export function readRefusal(error: unknown): Refusal {
  const parsed = sdkErrorSchema.safeParse(error).data;
  const details = parsed?.statusDetails ?? [];
  const delay = details.map((detail) => retryInfoSchema.safeParse(detail).data?.retryDelay).find(Boolean);
  return {
    code: parsed?.code,
    reason: parsed?.reason ?? undefined,
    retry_after_ms: delay && delay.seconds * 1000 + delay.nanos / 1_000_000,
    request_id: details.map((detail) => requestInfoSchema.safeParse(detail).data?.requestId).find(Boolean),
    is_answered: Object.keys(parsed?.metadata?.getMap() ?? {}).length > 0,
  };
}

const remedies = {
  no_credentials:
    'no token for Google Cloud could be had: in GKE bind the Kubernetes service account (Workload Identity Federation), elsewhere name a federation file as `credentials_file` or GOOGLE_APPLICATION_CREDENTIALS; docs/connect-gcp.md tells how',
  invalid_credentials: 'Google does not accept the token: check the credentials and the clock of this machine',
  api_disabled:
    'the Cloud Resource Manager API is not enabled in the project whose quota is used: `gcloud services enable cloudresourcemanager.googleapis.com` there, or name another project as `quota_project`',
  quota_project_denied:
    'the quota project may not be used: grant roles/serviceusage.serviceUsageConsumer in it, or name another project as `quota_project`',
  throttled: 'the quota stayed exhausted after every retry: run less often, or raise the Resource Manager quota',
  timeout: 'no answer in time: check DNS, egress rules and the proxy variables (gRPC reads lower-case https_proxy)',
  unreachable: 'no connection: check DNS, egress rules and the proxy variables (gRPC reads lower-case https_proxy)',
  invalid_page_token: 'Google no longer accepts the page token of this listing',
  not_found: 'it does not exist',
} as const;

const codesByReason: Readonly<Record<string, keyof typeof remedies>> = {
  SERVICE_DISABLED: 'api_disabled',
  USER_PROJECT_DENIED: 'quota_project_denied',
  CONSUMER_INVALID: 'quota_project_denied',
  ACCESS_TOKEN_EXPIRED: 'invalid_credentials',
};

const codesByStatus: Readonly<Record<number, keyof typeof remedies | 'access_denied' | 'google_error'>> = {
  [status.UNAUTHENTICATED]: 'invalid_credentials',
  [status.PERMISSION_DENIED]: 'access_denied',
  [status.NOT_FOUND]: 'not_found',
  [status.RESOURCE_EXHAUSTED]: 'throttled',
  [status.UNAVAILABLE]: 'unreachable',
  [status.DEADLINE_EXCEEDED]: 'timeout',
};

// https://cloud.google.com/apis/design/errors#error_codes
const httpStatuses: Readonly<Record<number, number>> = {
  [status.OK]: 200,
  [status.CANCELLED]: 499,
  [status.UNKNOWN]: 500,
  [status.INVALID_ARGUMENT]: 400,
  [status.DEADLINE_EXCEEDED]: 504,
  [status.NOT_FOUND]: 404,
  [status.ALREADY_EXISTS]: 409,
  [status.PERMISSION_DENIED]: 403,
  [status.RESOURCE_EXHAUSTED]: 429,
  [status.FAILED_PRECONDITION]: 400,
  [status.ABORTED]: 409,
  [status.OUT_OF_RANGE]: 400,
  [status.UNIMPLEMENTED]: 501,
  [status.INTERNAL]: 500,
  [status.UNAVAILABLE]: 503,
  [status.DATA_LOSS]: 500,
  [status.UNAUTHENTICATED]: 401,
};

/** The HTTP status that Google gives a gRPC code. */
export function toHttpStatus(code: number): number | null {
  return httpStatuses[code] ?? null;
}

const transientCodes: readonly number[] = [
  status.RESOURCE_EXHAUSTED,
  status.UNAVAILABLE,
  status.DEADLINE_EXCEEDED,
  status.INTERNAL,
  status.ABORTED,
];

/** Whether the same call may succeed a moment later. */
export function isTransient({ code }: Refusal): boolean {
  return code !== undefined && transientCodes.includes(code);
}

/** What was asked for and by whom, for the message of a refusal. */
export interface Asked {
  readonly operation: string;
  readonly permission: string;
  readonly principal: string | null;
  /** Whether a page token was sent. */
  readonly is_continued: boolean;
}

/** The ProviderError of whatever a call failed with. */
export function toProviderError(error: unknown, asked: Asked): ProviderError {
  if (error instanceof ProviderError) return error;
  const refusal = readRefusal(error);
  const code = toCode(refusal, asked);
  const httpStatus = refusal.code === undefined ? null : toHttpStatus(refusal.code);
  return new ProviderError(code, `${asked.operation}: ${toRemedy(code, asked)}`, {
    // A copy: the SDK's own error carries the metadata of the call.
    cause: new Error(describeError(error)),
    ...(httpStatus !== null && { status: httpStatus }),
    retryable: isTransient(refusal),
  });
}

const pageSchema = z.object({ response: z.object({ status: z.number(), data: z.string().regex(/^\s*</) }) });

/** The ProviderError of a token that could not be had. */
export function toCredentialsError(error: unknown): ProviderError {
  if (error instanceof ProviderError) return error;
  return new ProviderError('no_credentials', remedies.no_credentials, { cause: new Error(describeFailure(error)) });
}

// Of a page in place of JSON the library tells a part or nothing; over one that comes with 200 it stumbles.
function describeFailure(error: unknown): string {
  const status = pageSchema.safeParse(error).data?.response.status;
  const isStumble = error instanceof TypeError && error.message.startsWith('Cannot create property');
  if (status === undefined && !isStumble) return describeError(error);
  const named = status === undefined ? 'the answer' : `the answer (HTTP ${status})`;
  return `${named} is none of Google: check the proxy variables, and what else may answer in its place`;
}

/** Whether the error is a ProviderError of this code. */
export function isProviderError(error: unknown, code: string): error is ProviderError {
  return error instanceof ProviderError && error.code === code;
}

function toCode({ code, reason }: Refusal, { is_continued }: Asked): string {
  const known = reason !== undefined && Object.hasOwn(codesByReason, reason) ? codesByReason[reason] : undefined;
  if (known !== undefined) return known;
  // Nothing but the token is new in the request for a later page.
  if (code === status.INVALID_ARGUMENT && is_continued) return 'invalid_page_token';
  return (code !== undefined && codesByStatus[code]) || 'google_error';
}

function toRemedy(code: string, { permission, principal }: Asked): string {
  if (code === 'access_denied') {
    const who = principal ?? 'the credentials';
    return `${who} may not: grant the permission ${permission} at the root (see \`inventory permissions gcp\`)`;
  }
  return Object.entries(remedies).find(([name]) => name === code)?.[1] ?? 'Google refused';
}
