// What else a Grafana that lets us in tells: its build and its data sources.
import type { z } from 'zod';
import { ProviderError } from '#core/errors.ts';
import { type Build, datasourcesSchema, parseAnswer, settingsSchema, type WireDatasource } from './answers.ts';
import { type Operation, paths } from './permissions.ts';
import { ask, type Session } from './session.ts';

/** What was read; what is undefined was not. */
export interface Details {
  readonly build: Build | undefined;
  readonly datasources: readonly WireDatasource[] | undefined;
}

/** Reads both. What is refused or fails is named by `skip` and left out. */
export async function readDetails(session: Session): Promise<Details> {
  const build = await read(session, 'FrontendSettings', settingsSchema);
  const datasources = await read(session, 'Datasources', datasourcesSchema);
  return { build, datasources };
}

async function read<Schema extends z.ZodType>(
  session: Session,
  operation: Operation,
  schema: Schema,
): Promise<z.output<Schema> | undefined> {
  const path = paths[operation];
  try {
    const { status, body } = await ask(session, operation);
    const found = status === 200 ? parseAnswer(schema, body) : undefined;
    if (found !== undefined) return found;
    throw toProblem(path, status);
  } catch (error) {
    if (!(error instanceof ProviderError) || session.context.signal.aborted) throw error;
    session.context.skip({ what: path }, error);
    return undefined;
  }
}

function toProblem(path: string, status: number): ProviderError {
  if (status === 200) return new ProviderError('malformed_answer', `${path} answers in no known form`);
  if (status !== 401 && status !== 403) {
    return new ProviderError('unexpected_status', `${path} answers ${status}`, { status });
  }
  const remedy = `${path} answers ${status}: give the service account the role Viewer (see \`inventory permissions grafana\`)`;
  return new ProviderError('access_denied', remedy, { status });
}
