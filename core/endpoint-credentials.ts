// The headers that let us in, made anew for every run: a rotated file needs no restart.
import { readFile } from 'node:fs/promises';
import { z } from 'zod';
import type { Auth, OauthClient, Secret } from './endpoint-auth.ts';
import { ProviderError } from './errors.ts';
import type { HttpClient } from './http.ts';
import { parseJson } from './json.ts';

/** What credentials are read and fetched with. */
export interface CredentialOptions {
  /** Trusts and presents nothing of the endpoint's own: the token endpoint is another server. */
  readonly http: HttpClient;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** Reads or fetches the credentials. Throws ProviderError `no_credentials` or `credentials_refused`, which name what to repair. */
export async function readAuthorization(auth: Auth, options: CredentialOptions): Promise<Record<string, string>> {
  switch (auth.mode) {
    case 'none':
      return {};
    case 'basic': {
      const password = await readSecret(auth.password, options.signal);
      return { authorization: toBasic(auth.username, password) };
    }
    case 'token':
      return { authorization: `Bearer ${await readToken(auth.token, options.signal)}` };
    case 'oauth':
      return { authorization: `Bearer ${await fetchToken(auth.client, options)}` };
  }
}

/** Who the credentials are, as far as that is no secret. */
export function principalOf(auth: Auth): string | null {
  if (auth.mode === 'basic') return auth.username;
  return auth.mode === 'oauth' ? auth.client.client_id : null;
}

function toBasic(user: string, password: string): string {
  return `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}`;
}

// Nothing else can be in a header: no request would be made, and the endpoint be called unreachable.
async function readToken(secret: Secret, signal: AbortSignal): Promise<string> {
  const token = await readSecret(secret, signal);
  if (/^[\x21-\x7e]+$/.test(token)) return token;
  throw new ProviderError('no_credentials', `${nameOf(secret)} must hold a token: ASCII characters without spaces`);
}

async function readSecret(secret: Secret, signal: AbortSignal): Promise<string> {
  const text = 'value' in secret ? secret.value : await readText(secret.file, signal);
  // A line break would end the header.
  if (!/^[^\p{Cc}]+$/u.test(text)) {
    throw new ProviderError('no_credentials', `${nameOf(secret)} must hold the secret and nothing else, on one line`);
  }
  return text;
}

function nameOf(secret: Secret): string {
  return 'file' in secret ? secret.file : 'the variable';
}

/** The text of a file without the white space around it. Throws ProviderError `no_credentials`. */
export async function readText(path: string, signal: AbortSignal): Promise<string> {
  try {
    return (await readFile(path, { encoding: 'utf8', signal })).trim();
  } catch (cause) {
    if (signal.aborted) throw signal.reason;
    throw new ProviderError('no_credentials', `${path} cannot be read: mount it, or name the right file`, { cause });
  }
}

const tokenSchema = z.object({ access_token: z.string().regex(/^[\x21-\x7e]+$/) });
const refusalSchema = z.object({ error: z.string().regex(/^[\w-]{1,60}$/) });

// https://www.rfc-editor.org/rfc/rfc6749#section-4.4, the client authenticated as in section 2.3.1.
async function fetchToken(client: OauthClient, { http, timeoutMs, signal }: CredentialOptions): Promise<string> {
  const encoded = (text: string) => new URLSearchParams({ _: text }).toString().slice(2);
  const secret = await readSecret(client.client_secret, signal);
  const form = new URLSearchParams({ grant_type: 'client_credentials' });
  if (client.scopes.length > 0) form.set('scope', client.scopes.join(' '));
  if (client.audience !== undefined) form.set('audience', client.audience);
  const { status, body } = await http.request(client.token_url, {
    method: 'POST',
    headers: {
      authorization: toBasic(encoded(client.client_id), encoded(secret)),
      'content-type': 'application/x-www-form-urlencoded',
      accept: 'application/json',
    },
    body: form.toString(),
    timeoutMs,
    maxBytes: 100_000,
    signal,
  });
  const token = tokenSchema.safeParse(parseJson(body));
  if (status === 200 && token.success) return token.data.access_token;
  // Nothing else of the body is told: it may repeat what was sent.
  const word = refusalSchema.safeParse(parseJson(body)).data?.error;
  const { origin } = new URL(client.token_url);
  throw new ProviderError(
    'credentials_refused',
    `${origin} gave no token for the client ${client.client_id}: ${status}${word ? ` ${word}` : ''}`,
    { status },
  );
}
