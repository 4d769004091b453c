// Whether an endpoint lives: the few requests that decide its status, each allowed to end the reading.
import { judgeNoAnswer, judgeRefusal, type Verdict as SharedVerdict } from '#core/endpoint-verdict.ts';
import { ProviderError } from '#core/errors.ts';
import type { HttpAnswer } from '#core/http.ts';
import {
  type BuildInfo,
  buildInfoSchema,
  parseData,
  parseError,
  querySchema,
  type RuntimeInfo,
  runtimeInfoSchema,
} from './answers.ts';
import { type Operation, paths } from './permissions.ts';
import { ask, type Session } from './session.ts';

/** What an endpoint can be found to be. */
export type Status = 'up' | 'starting' | 'degraded' | 'auth_required' | 'unreachable' | 'not_prometheus';

/** The status and why it is not `up`. */
export interface Verdict {
  readonly status: Status;
  readonly reason: string | null;
}

/** What was learnt on the way to the verdict; the rest was not asked, not answered or is not offered. */
export interface Vitals extends Verdict {
  readonly latencyMs?: number;
  /** The first answer's body, in which most servers name themselves. */
  readonly greeting?: string;
  readonly build?: BuildInfo | undefined;
  readonly runtime?: RuntimeInfo | undefined;
}

/** Asks what decides. A dead endpoint is a verdict; what is thrown is a stop or a bug. */
export async function readVitals(session: Session): Promise<Vitals> {
  const found: Found = {};
  try {
    const verdict = await judge(session, found);
    return { ...found, ...verdict };
  } catch (error) {
    if (!(error instanceof ProviderError) || session.context.signal.aborted) throw error;
    return { ...found, ...judgeSilence(error, found) };
  }
}

// Of one that has answered before it is known that it is there.
function judgeSilence(error: ProviderError, { latencyMs }: Found): Verdict {
  const verdict = toVerdict(judgeNoAnswer(error));
  if (latencyMs === undefined) return verdict;
  return { status: 'degraded', reason: `after its first answer: ${verdict.reason}` };
}

type Found = { -readonly [Name in keyof Vitals]?: Vitals[Name] };

async function judge(session: Session, found: Found): Promise<Verdict> {
  const healthy = await ask(session, 'Healthy');
  found.latencyMs = healthy.duration_ms;
  const refusal = toRefusal(session, 'Healthy', healthy) ?? toDead(healthy);
  if (refusal !== undefined) return refusal;
  found.greeting = healthy.body.slice(0, 200);
  const ready = await ask(session, 'Ready');
  if (healthy.status === 200 && ready.status === 503) return toNotReady(ready);
  const build = await ask(session, 'BuildInfo');
  found.build = build.status === 200 ? parseData(buildInfoSchema, build.body) : undefined;
  const runtime = await ask(session, 'RuntimeInfo');
  found.runtime = runtime.status === 200 ? parseData(runtimeInfoSchema, runtime.body) : undefined;
  return (
    toRefusal(session, 'BuildInfo', build) ??
    toRefusal(session, 'RuntimeInfo', runtime) ??
    toBroken('BuildInfo', build) ??
    (found.runtime === undefined ? await judgeByQuery(session, found) : judgeRuntime(found.runtime))
  );
}

function judgeRuntime({ reloadConfigSuccess, corruptionCount = 0 }: RuntimeInfo): Verdict {
  if (reloadConfigSuccess === false) return { status: 'degraded', reason: 'its configuration could not be reloaded' };
  if (corruptionCount > 0) return { status: 'degraded', reason: 'its storage found corruptions' };
  return { status: 'up', reason: null };
}

// Whoever has no runtime information may tell the build to anybody: only a query shows that we are let in.
async function judgeByQuery(session: Session, { build }: Found): Promise<Verdict> {
  const query = await ask(session, 'Query');
  const refusal = toRefusal(session, 'Query', query) ?? toBroken('Query', query);
  if (refusal !== undefined) return refusal;
  const isApi = parseData(querySchema, query.body) !== undefined || parseError(query.body) !== undefined;
  if (isApi || build !== undefined) return { status: 'up', reason: null };
  return { status: 'not_prometheus', reason: `${paths.Query} answers ${query.status}, and not in the API's form` };
}

/**
 * Whether the endpoint answers without credentials too: then it does not demand those it was sent. Undefined when that
 * cannot be learnt.
 */
export async function isOpen(session: Session, { runtime }: Vitals): Promise<boolean | undefined> {
  if (session.configured.auth.mode === 'none') return true;
  try {
    const answer = await ask(session, runtime === undefined ? 'Query' : 'RuntimeInfo', true);
    return answer.status === 200;
  } catch (error) {
    if (!(error instanceof ProviderError) || session.context.signal.aborted) throw error;
    return undefined;
  }
}

function toNotReady({ headers }: HttpAnswer): Verdict {
  return headers['x-prometheus-stopping'] === 'true'
    ? { status: 'degraded', reason: 'it is stopping' }
    : { status: 'starting', reason: 'it is not ready yet' };
}

function toRefusal({ configured }: Session, operation: Operation, answer: HttpAnswer): Verdict | undefined {
  const refusal = judgeRefusal(answer, { url: configured.url, path: paths[operation] });
  return refusal && toVerdict(refusal);
}

function toVerdict({ status, reason }: SharedVerdict): Verdict {
  return { status: status === 'foreign' ? 'not_prometheus' : status, reason };
}

// What stands in front of it answers in its place.
function toDead({ status }: HttpAnswer): Verdict | undefined {
  if (status !== 502 && status !== 503 && status !== 504) return undefined;
  return { status: 'unreachable', reason: `${paths.Healthy} answers ${status}` };
}

function toBroken(operation: Operation, { status }: HttpAnswer): Verdict | undefined {
  return status === 429 || (status >= 500 && status !== 501)
    ? { status: 'degraded', reason: `${paths[operation]} answers ${status}` }
    : undefined;
}
