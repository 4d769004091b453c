// What the middleware knows of a request and hands to its handler.
import type { ServerResponse } from 'node:http';

/** The caller of a request. `scopes` are the rights of its token, `all` where nobody is asked for one. */
export interface Identity {
  readonly name: string;
  readonly tenant_id: string;
  readonly scopes: readonly string[] | 'all';
  /** When the token ceases to hold, in Unix milliseconds; absent where it does not. */
  readonly expires_ms?: number;
}

/** What a handler finds in its context. The identity is there on routes behind `authorize` only. */
export interface AppEnv {
  /** Node's own response, where a server is underneath. */
  Bindings: { outgoing?: ServerResponse };
  Variables: { traceId: string; identity: Identity };
}
