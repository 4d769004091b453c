// AWS's refusals as ProviderErrors that name the remedy.
import { z } from 'zod';
import { ProviderError } from '#core/errors.ts';
import { describeError } from '#core/redact.ts';

const sdkErrorSchema = z.object({
  name: z.string(),
  message: z.string().optional(),
  code: z.string().optional(),
  Reason: z.string().optional(),
  $metadata: z.object({ httpStatusCode: z.number().optional() }).optional(),
});

const remedies = {
  no_credentials:
    'no AWS credentials were found: in Kubernetes bind the service account to a role (IRSA or Pod Identity); elsewhere name a profile (AWS_PROFILE or `profile`), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY in the environment; docs/connect-aws.md tells how',
  no_token_file:
    'the file with the token of the web identity cannot be read: mount a projected service account token where AWS_WEB_IDENTITY_TOKEN_FILE or `token_file` says',
  session_expired:
    'the AWS session has expired and nothing renews it: sign in again, or use a role that the SDK can renew',
  invalid_credentials: 'AWS does not know these credentials, or the clock of this machine is wrong',
  not_in_organization:
    'this account is in no organization: use credentials of the management account or of a delegated administrator, or name a role there in role_chain',
  throttled: 'AWS kept throttling after every retry: run less often, or slow down other users of the Organizations API',
  timeout: 'no answer in time: check DNS, egress rules and the proxy variables',
  unreachable: 'no connection: check DNS, egress rules and the proxy variables',
  malformed_answer:
    'the answer is none of AWS, or cut off: check the proxy variables, and what else may answer in its place',
  invalid_page_token: 'AWS no longer accepts the page token of this listing',
} as const;

const codesByName: Readonly<Record<string, keyof typeof remedies | 'access_denied' | 'not_found'>> = {
  CredentialsProviderError: 'no_credentials',
  ExpiredToken: 'session_expired',
  ExpiredTokenException: 'session_expired',
  InvalidClientTokenId: 'invalid_credentials',
  UnrecognizedClientException: 'invalid_credentials',
  InvalidSignatureException: 'invalid_credentials',
  SignatureDoesNotMatch: 'invalid_credentials',
  InvalidIdentityToken: 'invalid_credentials',
  InvalidIdentityTokenException: 'invalid_credentials',
  AWSOrganizationsNotInUseException: 'not_in_organization',
  TooManyRequestsException: 'throttled',
  ThrottlingException: 'throttled',
  ThrottledException: 'throttled',
  Throttling: 'throttled',
  AccessDenied: 'access_denied',
  AccessDeniedException: 'access_denied',
  TargetNotFoundException: 'not_found',
  ParentNotFoundException: 'not_found',
  OrganizationalUnitNotFoundException: 'not_found',
  AccountNotFoundException: 'not_found',
  AccountNotRegisteredException: 'not_found',
  TimeoutError: 'timeout',
  // The SDK's name for an answer that says nothing in the service's protocol.
  Unknown: 'malformed_answer',
};

/** The ProviderError of whatever the SDK threw at an operation (`organizations:ListAccounts`, which is also the IAM action to allow). */
export function toProviderError(error: unknown, operation: string, principal: string | null): ProviderError {
  if (error instanceof ProviderError) return error;
  const parsed = sdkErrorSchema.safeParse(error).data;
  const code = parsed === undefined ? 'unreachable' : toCode(parsed);
  const status = parsed?.$metadata?.httpStatusCode;
  return new ProviderError(code, `${operation}: ${toRemedy(code, operation, principal)}`, {
    cause: code === 'malformed_answer' ? new Error(`HTTP ${status}`) : toCause(parsed?.name ?? 'error', error),
    status,
    retryable: code === 'throttled' || code === 'timeout' || code === 'unreachable' || (status ?? 0) >= 500,
  });
}

// A copy: the SDK's own error carries the response, headers included.
function toCause(name: string, error: unknown): Error {
  return new Error(`${name}: ${describeError(error)}`);
}

/** Whether the error is a ProviderError of this code. */
export function isProviderError(error: unknown, code: string): error is ProviderError {
  return error instanceof ProviderError && error.code === code;
}

// The only file that is read here; what else the SDK reads it passes over.
const fileErrors = new Set(['ENOENT', 'EACCES', 'EISDIR']);

// What the SDK adds to the message of a parser, which repeats a part of what it could not parse.
const unreadable = 'Deserialization error:';

function toCode({ name, message, code, Reason }: z.output<typeof sdkErrorSchema>): string {
  if (message?.includes(unreadable)) return 'malformed_answer';
  if (Reason === 'INVALID_NEXT_TOKEN') return 'invalid_page_token';
  if (code !== undefined && fileErrors.has(code)) return 'no_token_file';
  const known = Object.hasOwn(codesByName, name) ? codesByName[name] : undefined;
  return known ?? (/^(Error|NetworkingError|E[A-Z]+)?$/.test(name) ? 'unreachable' : 'aws_error');
}

const trustRemedies: Readonly<Record<string, string>> = {
  'sts:AssumeRole': 'let the role trust them in its trust policy, with the same ExternalId where it asks for one',
  'sts:AssumeRoleWithWebIdentity':
    "let the role's trust policy name the cluster's OIDC provider and this service account with its namespace",
};

function toRemedy(code: string, operation: string, principal: string | null): string {
  if (code === 'access_denied') {
    const who = principal ?? 'the credentials';
    const hint =
      trustRemedies[operation] ??
      'see `inventory permissions aws`; members other than the management account must be delegated administrators or be named by the resource policy';
    return `${who} may not: allow the action ${operation} (${hint})`;
  }
  return Object.entries(remedies).find(([name]) => name === code)?.[1] ?? 'AWS refused';
}
