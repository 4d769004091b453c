// Lists of what is below a node: what its name stands for is looked up with the page, in one round trip.
import { resolveUnder, toUnder, type Under } from './conditions.ts';
import type { Statement } from './dialect.ts';
import type { QueryAll, ReadRow } from './rows.ts';

/** Names that are remembered; of more, those that were asked for the longest ago are forgotten. */
const maxNames = 1000;

/** Runs the list of what is below whatever `under` names. */
export type QueryUnder = (
  asked: { readonly tenant_id: string; readonly under: string },
  list: (under: Under) => Statement,
) => Promise<readonly ReadRow[]>;

/**
 * The planner has to know the nodes to choose a plan, so the list is asked for with those that the name stood for the last
 * time, beside the question which they are. Only when they have become others is it asked for again.
 */
export function createQueryUnder(queryAll: QueryAll): QueryUnder {
  const last = new Map<string, Under>();

  function remember(name: string, under: Under): void {
    last.delete(name);
    last.set(name, under);
    const [oldest] = last.keys();
    if (last.size > maxNames && oldest !== undefined) last.delete(oldest);
  }

  return async (asked, list) => {
    const { tenant_id } = asked;
    const name = JSON.stringify([tenant_id, asked.under]);
    const supposed = last.get(name);
    const lists = supposed === undefined ? [] : [list(supposed)];
    const [named = [], rows] = await queryAll(tenant_id, [resolveUnder(asked), ...lists]);
    const under = toUnder(named);
    remember(name, under);
    if (rows !== undefined && JSON.stringify(supposed) === JSON.stringify(under)) return rows;
    const [found = []] = await queryAll(tenant_id, [list(under)]);
    return found;
  };
}
