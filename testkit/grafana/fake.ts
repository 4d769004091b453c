// The strict fake of a Grafana: one server on loopback, at the root or below a path, with or without TLS.
import { randomUUID } from 'node:crypto';
import type { Certificate } from '../certificate.ts';
import { answerOverHttp, breakOff, meetFaults } from '../effects.ts';
import { createFaults } from '../faults.ts';
import { type HttpAnswer, type HttpOutcome, type HttpRequest, openLoopbackServer } from '../loopback-server.ts';
import { assertAsPlanned, keepMistakes } from '../mistakes.ts';
import { secretMarker } from '../secrets.ts';
import { type ApiContext, answerOf, operations } from './api.ts';
import type { FaultEffect, Faults } from './faults.ts';
import type { LoggedRequest } from './request-log.ts';
import { createWorld, type GrafanaWorld, type Token } from './world.ts';

/** What the fake starts with. */
export interface GrafanaFakeOptions {
  /** Below which path it serves, such as `/grafana`: `serve_from_sub_path`. */
  readonly path_prefix?: string;
  readonly certificate?: Certificate;
  readonly port?: number;
  /** The time in milliseconds by which the health of the database is looked at again. */
  readonly now?: () => number;
}

/** A running fake. */
export interface GrafanaFake {
  /** With the path prefix. */
  readonly url: string;
  readonly world: GrafanaWorld;
  readonly faults: Faults;
  readonly requests: readonly LoggedRequest[];
  /** Makes a service account's token. */
  addToken(token: Token): string;
  /** Throws when something unknown was asked, or when a planned fault never happened. */
  assertNoUnexpected(): void;
  close(): Promise<void>;
}

interface Context extends ApiContext {
  readonly faults: Faults;
  readonly requests: LoggedRequest[];
  readonly unexpected: string[];
  readonly closing: AbortSignal;
}

/** Starts the fake on 127.0.0.1. */
export async function openGrafanaFake(options: GrafanaFakeOptions = {}): Promise<GrafanaFake> {
  const { path_prefix: prefix = '', certificate, port = 0, now = Date.now } = options;
  const closing = new AbortController();
  const faults: Faults = createFaults();
  const world = createWorld();
  const isDatabaseWell = createHealthCache(world, now);
  const context: Context = {
    ...{ world, faults, prefix, isDatabaseWell, closing: closing.signal },
    requests: [],
    unexpected: [],
  };
  const listening = { port, ...(certificate && { certificate }) };
  const server = await openLoopbackServer(listening, (request) => keepMistakes(context, handle(context, request)));
  return {
    url: server.url + prefix,
    world,
    faults,
    requests: context.requests,
    addToken: (token) => {
      const text = `glsa_${secretMarker}${randomUUID().replaceAll('-', '')}`;
      world.tokens.set(text, token);
      return text;
    },
    assertNoUnexpected: () => assertAsPlanned('Grafana', context),
    close: async () => {
      closing.abort();
      await server.close();
    },
  };
}

const cacheMs = 5000;

// Well or not, what was found is told for five seconds.
function createHealthCache(world: GrafanaWorld, now: () => number): () => boolean {
  let found = { isWell: true, until: Number.NEGATIVE_INFINITY };
  return () => {
    if (now() >= found.until) found = { isWell: world.database === 'ok', until: now() + cacheMs };
    return found.isWell;
  };
}

async function handle(context: Context, request: HttpRequest): Promise<HttpOutcome> {
  const { unexpected, prefix } = context;
  const { authorization } = request.headers;
  const { pathname } = new URL(request.path, 'http://fake');
  const operation = pathname.startsWith(prefix) ? (operations[pathname.slice(prefix.length) || '/'] ?? null) : null;
  if (operation === null || request.method !== 'GET') unexpected.push(`${request.method} ${request.path}`);
  const entry: LoggedRequest = {
    operation,
    method: request.method,
    path: request.path,
    has_credentials: authorization !== undefined,
    page: 1,
    http_status: null,
    faults: [],
  };
  context.requests.push(entry);
  const effects = await meetFaults(context, entry);
  return await answerOverHttp(effects, () => {
    const answer = spoil(answerOf(context, operation, authorization), effects);
    entry.http_status = answer.status;
    return answer;
  });
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
