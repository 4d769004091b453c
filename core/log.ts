// The logger: one JSON line per event, with the trace id, and no secret in it.
import pino, { type DestinationStream } from 'pino';
import type { Json } from './json.ts';
import { describeError, redactJson } from './redact.ts';

export type Logger = pino.Logger;

/** From all to nothing. */
export const logLevels: readonly string[] = ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'];

export interface LogOptions {
  /** One of `logLevels`. */
  readonly level: string;
  /** Where lines go; standard error when absent, for standard output belongs to a command's answer. */
  readonly destination?: DestinationStream;
}

/** A pino logger with level words, ISO times, errors as their redacted cause chain, and every line redacted. */
export function createLogger(options: LogOptions): Logger {
  const destination = options.destination ?? openStandardError();
  return pino(
    {
      level: options.level,
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: { err: serializeError },
    },
    { write: (line: string) => destination.write(redactLine(line)) },
  );
}

// Lines kept for a disk that is full; further ones are lost. More than one line has, whatever number of scopes a run sums up.
const maxUnwrittenBytes = 10_000_000;

// What nobody can read must not end the work that it tells of.
function openStandardError(): DestinationStream {
  const stream = pino.destination({ dest: 2, sync: true, maxLength: maxUnwrittenBytes });
  stream.on('error', () => undefined);
  return stream;
}

// As a value, not as text: a secret is found however it was escaped, and what is left is JSON.
function redactLine(line: string): string {
  const event: Json = JSON.parse(line);
  return `${JSON.stringify(redactJson(event))}\n`;
}

// The stack names only our own files and functions; its first line repeats the message and is left out.
function serializeError(error: unknown): Record<string, unknown> {
  if (!(error instanceof Error)) return { message: describeError(error) };
  const code = 'code' in error ? error.code : undefined;
  const frames = (error.stack ?? '').split('\n').filter((line) => /^\s+at /.test(line));
  return { type: error.name, code, message: describeError(error), stack: frames.map((line) => line.trim()) };
}
