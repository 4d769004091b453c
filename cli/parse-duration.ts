// A length of time that an option gives.
import { durationSchema, parsePart } from '#core/config.ts';
import { ConfigError, type ConfigProblem } from '#core/errors.ts';

/** Milliseconds. Throws ConfigError that names the option. */
export function parseDuration(option: string, text: string): number {
  const problems: ConfigProblem[] = [];
  const durationMs = parsePart(durationSchema, text, option, problems);
  if (durationMs === undefined) throw new ConfigError('bad_option', problems);
  return durationMs;
}
