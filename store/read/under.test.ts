// Tests of how often the database is asked for what is below a node.
import { expect, test } from 'vitest';
import type { Statement } from './dialect.ts';
import { createQueryUnder } from './under.ts';

const tenant_id = 'mine';

/** A database that knows the node of every name, and answers a list with the nodes that it was asked for. */
function createDatabase() {
  const trips: number[] = [];
  const nodes = new Map<string, string>();
  const queryUnder = createQueryUnder(async (_tenant, statements) => {
    trips.push(statements.length);
    return statements.map(({ text, parameters }) => {
      const node = nodes.get(String(parameters['under']));
      if (text === 'list') return [{ nodes: parameters['nodes'] }];
      return node === undefined ? [] : [{ id: node }];
    });
  });
  const list = (name: string) =>
    queryUnder(
      { tenant_id, under: name },
      ({ node_ids }): Statement => ({ text: 'list', parameters: { nodes: node_ids.join() } }),
    );
  return { trips, nodes, list };
}

test('a name is looked up before its first list, and from then on along with it', async () => {
  const { trips, nodes, list } = createDatabase();
  nodes.set('ou-1', 'o-1/ou-1');

  expect([await list('ou-1'), await list('ou-1')]).toEqual([[{ nodes: 'o-1/ou-1' }], [{ nodes: 'o-1/ou-1' }]]);

  expect(trips).toEqual([1, 1, 2]);
});

test('a name that has come to stand for something else is listed again', async () => {
  const { trips, nodes, list } = createDatabase();
  nodes.set('ou-1', 'o-1/ou-1');
  await list('ou-1');
  nodes.set('ou-1', 'o-2/ou-1');

  expect(await list('ou-1')).toEqual([{ nodes: 'o-2/ou-1' }]);

  expect(trips).toEqual([1, 1, 2, 1]);
});

test('a name that was not asked for in a long time is forgotten, another one is not', async () => {
  const { trips, list } = createDatabase();
  await list('forgotten');
  for (let count = 0; count < 1000; count += 1) {
    await list(`ou-${count}`);
    if (count === 500) await list('ou-0');
  }
  trips.length = 0;

  await list('ou-0');
  await list('forgotten');

  expect(trips).toEqual([2, 1, 1]);
});
