// What else a living endpoint tells: its configuration and peers as details, its numbers as measures.
import { toToldUrl } from '#core/endpoint-url.ts';
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
import { parseServerConfig, type ServerConfig } from './server-config.ts';
import { ask, type Session } from './session.ts';

/** Whom the server knows; what is undefined was not read, or is not offered. */
export interface Peers {
  readonly server?: ServerConfig;
  readonly alertmanagers?: readonly string[];
}

/** Content, numbers that always move and are therefore none, and peers. */
export interface Details extends Peers {
  readonly details: JsonObject;
  readonly measures: Readonly<Record<string, number>>;
  /** Neither refused nor failed: a peer that is not told is none. */
  readonly arePeersKnown: boolean;
  /** A request got no answer, and nothing more is to be asked. */
  readonly isGone: boolean;
}

/** Of an endpoint that is not asked for more. */
export const noDetails: Details = { details: {}, measures: {}, arePeersKnown: false, isGone: false };

type Found = Partial<Pick<Details, 'details' | 'measures' | keyof Peers>>;

// Undefined when the answer is not in the API's form.
type Read = (body: string) => Found | undefined | Promise<Found | undefined>;

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
  let all = { ...noDetails, arePeersKnown: true };
  for (const [operation, read] of readers) {
    const found = all.isGone ? notAsked : await readOne(session, operation, read);
    if (found instanceof ProviderError) {
      session.context.skip({ what: paths[operation] }, found);
      const isPeers = operation === 'Alertmanagers' || operation === 'Config';
      all = { ...all, arePeersKnown: all.arePeersKnown && !isPeers, isGone: all.isGone || isSilence(found) };
    } else {
      const { details, measures, ...peers } = found;
      all = { ...all, ...peers, details: { ...all.details, ...details }, measures: { ...all.measures, ...measures } };
    }
  }
  return all;
}

const notAsked = new ProviderError('unreachable', 'not asked for after a request without an answer');

function isSilence({ code }: ProviderError): boolean {
  return code === 'unreachable' || code === 'timeout';
}

async function readOne(session: Session, operation: Operation, read: Read): Promise<Found | ProviderError> {
  try {
    return await toFound(operation, await ask(session, operation), read);
  } catch (error) {
    if (!(error instanceof ProviderError) || session.context.signal.aborted) throw error;
    return error;
  }
}

// 404 and its like are how a flavour says that it does not offer this; there is nothing to skip then.
async function toFound(operation: Operation, { status, body }: HttpAnswer, read: Read): Promise<Found> {
  const path = paths[operation];
  if (status === 200) {
    const found = await read(body);
    if (found !== undefined) return found;
    throw new ProviderError('malformed_answer', `${path} answers in no known form`);
  }
  if (status === 401 || status === 403) {
    const remedy = `${path} answers ${status}: let GET ${path} pass (see \`inventory permissions prometheus\`)`;
    throw new ProviderError('access_denied', remedy, { status });
  }
  if (status === 429 || (status >= 500 && status !== 501)) {
    throw new ProviderError('unexpected_status', `${path} answers ${status}`, { status });
  }
  return {};
}

function readSeries(body: string): Found | undefined {
  const series = parseData(tsdbSchema, body);
  return series === undefined ? undefined : { measures: { series } };
}

function countTargets(body: string): Found | undefined {
  const data = parseData(targetsSchema, body);
  if (data === undefined) return undefined;
  const measures = { targets_up: 0, targets_down: 0, targets_unknown: 0 };
  for (const { health } of data.activeTargets ?? []) {
    measures[health === 'up' ? 'targets_up' : health === 'down' ? 'targets_down' : 'targets_unknown'] += 1;
  }
  return { measures };
}

function readAlertmanagers(body: string): Found | undefined {
  const data = parseData(alertmanagersSchema, body);
  if (data === undefined) return undefined;
  // The path of its API is no part of where it is.
  const urls = (data.activeAlertmanagers ?? []).flatMap(
    ({ url }) => toToldUrl(url)?.replace(/\/api\/v\d\/alerts$/, '') ?? [],
  );
  const alertmanagers = [...new Set(urls)].sort();
  return { details: { alertmanagers }, alertmanagers };
}

function countRules(body: string): Found | undefined {
  const data = parseData(rulesSchema, body);
  if (data === undefined) return undefined;
  const groups = data.groups ?? [];
  const types = groups.flatMap(({ rules }) => (rules ?? []).map(({ type }) => type));
  const count = (wanted: string) => types.filter((type) => type === wanted).length;
  return {
    details: { rules: { groups: groups.length, alerting: count('alerting'), recording: count('recording') } },
  };
}

async function readServerConfig(body: string): Promise<Found | undefined> {
  const data = parseData(configAnswerSchema, body);
  if (data === undefined) return undefined;
  try {
    const server = await parseServerConfig(data.yaml);
    const { external_labels, remote_write, remote_read, service_discovery, discovers_in, scrape_jobs } = server;
    const details = {
      ...{ external_labels: { ...external_labels }, remote_write: [...remote_write], remote_read: [...remote_read] },
      ...{ service_discovery: [...service_discovery], discovers_in: [...discovers_in], scrape_jobs },
    };
    return { details, server };
  } catch {
    // The parser's message would repeat parts of the configuration.
    return undefined;
  }
}
