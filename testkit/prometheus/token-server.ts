// A token endpoint for client credentials (RFC 6749 §4.4) that knows one client.
import { randomUUID } from 'node:crypto';
import { type HttpAnswer, type HttpRequest, type LoopbackServer, openLoopbackServer } from '../loopback-server.ts';
import { secretMarker } from '../secrets.ts';
import type { PrometheusWorld } from './world.ts';

/** Serves `/token` on a port of its own; what it gives out is good for the fake. */
export function openTokenServer(world: PrometheusWorld): Promise<LoopbackServer> {
  return openLoopbackServer({ port: 0 }, async (request) => ({ kind: 'send', answer: answerOf(world, request) }));
}

function answerOf({ access, tokens }: PrometheusWorld, request: HttpRequest): HttpAnswer {
  const form = new URLSearchParams(request.body.toString());
  if (request.method !== 'POST' || request.path !== '/token' || form.get('grant_type') !== 'client_credentials') {
    return toAnswer(400, { error: 'invalid_request' });
  }
  const known = access.mode === 'oauth' ? `${access.client_id}:${access.client_secret}` : '';
  if (request.headers.authorization !== `Basic ${Buffer.from(known).toString('base64')}`) {
    return toAnswer(401, { error: 'invalid_client', error_description: `not ${request.headers.authorization}` });
  }
  const token = `${secretMarker}.${randomUUID()}`;
  tokens.add(token);
  return toAnswer(200, { access_token: token, token_type: 'Bearer', expires_in: 300, scope: form.get('scope') ?? '' });
}

function toAnswer(status: number, body: unknown): HttpAnswer {
  return { status, headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) };
}
