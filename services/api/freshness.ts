// Whether a last success is as new as its budget asks: of collectors and of pruning alike.
import { z } from 'zod';

export const freshnessSchema = z.enum(['fresh', 'stale', 'never']);

/** What a last success is at this time. */
export function toFreshness(
  last_success_at: string | null,
  budgetMs: number,
  now: Date,
): z.output<typeof freshnessSchema> {
  if (last_success_at === null) return 'never';
  return now.getTime() - Date.parse(last_success_at) > budgetMs ? 'stale' : 'fresh';
}
