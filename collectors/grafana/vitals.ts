// Whether a Grafana lives and lets us in: the two requests that decide its status.
import { judgeNoAnswer, judgeRefusal, type Verdict as SharedVerdict } from '#core/endpoint-verdict.ts';
import { ProviderError } from '#core/errors.ts';
import type { HttpAnswer } from '#core/http.ts';
import { redactText } from '#core/redact.ts';
import { type Health, healthSchema, type Org, orgSchema, parseAnswer } from './answers.ts';
import { type Operation, paths } from './permissions.ts';
import { ask, type Session } from './session.ts';

/** What a Grafana can be found to be; it listens only when it has started, so `starting` is not among it. */
export type Status = 'up' | 'degraded' | 'auth_required' | 'unreachable' | 'not_grafana';

/** The status and why it is not `up`. */
export interface Verdict {
  readonly status: Status;
  readonly reason: string | null;
}

/** What was learnt on the way to the verdict. */
export interface Vitals extends Verdict {
  readonly latencyMs?: number;
  readonly health?: Health;
  readonly org?: Org;
}

type Found = { -readonly [Name in keyof Vitals]?: Vitals[Name] };

/** Asks what decides. A dead Grafana is a verdict; what is thrown is a stop or a bug. */
export async function readVitals(session: Session): Promise<Vitals> {
  const found: Found = {};
  const verdict = (await judgeHealth(session, found)) ?? (await judgeAccess(session, found));
  return { ...found, ...verdict };
}

// Undefined when it is well. Told to anybody, so it proves nothing about the credentials.
async function judgeHealth(session: Session, found: Found): Promise<Verdict | undefined> {
  const answer = await askOrJudge(session, 'Health');
  if ('reason' in answer) return answer;
  found.latencyMs = answer.duration_ms;
  const refusal = toRefusal(session, 'Health', answer);
  if (refusal !== undefined) return refusal;
  const health = parseAnswer(healthSchema, answer.body);
  if (health === undefined) return judgeStranger(answer);
  found.health = health;
  return health.database === 'ok'
    ? undefined
    : { status: 'degraded', reason: `its database is ${redactText(health.database)}` };
}

// Only an organization that is told proves that the credentials are good.
async function judgeAccess(session: Session, found: Found): Promise<Verdict> {
  const answer = await askOrJudge(session, 'Org');
  // Its health it has told: it is there.
  if ('reason' in answer) return { status: 'degraded', reason: `${paths.Org}: ${answer.reason}` };
  const refusal = toRefusal(session, 'Org', answer);
  if (refusal !== undefined) return refusal;
  const org = answer.status === 200 ? parseAnswer(orgSchema, answer.body) : undefined;
  if (org !== undefined) {
    found.org = org;
    return { status: 'up', reason: null };
  }
  const reason = `${paths.Org} answers ${answer.status}`;
  if (isTrouble(answer)) return { status: 'degraded', reason };
  return { status: 'not_grafana', reason: `${reason}, and not as Grafana does` };
}

async function askOrJudge(session: Session, operation: Operation): Promise<HttpAnswer | Verdict> {
  try {
    return await ask(session, operation);
  } catch (error) {
    if (!(error instanceof ProviderError) || session.context.signal.aborted) throw error;
    return toVerdict(judgeNoAnswer(error));
  }
}

function toRefusal({ configured }: Session, operation: Operation, answer: HttpAnswer): Verdict | undefined {
  const refusal = judgeRefusal(answer, { url: configured.url, path: paths[operation] });
  if (refusal === undefined) return undefined;
  const { status, reason } = toVerdict(refusal);
  const hasNone = answer.status === 401 && configured.auth.mode === 'none';
  return { status, reason: hasNone ? `${reason}, and there is no token to show` : reason };
}

function toVerdict({ status, reason }: SharedVerdict): { readonly status: Status; readonly reason: string } {
  return { status: status === 'foreign' ? 'not_grafana' : status, reason };
}

// An answer in its place: of a gateway that cannot reach it, or of something else altogether.
function judgeStranger(answer: HttpAnswer): Verdict {
  const reason = `${paths.Health} answers ${answer.status}`;
  if (answer.status === 502 || answer.status === 503 || answer.status === 504) return { status: 'unreachable', reason };
  if (isTrouble(answer)) return { status: 'degraded', reason };
  return { status: 'not_grafana', reason: `${reason}, and not as Grafana does` };
}

function isTrouble({ status }: HttpAnswer): boolean {
  return status === 429 || status >= 500;
}
