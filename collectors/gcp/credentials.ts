// Whose tokens a source uses: a federation or key file, or what the machine is, and the service account impersonated from there.
import { readFile } from 'node:fs/promises';
import {
  type AuthClient,
  BaseExternalAccountClient,
  ExternalAccountClient,
  type ExternalAccountClientOptions,
  GoogleAuth,
  Impersonated,
  JWT,
  type JWTInput,
} from 'google-auth-library';
import { z } from 'zod';
import { openDeadline, raceSignal } from '#core/deadline.ts';
import { ProviderError } from '#core/errors.ts';
import { type JsonObject, jsonObjectSchema } from '#core/json.ts';
import { defaultUniverse, type GcpSourceConfig } from './config.ts';
import { toCredentialsError } from './errors.ts';

/** The identity of one source. */
export interface Credentials {
  /** Who asks, as far as it can be told without asking. */
  readonly principal: string | null;
  readonly universe_domain: string;
  readonly authClient: AuthClient;
  /** The headers that authorize a call. */
  readHeaders(signal: AbortSignal): Promise<Record<string, string>>;
  /** Makes the next headers carry a new token. */
  expire(): void;
}

const readScope = 'https://www.googleapis.com/auth/cloud-platform.read-only';
// Impersonation itself is a write in IAM's eyes; the token that it yields is for reading only.
const fullScope = 'https://www.googleapis.com/auth/cloud-platform';

// The metadata server of a machine that is in no cloud does not answer at all.
const tokenTimeoutMs = 30_000;

/** Opens the source's credentials and fetches a first token, so that credentials that are missing or refused are told at once and by name. */
export async function openCredentials(source: GcpSourceConfig, signal: AbortSignal): Promise<Credentials> {
  const base = await inTime(signal, () => openBase(source));
  const authClient = source.impersonate === undefined ? base.authClient : impersonate(source, base.authClient);
  if (source.quota_project !== undefined) authClient.quotaProjectId = source.quota_project;
  const universe_domain = base.authClient.universeDomain;
  if (source.universe_domain !== undefined && source.universe_domain !== universe_domain) {
    throw new ProviderError(
      'wrong_universe',
      `the credentials are of the universe ${universe_domain}, not ${source.universe_domain}: set \`universe_domain\` of the source, or use credentials of its universe`,
    );
  }
  const credentials: Credentials = {
    principal: source.impersonate ?? base.principal,
    universe_domain,
    authClient,
    readHeaders: (stop) => inTime(stop, async () => Object.fromEntries(await authClient.getRequestHeaders())),
    expire: () => authClient.setCredentials({ ...authClient.credentials, access_token: null, expiry_date: 1 }),
  };
  await credentials.readHeaders(signal);
  return credentials;
}

type Base = Pick<Credentials, 'principal' | 'authClient'>;

async function openBase(source: GcpSourceConfig): Promise<Base> {
  const scopes = [source.impersonate === undefined ? readScope : fullScope];
  if (source.credentials_file !== undefined) return openFile(source.credentials_file, scopes);
  const universeDomain = source.universe_domain ?? defaultUniverse;
  const auth = new GoogleAuth({ scopes, clientOptions: { universeDomain } });
  const authClient = await auth.getClient();
  prepare(authClient);
  return { authClient, principal: await readPrincipal(auth) };
}

async function openFile(path: string, scopes: string[]): Promise<Base> {
  const document = await readDocument(path);
  const authClient = toFileClient(path, document, scopes);
  prepare(authClient);
  if (authClient instanceof BaseExternalAccountClient) {
    const audience = z.string().safeParse(document['audience']).data ?? null;
    return { authClient, principal: authClient.getServiceAccountEmail() ?? audience };
  }
  if (authClient instanceof Impersonated) return { authClient, principal: authClient.getTargetPrincipal() };
  return { authClient, principal: z.string().safeParse(document['client_email']).data ?? null };
}

// Over some members that are missing the library stumbles instead of naming them.
function toFileClient(path: string, document: JsonObject, scopes: string[]): AuthClient {
  try {
    return toClient(document, scopes);
  } catch (error) {
    if (!(error instanceof TypeError)) throw error;
    const remedy = 'make it anew, docs/connect-gcp.md tells how';
    throw new ProviderError('no_credentials', `the credentials file ${path} lacks what its type needs: ${remedy}`);
  }
}

async function readDocument(path: string): Promise<JsonObject> {
  try {
    return jsonObjectSchema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    // The parser's message repeats what it could not parse.
    const why = error instanceof SyntaxError || error instanceof z.ZodError ? 'is no JSON object' : 'cannot be read';
    throw new ProviderError(
      'no_credentials',
      `the credentials file ${path} ${why}: mount it, or correct \`credentials_file\``,
    );
  }
}

function toClient(document: JsonObject, scopes: string[]): AuthClient {
  if (document['type'] === 'external_account') {
    // A boundary cast: the library checks the members that it needs.
    const options = { ...document, scopes } as unknown as ExternalAccountClientOptions;
    const client = ExternalAccountClient.fromJSON(options);
    if (client !== null) return client;
  }
  // A boundary cast: the library tells the kinds of files apart itself.
  return new GoogleAuth({ scopes }).fromJSON(document as JWTInput);
}

// A key signs tokens itself: one request and one egress rule less, and the only way in national universes.
function prepare(client: AuthClient): void {
  if (client instanceof JWT) client.useJWTAccessWithScope = true;
}

function impersonate(source: GcpSourceConfig, sourceClient: AuthClient): AuthClient {
  return new Impersonated({
    sourceClient,
    ...(source.impersonate !== undefined && { targetPrincipal: source.impersonate }),
    targetScopes: [readScope],
    ...(source.iam_endpoint !== undefined && { endpoint: new URL(source.iam_endpoint).origin }),
  });
}

// It is told in evidence only; whoever cannot tell is asked no more.
async function readPrincipal(auth: GoogleAuth): Promise<string | null> {
  try {
    return (await auth.getCredentials()).client_email ?? null;
  } catch {
    return null;
  }
}

async function inTime<Result>(signal: AbortSignal, work: () => Promise<Result>): Promise<Result> {
  const deadline = openDeadline(tokenTimeoutMs, signal, `no token within ${tokenTimeoutMs / 1000} s`);
  try {
    return await raceSignal(work(), deadline.signal);
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw toCredentialsError(error);
  } finally {
    deadline.clear();
  }
}
