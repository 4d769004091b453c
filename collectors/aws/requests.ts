// One request to AWS at a time: sends it, keeps its evidence, renews an expired session once, words the refusal.

import { AsyncLocalStorage } from 'node:async_hooks';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import organizationsPackage from '@aws-sdk/client-organizations/package.json' with { type: 'json' };
import taggingPackage from '@aws-sdk/client-resource-groups-tagging-api/package.json' with { type: 'json' };
import stsPackage from '@aws-sdk/client-sts/package.json' with { type: 'json' };
import { z } from 'zod';
import { parseJson } from '#core/json.ts';
import type { Request } from '#core/provenance.ts';
import { isProviderError, toProviderError } from './errors.ts';

/** The SDK that speaks to each service, as evidence names it. */
export const sdkOf = {
  organizations: `${organizationsPackage.name}@${organizationsPackage.version}`,
  sts: `${stsPackage.name}@${stsPackage.version}`,
  tag: `${taggingPackage.name}@${taggingPackage.version}`,
} as const;

type Service = keyof typeof sdkOf;

// What all SDK clients have in common and this file needs; their command types are too narrow to be handed on.
interface Client<Args, Result> {
  readonly middlewareStack: {
    add(
      middleware: (next: (args: Args) => Promise<Result>) => (args: Args) => Promise<Result>,
      options: { step: 'deserialize'; priority: 'low'; name: string },
    ): void;
  };
}

interface Keys {
  readonly accessKeyId: string;
}

/** What is asked: the operation, which is also the IAM action, and the client whose session may be renewed for it. */
export interface Question {
  readonly operation: `${Service}:${string}`;
  readonly client?: { readonly config: { credentials(options?: { forceRefresh: boolean }): Promise<Keys> } };
  /** Which page of its listing, from 1. */
  readonly page?: number;
}

/** The SDK's output, the JSON body it was made from (undefined for XML), and the evidence. */
export interface Answer<Output> {
  readonly output: Output;
  readonly body: unknown;
  readonly request: Request;
}

/** Sends the requests of one scope. */
export interface Requester {
  /** Must be called once for every client that is used in `ask`. */
  watch<Args extends { request: unknown }, Result extends { response: unknown }>(client: Client<Args, Result>): void;
  ask<Output>(
    question: Question,
    send: (options: { abortSignal: AbortSignal }) => Promise<Output>,
  ): Promise<Answer<Output>>;
  /** Says whose credentials they are, for the evidence of later requests. */
  setPrincipal(arn: string): void;
}

// What passed over the wire during the last attempt of a request.
interface Wire {
  endpoint?: string;
  payload?: Buffer;
}

// What is known of a request once it has ended; `thing` is the SDK's output or what it threw.
interface Seen {
  readonly wire: Wire;
  readonly thing: unknown;
  readonly body: unknown;
  readonly principal: string | null;
}

const serviceSchema = z.enum(['organizations', 'sts', 'tag']);
const bodySchema = z.instanceof(Readable);
const urlSchema = z.object({ protocol: z.string(), hostname: z.string(), port: z.number().nullish() });
const metadataSchema = z.object({
  $metadata: z.object({
    requestId: z.string().optional(),
    httpStatusCode: z.number().optional(),
    attempts: z.number().optional(),
    totalRetryDelay: z.number().optional(),
  }),
});

/** How requests are sent. */
export interface RequesterOptions {
  readonly signal: AbortSignal;
  readonly fetched: (request: Request) => void;
  /** How long one answer may take once it has begun: the SDK's own limit ends with its headers. */
  readonly bodyTimeoutMs?: number;
}

/** A requester that reports every request, failed ones too, to `fetched`. */
export function createRequester({ signal, fetched, bodyTimeoutMs = 20_000 }: RequesterOptions): Requester {
  // The SDK hands neither the body nor the endpoint back, and its commands cannot carry them.
  const wires = new AsyncLocalStorage<Wire>();
  let principal: string | null = null;

  const record = (question: Question, seen: Pick<Seen, 'wire' | 'thing' | 'body'>): Request => {
    const request = toRequest(question, { ...seen, principal });
    fetched(request);
    return request;
  };
  const exchange: Requester['ask'] = async (question, send) => {
    const wire: Wire = {};
    try {
      const output = await wires.run(wire, () => send({ abortSignal: signal }));
      const body = parsePayload(wire.payload);
      return { output, body, request: record(question, { wire, thing: output, body }) };
    } catch (error) {
      // Without an endpoint nothing was sent: the credentials for it could not be had.
      if (wire.endpoint !== undefined) record(question, { wire, thing: error, body: undefined });
      if (signal.aborted) throw signal.reason;
      throw toProviderError(error, question.operation, principal);
    }
  };

  // What the new session needs, such as a token's file, may be gone by now.
  const renew = async ({ operation, client }: Question) => {
    try {
      return await isRenewed(client);
    } catch (error) {
      if (signal.aborted) throw signal.reason;
      throw toProviderError(error, operation, principal);
    }
  };

  return {
    watch(client) {
      const options = { step: 'deserialize', priority: 'low', name: 'evidence' } as const;
      client.middlewareStack.add(
        (next) => (args) => tap(next, args, { wire: wires.getStore(), bodyTimeoutMs }),
        options,
      );
    },
    async ask(question, send) {
      try {
        return await exchange(question, send);
      } catch (error) {
        if (!isProviderError(error, 'session_expired') || !(await renew(question))) throw error;
        return exchange(question, send);
      }
    },
    setPrincipal(arn) {
      principal = arn;
    },
  };
}

async function tap<Args extends { request: unknown }, Result extends { response: unknown }>(
  next: (args: Args) => Promise<Result>,
  args: Args,
  { wire, bodyTimeoutMs }: { readonly wire: Wire | undefined; readonly bodyTimeoutMs: number },
): Promise<Result> {
  if (wire === undefined) return next(args);
  wire.endpoint = toOrigin(args.request);
  delete wire.payload;
  const result = await next(args);
  const { response } = result;
  if (typeof response === 'object' && response !== null && 'body' in response) {
    wire.payload = await readBody(bodySchema.parse(response.body), bodyTimeoutMs);
    response.body = Readable.from([wire.payload]);
  }
  return result;
}

// By this name the SDK knows that asking again may help.
async function readBody(body: Readable, timeoutMs: number): Promise<Buffer> {
  const timeout = Object.assign(new Error(`the answer began and did not end within ${timeoutMs} ms`), {
    name: 'TimeoutError',
  });
  const timer = setTimeout(() => body.destroy(timeout), timeoutMs);
  try {
    return Buffer.concat(await Array.fromAsync(body));
  } finally {
    clearTimeout(timer);
  }
}

// Sessions end before their time when they are revoked or clocks differ; the SDK itself renews by the clock alone.
async function isRenewed(client: Question['client']): Promise<boolean> {
  if (client === undefined) return false;
  const before = await client.config.credentials();
  const after = await client.config.credentials({ forceRefresh: true });
  return after.accessKeyId !== before.accessKeyId;
}

function toRequest(question: Question, seen: Seen): Request {
  const { requestId, httpStatusCode, attempts, totalRetryDelay } =
    metadataSchema.safeParse(seen.thing).data?.$metadata ?? {};
  const { endpoint, payload } = seen.wire;
  const isError = seen.thing instanceof Error;
  return {
    operation: question.operation,
    endpoint: endpoint ?? 'unknown',
    page: question.page ?? 1,
    request_ids: requestId === undefined ? [] : [requestId],
    attempts: attempts ?? 1,
    retry_delay_ms: Math.round(totalRetryDelay ?? 0),
    http_status: httpStatusCode ?? null,
    items: isError ? 0 : countItems(seen.body),
    sha256: payload === undefined ? null : createHash('sha256').update(payload).digest('hex'),
    sdk: sdkOf[serviceSchema.parse(question.operation.split(':')[0])],
    principal: seen.principal,
  };
}

// A list's answer has one array; every other answer is one item.
function countItems(body: unknown): number {
  if (typeof body !== 'object' || body === null) return 1;
  return Object.values(body).find((member): member is unknown[] => Array.isArray(member))?.length ?? 1;
}

function toOrigin(request: unknown): string {
  const { protocol, hostname, port } = urlSchema.parse(request);
  return new URL(`${protocol}//${hostname}${port ? `:${port}` : ''}`).origin;
}

function parsePayload(payload: Buffer | undefined): unknown {
  // STS answers in XML.
  return payload === undefined ? undefined : parseJson(payload.toString('utf8'));
}
