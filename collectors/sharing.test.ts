// Two scopes that see the same records, scripted at one end and a real database at the other: whose a record is, and that neither
// rewrites it, loses it or keeps it alive for the other.
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { account, eventsOf, newActor, recordOf } from '#store/scenario.contract.ts';
import { databases, type Row, type TestStore } from '#store/stores.contract.ts';
import { identify, ids, runScripts, type Script } from './scripted.contract.ts';

const scopes = ['aws:a', 'aws:b'] as const;
type Scope = (typeof scopes)[number];
const shared = ['s1', 's2', 's3', 's4', 's5'];

/** What a scope sees of the shared records: those of its own are many enough that the shrink guard holds nothing. */
type Sight = Readonly<Record<string, { readonly org_id: string; readonly name: string }>>;

function lists(scope: Scope, root: string, sight: Sight): Script {
  return async function* (context) {
    identify(context, root);
    for (const id of ids(25)) yield account(`${scope}-${id}`, { org_id: root });
    for (const [id, attributes] of Object.entries(sight)) yield account(id, attributes);
    context.enumerated('account');
  };
}

/** What the scope sees, and then it breaks off. */
function breaksOff(script: Script): Script {
  return async function* (context) {
    yield* script(context);
    throw new Error('broken off');
  };
}

describe.for(databases)('two scopes on $dialect', ({ open }) => {
  let store: TestStore;

  beforeAll(async () => {
    store = await open();
  });
  afterAll(() => store.close());

  const settings = { seed: 4, interruptAfterTimeLimit: 110_000, markInterruptAsFailure: true };

  async function readShared(tenant: string): Promise<Map<string, Row>> {
    const names = shared.map((id) => `'${id}'`).join(', ');
    const rows = await store.query(`select * from cloud_accounts where tenant_id = '${tenant}' and id in (${names})`);
    return new Map(rows.map((row) => [String(row['id']), row]));
  }

  test('by turns: what either has seen in each of the last two rounds has not vanished meanwhile, and what its owner goes on seeing is not written', async () => {
    const seers = fc.constantFrom<readonly Scope[]>([], ['aws:a'], ['aws:b'], scopes, scopes);
    const visibility = fc.tuple(...shared.map(() => seers));
    const property = fc.asyncProperty(
      fc.array(visibility, { minLength: 10, maxLength: 10 }),
      fc.constantFrom('o-1', 'o-2'),
      async (rounds, rootOfB) => {
        const actor = newActor();
        const sightOf = (scope: Scope, round: readonly (readonly Scope[])[]): Sight =>
          Object.fromEntries(
            shared.filter((_id, index) => round[index]?.includes(scope)).map((id) => [id, { org_id: 'o-1', name: id }]),
          );
        let before = new Map<string, Row>();
        let lastRound: readonly (readonly Scope[])[] = [];
        for (const round of rounds) {
          const events = (await eventsOf(store, actor)).length;
          await runScripts(store.writer, actor, {
            'aws:a': lists('aws:a', 'o-1', sightOf('aws:a', round)),
            'aws:b': lists('aws:b', rootOfB, sightOf('aws:b', round)),
          });
          const after = await readShared(actor.tenant);
          const vanished = (await eventsOf(store, actor))
            .slice(events)
            .filter(({ event_type }) => event_type === 'account.vanished');
          for (const [index, id] of shared.entries()) {
            const isSeen = [lastRound, round].every((each) => (each[index]?.length ?? 0) > 0);
            if (isSeen) expect(after.get(id)).toMatchObject({ id, vanished_at: null });
            if (isSeen) expect(JSON.stringify(vanished)).not.toContain(`"id":"${id}"`);
            const row = before.get(id);
            const isAtHome = row?.['scope'] === 'aws:a' || rootOfB === 'o-1';
            const isOwnersSight = round[index]?.some((scope) => scope === row?.['scope']);
            if (row?.['missed_runs'] === 0 && isAtHome && isOwnersSight) expect(after.get(id)).toEqual(row);
          }
          [before, lastRound] = [after, round];
        }
      },
    );

    await fc.assert(property, { ...settings, numRuns: 8 });
  }, 120_000);

  test('in any order, broken off or not, configured or not: a record is whose the rules of ownership say, and is written only when they say so', async () => {
    const step = fc.record({
      scope: fc.constantFrom(...scopes),
      seen: fc.subarray(shared),
      org_id: fc.constantFrom('o-1', 'o-2', 'o-3'),
      name: fc.constantFrom('a', 'a', 'b'),
      ending: fc.constantFrom('whole', 'whole', 'broken', 'broken', 'alone'),
    });
    const property = fc.asyncProperty(
      fc.array(step, { minLength: 15, maxLength: 15 }),
      fc.constantFrom('o-1', 'o-2'),
      async (steps, rootOfB) => {
        const actor = newActor();
        const roots = { 'aws:a': 'o-1', 'aws:b': rootOfB };
        const model = createModel(roots);
        let before = new Map<string, Row>();
        for (const { scope, seen, org_id, name, ending } of steps) {
          const sight = Object.fromEntries(seen.map((id) => [id, { org_id, name }]));
          const script = lists(scope, roots[scope], sight);
          const ran = ending === 'broken' ? breaksOff(script) : script;
          const others = ending === 'alone' ? {} : { 'aws:a': ran, 'aws:b': ran };
          await runScripts(store.writer, actor, { ...others, [scope]: ran }, { scopes: [scope] });

          const touched = model.run({
            scope,
            sight,
            configured: ending === 'alone' ? [scope] : scopes,
            isWhole: ending !== 'broken',
          });

          const after = await readShared(actor.tenant);
          expect(new Map([...after].map(([id, row]) => [id, toModelled(row)]))).toEqual(model.records);
          for (const [id, row] of after) if (!touched.has(id)) expect(row).toEqual(before.get(id));
          before = after;
        }
      },
    );

    await fc.assert(property, { ...settings, numRuns: 16 });
  }, 120_000);

  test('a record that is kept without having been read is not missed, not written, and not taken from a scope that has missed it', async () => {
    const actor = newActor();
    const keeps: Script = async function* (context) {
      yield* lists('aws:a', 'o-1', {})(context);
      context.keep({ kind: 'account', key: 'aws/s1' });
    };
    const seesOnce = {
      'aws:a': lists('aws:a', 'o-1', { s1: { org_id: 'o-1', name: 'n' } }),
      'aws:b': lists('aws:b', 'o-1', {}),
    };
    await runScripts(store.writer, actor, seesOnce);
    const before = await recordOf(store, actor, 's1');

    for (let count = 0; count < 3; count += 1) await runScripts(store.writer, actor, { ...seesOnce, 'aws:a': keeps });
    const kept = await recordOf(store, actor, 's1');
    const swapped = { 'aws:a': lists('aws:a', 'o-1', {}), 'aws:b': keeps };
    for (let count = 0; count < 3; count += 1) await runScripts(store.writer, actor, swapped);

    expect(kept).toEqual(before);
    expect(await recordOf(store, actor, 's1')).toMatchObject({ scope: 'aws:a', vanished_at: expect.any(String) });
  });
});

interface Modelled {
  readonly owner: string;
  readonly missed: number;
  readonly isVanished: boolean;
  readonly org_id: string;
  readonly name: string;
}

function toModelled(row: Row): Modelled {
  const { scope, missed_runs, vanished_at, org_id, name } = row;
  return {
    ...{ owner: String(scope), missed: Number(missed_runs), isVanished: vanished_at !== null },
    ...{ org_id: String(org_id), name: String(name) },
  };
}

/** The rules of ownership and absence as they are told, once more and plainly. */
function createModel(roots: Readonly<Record<string, string>>) {
  const records = new Map<string, Modelled>();
  const pinned = new Set<string>();

  function mayWrite(
    record: Modelled | undefined,
    { scope, org_id, configured }: { scope: string; org_id: string; configured: readonly string[] },
  ) {
    if (record === undefined || record.owner === scope) return true;
    if (!configured.includes(record.owner) || record.missed > 0) return true;
    const isProven = pinned.has(record.owner) || pinned.has(scope);
    return isProven && org_id === roots[scope] && roots[record.owner] !== roots[scope];
  }

  return {
    records,
    /** One run; which records it writes. */
    run({
      scope,
      sight,
      configured,
      isWhole,
    }: {
      scope: string;
      sight: Sight;
      configured: readonly string[];
      isWhole: boolean;
    }) {
      const before = new Map(records);
      for (const [id, { org_id, name }] of Object.entries(sight)) {
        if (!mayWrite(records.get(id), { scope, org_id, configured })) continue;
        records.set(id, { owner: scope, missed: 0, isVanished: false, org_id, name });
      }
      for (const [id, record] of isWhole ? records : []) {
        if (record.owner !== scope || record.isVanished || id in sight) continue;
        records.set(id, { ...record, missed: record.missed + 1, isVanished: record.missed + 1 === 2 });
      }
      if (isWhole) pinned.add(scope);
      return new Set(
        [...records.keys()].filter((id) => JSON.stringify(records.get(id)) !== JSON.stringify(before.get(id))),
      );
    },
  };
}
