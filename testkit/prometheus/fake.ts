// The strict fake of a monitoring endpoint: one server of one flavour on loopback, with or without TLS, credentials and a tenant.
import type { Certificate } from '../certificate.ts';
import { answerOverHttp, breakOff, meetFaults } from '../effects.ts';
import { createFaults } from '../faults.ts';
import { type HttpAnswer, type HttpOutcome, type HttpRequest, openLoopbackServer } from '../loopback-server.ts';
import { assertAsPlanned, keepMistakes } from '../mistakes.ts';
import type { FaultEffect, Faults } from './faults.ts';
import { answerOf, operations } from './flavours.ts';
import type { LoggedRequest } from './request-log.ts';
import { openTokenServer } from './token-server.ts';
import { createWorld, type PlayedFlavour, type PrometheusWorld } from './world.ts';

/** What the fake starts with. */
export interface PrometheusFakeOptions {
  readonly flavour?: PlayedFlavour;
  /** Below which path it serves, such as `/prometheus`. */
  readonly path_prefix?: string;
  readonly certificate?: Certificate;
  readonly port?: number;
}

/** A running fake. */
export interface PrometheusFake {
  /** With the path prefix. */
  readonly url: string;
  /** Where tokens are asked for when `world.access` is `oauth`. */
  readonly token_url: string;
  readonly world: PrometheusWorld;
  readonly faults: Faults;
  readonly requests: readonly LoggedRequest[];
  /** Throws when something unknown was asked, or when a planned fault never happened. */
  assertNoUnexpected(): void;
  close(): Promise<void>;
}

interface Context {
  readonly world: PrometheusWorld;
  readonly faults: Faults;
  readonly requests: LoggedRequest[];
  readonly unexpected: string[];
  readonly closing: AbortSignal;
  readonly prefix: string;
}

/** Starts the fake on 127.0.0.1. */
export async function openPrometheusFake(options: PrometheusFakeOptions = {}): Promise<PrometheusFake> {
  const { flavour = 'prometheus-2', path_prefix: prefix = '', certificate, port = 0 } = options;
  const closing = new AbortController();
  const faults: Faults = createFaults();
  const world = createWorld(flavour);
  const context: Context = { world, faults, requests: [], unexpected: [], closing: closing.signal, prefix };
  const listening = { port, ...(certificate && { certificate }) };
  const server = await openLoopbackServer(listening, (request) => keepMistakes(context, handle(context, request)));
  const tokens = await openTokenServer(world);
  return {
    url: server.url + prefix,
    token_url: `${tokens.url}/token`,
    world,
    faults,
    requests: context.requests,
    assertNoUnexpected: () => assertAsPlanned('Prometheus', context),
    close: async () => {
      closing.abort();
      await Promise.all([server.close(), tokens.close()]);
    },
  };
}

async function handle(context: Context, request: HttpRequest): Promise<HttpOutcome> {
  const { world, unexpected, prefix } = context;
  const { pathname } = new URL(request.path, 'http://fake');
  const operation = pathname.startsWith(prefix) ? (operations[pathname.slice(prefix.length)] ?? null) : null;
  if (operation === null || request.method !== 'GET') unexpected.push(`${request.method} ${request.path}`);
  const entry: LoggedRequest = {
    operation,
    method: request.method,
    path: request.path,
    tenant: readHeader(request, 'x-scope-orgid'),
    has_credentials: request.headers.authorization !== undefined,
    page: 1,
    http_status: null,
    faults: [],
  };
  context.requests.push(entry);
  const effects = await meetFaults(context, entry);
  return await answerOverHttp(effects, () => {
    const answer = spoil(toAnswer(world, operation, request), effects);
    entry.http_status = answer.status;
    return answer;
  });
}

function toAnswer(world: PrometheusWorld, operation: string | null, request: HttpRequest): HttpAnswer {
  const refused = { headers: { 'www-authenticate': 'Basic', 'content-type': 'text/plain' }, body: 'Unauthorized\n' };
  if (!isLetIn(world, request.headers.authorization)) return { status: 401, ...refused };
  // Mimir and Cortex tell their build to anybody; data is somebody's.
  const needsTenant = world.tenant !== null && operation !== 'BuildInfo';
  if (needsTenant && readHeader(request, 'x-scope-orgid') !== world.tenant) {
    return { status: 401, headers: { 'content-type': 'text/plain' }, body: 'no org id\n' };
  }
  return answerOf(world, operation ?? '');
}

function isLetIn({ access, tokens }: PrometheusWorld, authorization: string | undefined): boolean {
  switch (access.mode) {
    case 'none':
      return true;
    case 'basic':
      return authorization === `Basic ${Buffer.from(`${access.username}:${access.password}`).toString('base64')}`;
    case 'token':
      return authorization === `Bearer ${access.token}`;
    case 'oauth':
      return tokens.has(authorization?.replace(/^Bearer /, '') ?? '');
  }
}

function spoil(answer: HttpAnswer, effects: readonly FaultEffect[]): HttpAnswer {
  let spoilt = { ...answer, body: breakOff(answer.body, effects) };
  for (const effect of effects) {
    if (effect.kind === 'raw') {
      const headers = { 'content-type': effect.content_type ?? 'text/html' };
      spoilt = { status: effect.status, headers, body: effect.body };
    }
    if (effect.kind === 'redirect') {
      spoilt = { status: effect.status ?? 302, headers: { location: effect.location }, body: '' };
    }
    if (effect.kind === 'large') spoilt = { ...answer, body: ' '.repeat(effect.bytes) };
  }
  return spoilt;
}

function readHeader({ headers }: HttpRequest, name: string): string | null {
  const value = headers[name];
  return typeof value === 'string' ? value : null;
}
