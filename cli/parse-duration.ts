// A length of time that an option gives.
import { durationSchema, parsePart } from '#core/config.ts';
import { ConfigError, type ConfigProblem } from '#core/errors.ts';

const someSchema = durationSchema.refine((ms) => ms > 0, 'must be more than 0');

/** Milliseconds, not 0 unless it may be. Throws ConfigError that names the option. */
export function parseDuration(option: string, text: string, { canBeZero = false } = {}): number {
  const problems: ConfigProblem[] = [];
  const durationMs = parsePart(canBeZero ? durationSchema : someSchema, text, option, problems);
  if (durationMs === undefined) throw new ConfigError('bad_option', problems);
  return durationMs;
}
