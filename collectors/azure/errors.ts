// Azure's refusals as ProviderErrors that name the remedy and keep the ids that Azure's support asks for.

import { z } from 'zod';
import { ProviderError } from '#core/errors.ts';
import { parseJson } from '#core/json.ts';
import { describeError } from '#core/redact.ts';

/** What came of a request that did not succeed. */
export interface Refusal {
  readonly operation: string;
  /** The Azure action that allows it, for the remedy. */
  readonly action: string;
  readonly principal: string | null;
  readonly status: number | null;
  readonly body: string | undefined;
  readonly request_ids: readonly string[];
  /** What was thrown instead of an answer. */
  readonly thrown?: unknown;
}

const bodySchema = z.object({ error: z.object({ code: z.string(), message: z.string().default('') }) });

const remedies = {
  invalid_credentials:
    'Azure does not accept the token: check that `cloud` (or `audience`) is the one the application is of, and the clock of this machine',
  throttled: 'Azure kept throttling after every retry: run less often, or slow down other readers of Resource Manager',
  timeout: 'no answer in time: check DNS, egress rules and the proxy variables',
  unreachable: 'no connection: check DNS, egress rules and the proxy variables',
  invalid_page_token: 'Azure no longer accepts the page token of this listing',
  azure_error: 'Azure refused',
} as const;

/** The ProviderError of a request to Resource Manager that did not succeed. */
export function toProviderError(refusal: Refusal): ProviderError {
  const { operation, status, body, request_ids: ids, thrown } = refusal;
  if (thrown instanceof ProviderError) return thrown;
  if (status === null && isCredentialError(thrown)) return toCredentialError(thrown);
  const error = parseError(body);
  const code = toCode(refusal, error?.code);
  const named = ids.length === 0 ? '' : ` (request ids ${ids.join(', ')})`;
  const detail = error === undefined ? describeError(thrown ?? `HTTP ${status}`) : `${error.code}: ${error.message}`;
  return new ProviderError(code, `${operation}: ${toRemedy(code, refusal)}${named}`, {
    // A copy: the SDK's own error carries the request with its token.
    cause: new Error(describeError(new Error(detail))),
    status: status ?? undefined,
    retryable: ['throttled', 'timeout', 'unreachable'].includes(code) || (status ?? 0) >= 500,
  });
}

/** Whether the error is a ProviderError of this code. */
export function isProviderError(error: unknown, code: string): error is ProviderError {
  return error instanceof ProviderError && error.code === code;
}

function parseError(body: string | undefined): { code: string; message: string } | undefined {
  return bodySchema.safeParse(parseJson(body ?? '')).data?.error;
}

function toCode({ status, thrown }: Refusal, code: string | undefined): keyof typeof remedies | 'access_denied' {
  if (status === null) return thrown instanceof Error && thrown.name === 'TimeoutError' ? 'timeout' : 'unreachable';
  if (code === 'InvalidSkipToken') return 'invalid_page_token';
  if (status === 401) return 'invalid_credentials';
  if (status === 403) return 'access_denied';
  return status === 429 ? 'throttled' : 'azure_error';
}

function toRemedy(code: keyof typeof remedies | 'access_denied', { action, principal }: Refusal): string {
  if (code !== 'access_denied') return remedies[code];
  const who = principal === null ? 'the application' : `the application ${principal}`;
  return `${who} may not: allow the action ${action} (see \`inventory permissions azure\`)`;
}

// https://learn.microsoft.com/entra/identity-platform/reference-error-codes
const remediesByAadsts: Readonly<Record<string, string>> = {
  AADSTS90002: 'there is no such tenant in this cloud: check tenant_id and cloud',
  AADSTS700016: 'the tenant does not know this application: check client_id, and consent to it in this tenant',
  AADSTS7000215: 'the client secret is wrong: put the value of the secret, not its id, into client_secret_file',
  AADSTS7000222: 'the client secret has expired: create a new one and put it into client_secret_file',
  AADSTS70021: 'no federated credential of the application matches the token: check its issuer, subject and audience',
  AADSTS700211: 'no federated credential of the application has the issuer of the token',
  AADSTS700212: 'no federated credential of the application has the audience of the token',
  AADSTS700213: 'no federated credential of the application has the subject of the token',
  AADSTS700024: 'the federated token is not valid at this time: check that its file is renewed, and the clock',
  AADSTS500011: 'the tenant does not know this Resource Manager: check cloud, arm_endpoint and audience',
  AADSTS53003: 'Conditional Access forbids it: except the application, or allow the addresses it comes from',
};

// What the SDK repeats of an answer that is none of the login endpoint's: its whole body and all of its headers.
const answerOfOthers = / Http status message: .*$/;

/** The ProviderError of whatever a credential threw. Its message keeps the AADSTS code and the ids, never a secret. */
export function toCredentialError(thrown: unknown): ProviderError {
  if (thrown instanceof ProviderError) return thrown;
  const text = describeError(thrown).replace(answerOfOthers, '');
  const cause = new Error(text);
  const aadsts = /AADSTS\d+/.exec(text)?.[0];
  if (aadsts !== undefined) {
    const remedy =
      remediesByAadsts[aadsts] ??
      'Microsoft Entra refused a token: look the code up at https://login.microsoftonline.com/error';
    const ids = readIds(text);
    const retryable = aadsts === 'AADSTS90055' || aadsts === 'AADSTS90033';
    return new ProviderError('credentials_refused', `${aadsts}: ${remedy}${ids}`, { cause, retryable });
  }
  const remedy =
    'no token could be had: check DNS, egress rules, the proxy variables and authority_host, and that tenant_id is a tenant of this cloud; where Microsoft cannot be reached at all, set disable_instance_discovery';
  return new ProviderError('unreachable', remedy, { cause, retryable: true });
}

function readIds(text: string): string {
  const named = ['correlation', 'trace'].flatMap((kind) => {
    const id = new RegExp(`${kind}[ _]id["']?: ?["']?([0-9a-f-]{36})`, 'i').exec(text)?.[1];
    return id === undefined ? [] : [`${kind} id ${id}`];
  });
  return named.length === 0 ? '' : ` (${named.join(', ')})`;
}

const credentialErrors = ['AuthenticationRequiredError', 'AuthenticationError', 'CredentialUnavailableError'];

function isCredentialError(thrown: unknown): boolean {
  return thrown instanceof Error && credentialErrors.includes(thrown.name);
}
