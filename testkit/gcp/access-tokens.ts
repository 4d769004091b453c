// The access tokens in circulation: whose they are, what they are good for, and until when.
import type { Random } from '../random.ts';
import { secretMarker } from '../secrets.ts';
import { refuseCredentials } from './refusal.ts';

/** An access token. */
export interface AccessToken {
  readonly token: string;
  readonly principal: string;
  readonly scopes: readonly string[];
  readonly expires_at: Date;
}

/** What a token is asked for. */
export interface TokenPlan {
  /** An e-mail address, or the `principal://` of a federated identity. */
  readonly principal: string;
  readonly scopes: readonly string[];
  readonly lives_seconds: number;
}

/** Issues and checks tokens. */
export interface AccessTokens {
  issue(plan: TokenPlan): AccessToken;
  /** The token in an `Authorization` header, if it holds; else Google's refusal. */
  check(authorization: string | undefined): AccessToken;
  /** Ends the life of every token so far. */
  expire(): void;
  list(): readonly AccessToken[];
}

const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789';

/** No tokens yet. */
export function createAccessTokens(random: Random, now: () => Date): AccessTokens {
  const held = new Map<string, AccessToken>();
  return {
    issue: ({ principal, scopes, lives_seconds: seconds }) => {
      const token = `ya29.${secretMarker}${random.text(64, alphabet)}`;
      const issued = { token, principal, scopes, expires_at: new Date(now().getTime() + seconds * 1000) };
      held.set(token, issued);
      return issued;
    },
    check: (authorization) => {
      if (authorization === undefined) throw refuseCredentials('CREDENTIALS_MISSING');
      const token = held.get(authorization.replace(/^Bearer /, ''));
      if (token === undefined) throw refuseCredentials('ACCESS_TOKEN_TYPE_UNSUPPORTED');
      if (token.expires_at <= now()) throw refuseCredentials('ACCESS_TOKEN_EXPIRED');
      return token;
    },
    expire: () => {
      for (const token of held.values()) held.set(token.token, { ...token, expires_at: now() });
    },
    list: () => [...held.values()],
  };
}
