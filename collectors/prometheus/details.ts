// What else a living endpoint tells: its configuration and peers as details, its numbers as measures.

import { toPlainUrl } from '#core/endpoint-url.ts';
import { ProviderError } from '#core/errors.ts';
import type { HttpAnswer } from '#core/http.ts';
import type { JsonObject } from '#core/json.ts';
import {
  alertmanagersSchema,
  configAnswerSchema,
  parseData,
  rulesSchema,
  targetsSchema,
  tsdbSchema,
} from './answers.ts';
import { type Operation, paths } from './permissions.ts';
import { parseServerConfig } from './server-config.ts';
import { ask, type Session } from './session.ts';

/** Content, and numbers that always move and are therefore none. */
export interface Details {
  readonly details: JsonObject;
  readonly measures: Readonly<Record<string, number>>;
}

// Undefined when the answer is not in the API's form.
type Read = (body: string) => Partial<Details> | undefined;

const readers: readonly (readonly [Operation, Read])[] = [
  ['Tsdb', readSeries],
  ['Targets', countTargets],
  ['Alertmanagers', readAlertmanagers],
  ['Rules', countRules],
  ['Config', readServerConfig],
];

/**
 * Reads what the server offers and lets us read. What is refused or fails is named by `skip` and left out; after a request
 * without an answer the rest is not asked for.
 */
export async function readDetails(session: Session): Promise<Details> {
  const details: JsonObject = {};
  const measures: Record<string, number> = {};
  let isGone = false;
  for (const [operation, read] of readers) {
    if (isGone) {
      skip(session, operation, new ProviderError('unreachable', 'not asked for after a request without an answer'));
      continue;
    }
    try {
      const found = toFound(operation, await ask(session, operation), read);
      Object.assign(details, found.details);
      Object.assign(measures, found.measures);
    } catch (error) {
      if (!(error instanceof ProviderError) || session.context.signal.aborted) throw error;
      skip(session, operation, error);
      isGone = error.code === 'unreachable' || error.code === 'timeout';
    }
  }
  return { details, measures };
}

function skip({ context }: Session, operation: Operation, cause: ProviderError): void {
  context.skip({ what: paths[operation] }, cause);
}

// 404 and its like are how a flavour says that it does not offer this; there is nothing to skip then.
function toFound(operation: Operation, { status, body }: HttpAnswer, read: Read): Partial<Details> {
  if (status === 200) {
    const found = read(body);
    if (found !== undefined) return found;
    throw new ProviderError('malformed_answer', `${paths[operation]} answers in no known form`);
  }
  if (status === 401 || status === 403) {
    throw new ProviderError(
      'access_denied',
      `allow GET ${paths[operation]} (see \`inventory permissions prometheus\`)`,
      {
        status,
      },
    );
  }
  if (status === 429 || (status >= 500 && status !== 501)) {
    throw new ProviderError('unexpected_status', `${paths[operation]} answers ${status}`, { status });
  }
  return {};
}

function readSeries(body: string): Partial<Details> | undefined {
  const series = parseData(tsdbSchema, body);
  return series === undefined ? undefined : { measures: { series } };
}

function countTargets(body: string): Partial<Details> | undefined {
  const data = parseData(targetsSchema, body);
  if (data === undefined) return undefined;
  const counts = { targets_up: 0, targets_down: 0, targets_unknown: 0 };
  for (const { health } of data.activeTargets ?? []) {
    counts[health === 'up' ? 'targets_up' : health === 'down' ? 'targets_down' : 'targets_unknown'] += 1;
  }
  return { measures: counts };
}

function readAlertmanagers(body: string): Partial<Details> | undefined {
  const data = parseData(alertmanagersSchema, body);
  if (data === undefined) return undefined;
  // The path of its API is no part of where it is.
  const urls = (data.activeAlertmanagers ?? []).flatMap(
    ({ url }) => toPlainUrl(url)?.replace(/\/api\/v\d\/alerts$/, '') ?? [],
  );
  return { details: { alertmanagers: [...new Set(urls)].sort() } };
}

function countRules(body: string): Partial<Details> | undefined {
  const groups = parseData(rulesSchema, body)?.groups;
  if (groups === undefined) return undefined;
  const types = (groups ?? []).flatMap(({ rules }) => (rules ?? []).map(({ type }) => type));
  const count = (wanted: string) => types.filter((type) => type === wanted).length;
  const rules = { groups: groups?.length ?? 0, alerting: count('alerting'), recording: count('recording') };
  return { details: { rules } };
}

function readServerConfig(body: string): Partial<Details> | undefined {
  const data = parseData(configAnswerSchema, body);
  if (data === undefined) return undefined;
  try {
    // Spread into plain JSON: the type of the parts is narrower.
    const { external_labels, remote_write, remote_read, service_discovery, discovers_in, scrape_jobs } =
      parseServerConfig(data.yaml);
    return {
      details: {
        external_labels: { ...external_labels },
        remote_write: [...remote_write],
        remote_read: [...remote_read],
        service_discovery: [...service_discovery],
        discovers_in: [...discovers_in],
        scrape_jobs,
      },
    };
  } catch {
    // The parser's message would repeat parts of the configuration.
    return undefined;
  }
}
