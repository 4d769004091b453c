// The login endpoint: a tenant's OpenID configuration, and access tokens for client credentials.
import { z } from 'zod';
import { type Answer, AzureRefusal } from './answer.ts';
import { resourceManagers, toAudience } from './clouds.ts';
import type { ApiContext } from './context.ts';
import { checkAssertion } from './federation.ts';
import type { AzureTenant } from './tenant.ts';
import { type AzureApplication, issueToken } from './world.ts';

/** One request to the login endpoint; the tenant is what the path names, a GUID or a domain. */
export interface LoginCall {
  readonly tenant: string;
  readonly origin: string;
  readonly body: Buffer;
}

const formSchema = z.object({
  client_id: z.string(),
  scope: z.string(),
  grant_type: z.string(),
  client_secret: z.string().optional(),
  client_assertion: z.string().optional(),
  client_assertion_type: z.literal('urn:ietf:params:oauth:client-assertion-type:jwt-bearer').optional(),
});
type Form = z.output<typeof formSchema>;

/** `GET /{tenant}/v2.0/.well-known/openid-configuration`. */
export function answerConfiguration(context: ApiContext, { tenant, origin }: LoginCall): Answer {
  const { id } = findTenant(context, tenant, 'invalid_tenant');
  const body = {
    token_endpoint: `${origin}/${id}/oauth2/v2.0/token`,
    token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt', 'client_secret_basic'],
    jwks_uri: `${origin}/${id}/discovery/v2.0/keys`,
    issuer: `${origin}/${id}/v2.0`,
    authorization_endpoint: `${origin}/${id}/oauth2/v2.0/authorize`,
    end_session_endpoint: `${origin}/${id}/oauth2/v2.0/logout`,
    tenant_region_scope: 'EU',
  };
  return { body, subjects: [id] };
}

/** `POST /{tenant}/oauth2/v2.0/token`. */
export async function answerToken(context: ApiContext, call: LoginCall): Promise<Answer> {
  const tenant = findTenant(context, call.tenant, 'invalid_request');
  const form = parseForm(call.body);
  const application = context.world.applications.get(form.client_id.toLowerCase());
  if (application?.access.has(tenant.id) !== true) {
    const message = `Application with identifier '${form.client_id}' was not found in the directory '${tenant.display_name}'.`;
    throw refuse('AADSTS700016', message, 'unauthorized_client', 400);
  }
  await checkCredential(context, application, form);
  const seconds = context.behaviour.token_seconds;
  const issuedAt = context.now();
  const { token } = issueToken(context.world, context.random, {
    tenant_id: tenant.id,
    client_id: application.client_id,
    audience: parseScope(context, call.origin, form.scope),
    issued_at: issuedAt,
    expires_at: new Date(issuedAt.getTime() + seconds * 1000),
    authority: call.origin,
  });
  const body = { token_type: 'Bearer', expires_in: seconds, ext_expires_in: seconds, access_token: token };
  return { body, subjects: [tenant.id] };
}

function findTenant({ world }: ApiContext, name: string, oauthError: string): AzureTenant {
  const wanted = name.toLowerCase();
  const tenant =
    world.tenants.get(wanted) ?? world.tenants.values().find(({ default_domain }) => default_domain === wanted);
  if (tenant !== undefined) return tenant;
  const message = `Tenant '${name}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud.`;
  throw refuse('AADSTS90002', message, oauthError, 400);
}

function parseForm(body: Buffer): Form {
  const parsed = formSchema.safeParse(Object.fromEntries(new URLSearchParams(body.toString())));
  if (!parsed.success) {
    const missing = parsed.error.issues.map((issue) => issue.path.join('.')).join(', ');
    throw refuse(
      'AADSTS900144',
      `The request body must contain the following parameter: '${missing}'.`,
      'invalid_request',
      400,
    );
  }
  if (parsed.data.grant_type !== 'client_credentials') {
    const message = `The app requested an unsupported grant type '${parsed.data.grant_type}'.`;
    throw refuse('AADSTS70003', message, 'unsupported_grant_type', 400);
  }
  return parsed.data;
}

async function checkCredential(context: ApiContext, application: AzureApplication, form: Form): Promise<void> {
  const { client_secret: secret, client_assertion: assertion } = form;
  if ((secret === undefined) === (assertion === undefined)) {
    const message = "The request body must contain the following parameter: 'client_assertion' or 'client_secret'.";
    throw refuse('AADSTS7000218', message, 'invalid_client', 401);
  }
  if (assertion !== undefined) {
    if (form.client_assertion_type === undefined) {
      const message = "The request body must contain the following parameter: 'client_assertion_type'.";
      throw refuse('AADSTS900144', message, 'invalid_request', 400);
    }
    return checkAssertion(application, assertion, context.now());
  }
  if (secret !== application.client_secret) {
    const message = `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${application.client_id}'.`;
    throw refuse('AADSTS7000215', message, 'invalid_client', 401);
  }
  const { secret_expires_at: expiresAt } = application;
  if (expiresAt !== null && expiresAt <= context.now()) {
    const message = `The provided client secret keys for app '${application.client_id}' are expired.`;
    throw refuse('AADSTS7000222', message, 'invalid_client', 401);
  }
}

/** The audience of the token: the resource of a `…/.default` scope, for a resource that the tenant knows. */
function parseScope({ audience }: ApiContext, origin: string, scope: string): string {
  // Other scopes of the protocol may stand beside it.
  const wanted = scope.split(' ').filter((word) => !['openid', 'profile', 'offline_access'].includes(word));
  const [first = ''] = wanted;
  if (wanted.length !== 1 || !first.endsWith('/.default')) {
    const message = `The provided value for scope ${scope} is not valid. Client credential flows must have a scope value with /.default suffixed to the resource identifier.`;
    throw refuse('AADSTS1002012', message, 'invalid_scope', 400);
  }
  const resource = first.slice(0, -'/.default'.length);
  const known = [audience ?? origin, ...Object.values(resourceManagers)].map(toAudience);
  if (known.includes(toAudience(resource))) return resource;
  const message = `The resource principal named ${resource} was not found in the tenant.`;
  throw refuse('AADSTS500011', message, 'invalid_resource', 400);
}

function refuse(code: string, message: string, oauthError: string, status: number): AzureRefusal {
  return new AzureRefusal(code, message, { status, oauth_error: oauthError });
}
