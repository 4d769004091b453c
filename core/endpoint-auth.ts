// How an HTTP endpoint that is itself inventory is asked to let us in: the part of the configuration that says so, brought into one shape.
import { z } from 'zod';
import { isSecureUrl } from './endpoint-url.ts';

/** A secret as the configuration has it: the value of an `env:NAME`, or a file that is read whenever it is needed. */
export type Secret = { readonly value: string } | { readonly file: string };

/** How to authenticate, by the word that `auth_mode` has for it. */
export type Auth =
  | { readonly mode: 'none' }
  | { readonly mode: 'basic'; readonly username: string; readonly password: Secret }
  | { readonly mode: 'token'; readonly token: Secret }
  | { readonly mode: 'oauth'; readonly client: OauthClient };

/** A client of an OAuth 2.0 server that is given tokens for its credentials (RFC 6749 §4.4). */
export interface OauthClient {
  readonly token_url: string;
  readonly client_id: string;
  readonly client_secret: Secret;
  readonly scopes: readonly string[];
  readonly audience: string | undefined;
}

const textSchema = z.string().min(1);

const tokenUrlSchema = z
  .url({ protocol: /^https?$/, error: 'an https URL' })
  .refine((text) => !URL.canParse(text) || isSecureUrl(new URL(text)), {
    message: 'an https URL: the client secret is sent there',
  });

const oauthSchema = z.strictObject({
  token_url: tokenUrlSchema,
  client_id: textSchema,
  client_secret: textSchema.optional(),
  client_secret_file: textSchema.optional(),
  scopes: z.array(textSchema).default([]),
  audience: textSchema.optional(),
});

/** Schema of `auth`: a token, or a user and a password, or an OAuth client; each secret as `env:NAME` or in a file. */
export const authSchema = z
  .strictObject({
    token: textSchema.optional(),
    token_file: textSchema.optional(),
    username: textSchema.optional(),
    password: textSchema.optional(),
    password_file: textSchema.optional(),
    oauth: oauthSchema.optional(),
  })
  .transform((auth, issues): Auth => {
    const { token, token_file, username, password, password_file, oauth } = auth;
    const hasToken = token !== undefined || token_file !== undefined;
    const hasPassword = username !== undefined || password !== undefined || password_file !== undefined;
    if (Number(hasToken) + Number(hasPassword) + Number(oauth !== undefined) > 1) {
      issues.addIssue('name a token, or a user and a password, or oauth: one of the three');
      return z.NEVER;
    }
    const toSecret = (name: string, value: string | undefined, file: string | undefined): Secret => {
      if (value !== undefined && file === undefined) return { value };
      if (file !== undefined && value === undefined) return { file };
      issues.addIssue({ code: 'custom', path: [name], message: `name ${name} or ${name}_file, one of the two` });
      return z.NEVER;
    };
    if (hasToken) return { mode: 'token', token: toSecret('token', token, token_file) };
    if (hasPassword) {
      if (username === undefined) issues.addIssue({ code: 'custom', path: ['username'], message: 'name the user' });
      return { mode: 'basic', username: username ?? '', password: toSecret('password', password, password_file) };
    }
    if (oauth === undefined) return { mode: 'none' };
    const { client_secret, client_secret_file, audience, ...client } = oauth;
    const secret = toSecret('oauth.client_secret', client_secret, client_secret_file);
    return { mode: 'oauth', client: { ...client, audience, client_secret: secret } };
  });
