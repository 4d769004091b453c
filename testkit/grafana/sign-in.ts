// Who a request comes from: a service account by its token, a user by name and password, a visitor, or nobody.
import { randomUUID } from 'node:crypto';
import type { HttpAnswer } from '../loopback-server.ts';
import { toJson } from './answer.ts';
import type { GrafanaWorld, Role } from './world.ts';

/** Somebody who is let in. Visitors are those whom anonymous access lets in: they are not signed in. */
export interface Caller {
  readonly role: Role;
  readonly is_visitor: boolean;
}

/** The caller, or the answer that refuses. Wrong credentials are refused even where visitors are welcome. */
export function signIn(world: GrafanaWorld, authorization: string | undefined): Caller | HttpAnswer {
  if (authorization === undefined || authorization === '') {
    return world.allows_anonymous ? { role: 'Viewer', is_visitor: true } : refuse('Unauthorized', 'auth.unauthorized');
  }
  // Tokens and users are in the database.
  if (world.database === 'failing') return toJson(500, { message: 'Internal Server Error', traceID: randomUUID() });
  const [scheme = '', value = ''] = authorization.split(' ');
  if (/^bearer$/i.test(scheme)) return byToken(world, value);
  if (/^basic$/i.test(scheme)) return byPassword(world, Buffer.from(value, 'base64').toString());
  return refuse('Unauthorized', 'auth.unauthorized');
}

/** Whether this is somebody. */
export function isCaller(outcome: Caller | HttpAnswer): outcome is Caller {
  return 'role' in outcome;
}

function byToken({ tokens }: GrafanaWorld, text: string): Caller | HttpAnswer {
  const token = tokens.get(text);
  if (token === undefined) return refuse('Invalid API key', 'api-key.invalid');
  if (token.is_expired) return refuse('Expired API key', 'api-key.expired');
  return { role: token.role, is_visitor: false };
}

function byPassword({ users }: GrafanaWorld, text: string): Caller | HttpAnswer {
  const colon = text.indexOf(':');
  const user = users.get(text.slice(0, colon));
  if (user === undefined || user.password !== text.slice(colon + 1)) {
    return refuse('Invalid username or password', 'password-auth.failed');
  }
  return { role: user.role, is_visitor: false };
}

function refuse(message: string, messageId: string): HttpAnswer {
  return toJson(401, { message, messageId, statusCode: 401, traceID: randomUUID() });
}
