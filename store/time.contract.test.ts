// Tests of the questions about time on both databases: the past is a copy taken then, and differences lead from one copy to another.
import fc from 'fast-check';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { envelopeSchema } from '#contracts/envelope.ts';
import { eventSchema } from '#contracts/events.ts';
import { type ObservationKind, observationKinds } from '#core/observation.ts';
import { diffJson } from './diff.ts';
import { applyFields, type Copy, contentsOf, editsArbitrary, everyHappening, live, readCopy } from './life.contract.ts';
import { type Actor, account, eventTypesOf, newActor, node, recordOf, run } from './scenario.contract.ts';
import type { Difference, Position, Reader } from './store.ts';
import { databases, type TestStore } from './stores.contract.ts';

describe.for(databases)('time on $dialect', ({ dialect, open }) => {
  let store: TestStore;
  let reader: Reader;

  beforeAll(async () => {
    store = await open();
    reader = store.reader;
  });

  afterAll(() => store?.close());

  test('as_of is the copy taken then, and the difference of two times leads from one copy to the other', async () => {
    const happenings = new Set<string>();
    const property = fc.asyncProperty(editsArbitrary, async (edits) => {
      const { actor, copies, happenings: these } = await live(store, edits);
      for (const happening of these) happenings.add(happening);

      for (const [at, copy] of copies) {
        expect(await readCopy(reader, actor.tenant, at)).toEqual(copy);
      }
      for (const [index, [from, before]] of copies.entries()) {
        // To the next, and all the way.
        for (const later of index % 5 === 0 ? [copies[index + 1], copies.at(-1)] : []) {
          const [to, after] = later ?? [from, before];
          expect(applyAll(before, await readDifferences(actor, from, to))).toEqual(contentsOf(after));
        }
      }
    });

    await fc.assert(property, { numRuns: 2, seed: 4, interruptAfterTimeLimit: 110_000, markInterruptAsFailure: true });

    expect([...happenings].sort()).toEqual(everyHappening);
  }, 120_000);

  async function readDifferences(actor: Actor, from: string, to: string) {
    const found: (Difference & { kind: ObservationKind })[] = [];
    for (const kind of observationKinds) {
      let after: Position | undefined;
      do {
        const options = { tenant_id: actor.tenant, kind, from, to, limit: 7, after };
        const { items, next } = await reader.listDifferences(options);
        found.push(...items.map((item) => ({ kind, ...item })));
        after = next ?? undefined;
      } while (after);
    }
    return found;
  }

  test('a record that is at the end what it was is listed with equal contents, one that was not touched is not', async () => {
    const actor = newActor();
    await run(store.writer, actor, [account('1', { name: 'a' }), account('2')]);
    const { valid_from } = await recordOf(store, actor, '1');
    await run(store.writer, actor, [account('1', { name: 'b' }), account('2')]);
    await run(store.writer, actor, [account('1', { name: 'a' }), account('2')]);

    const { valid_from: latest } = await recordOf(store, actor, '1');
    const differences = await readDifferences(actor, String(valid_from), String(latest));

    expect(differences.map(({ key }) => key)).toEqual(['aws/1']);
    expect(differences[0]?.before).toEqual(differences[0]?.after);
  });

  test('what another tenant changed meanwhile is no difference, even of the same key', async () => {
    const [actor, other] = [newActor(), newActor()];
    await run(store.writer, actor, [account('1', { name: 'a' })]);
    await run(store.writer, other, [account('1', { name: 'a' })]);
    const { valid_from: from } = await recordOf(store, other, '1');
    await run(store.writer, other, [account('1', { name: 'b' }), account('2')]);
    const { valid_from: to } = await recordOf(store, other, '1');

    expect(await readDifferences(actor, String(from), String(to))).toEqual([]);
    const theirs = await readDifferences(other, String(from), String(to));
    expect(theirs.map(({ key }) => key)).toEqual(['aws/1', 'aws/2']);
  });

  /** All events after a place, and the place behind them. */
  async function readEvents(actor: Actor, after?: Position) {
    await store.settle();
    const events: z.output<typeof envelopeSchema>[] = [];
    let place = after;
    for (;;) {
      const { json, next } = await reader.listEvents({ tenant_id: actor.tenant, limit: 2, after: place });
      const page = z.array(envelopeSchema).parse(JSON.parse(json));
      if (page.length === 0) return { events, place };
      events.push(...page);
      place = next ?? place;
    }
  }

  test('the log is read in order, each event once and valid, and goes on where it was left', async () => {
    const actor = newActor();
    await run(store.writer, actor, [account('1', { name: 'first' }), account('2'), account('3'), node('ou-1')]);
    const first = await readEvents(actor);
    await run(store.writer, actor, [account('1', { name: 'renamed' }), account('2'), account('3')]);

    const second = await readEvents(actor, first.place);

    const events = [...first.events, ...second.events];
    expect(events.map(({ event_type }) => event_type)).toEqual(await eventTypesOf(store, actor));
    for (const event of events) expect(eventSchema.safeParse(event).error).toBeUndefined();
    expect(new Set(events.map(({ event_id }) => event_id)).size).toBe(5);
    expect(await reader.listEvents({ tenant_id: actor.tenant, limit: 9, after: second.place })).toEqual({
      json: '[]',
      next: null,
      positions: [],
    });
  });

  test('the log is filtered by type and by run, and another tenant sees none of it', async () => {
    const actor = newActor();
    await run(store.writer, actor, [account('1', { name: 'first' }), node('ou-1')]);
    const { run_id } = await run(store.writer, actor, [account('1', { name: 'renamed' })]);
    await store.settle();
    const typesOf = async (options: { tenant_id?: string; event_type?: string; correlation_id?: string }) => {
      const { json } = await reader.listEvents({ tenant_id: actor.tenant, limit: 10, ...options });
      return z
        .array(envelopeSchema)
        .parse(JSON.parse(json))
        .map(({ event_type }) => event_type);
    };

    expect(await typesOf({ event_type: 'org_node.discovered' })).toEqual(['org_node.discovered']);
    expect(await typesOf({ correlation_id: run_id })).toEqual(['account.updated']);
    expect(await typesOf({ tenant_id: newActor().tenant })).toEqual([]);
  });

  test.runIf(dialect === 'postgres')(
    'an event is not shown while an older transaction could still write one before it',
    async () => {
      const actor = newActor();
      const driver = postgres(store.url, { max: 1 });
      const other = await driver.reserve();
      await other`begin`;
      await other`select pg_current_xact_id()`;
      await run(store.writer, actor, [account('1')]);

      const during = await reader.listEvents({ tenant_id: actor.tenant, limit: 10 });
      await other`commit`;
      other.release();
      await driver.end();
      const { events } = await readEvents(actor);

      expect(during.json).toBe('[]');
      expect(events).toHaveLength(1);
    },
  );

  test.runIf(dialect === 'postgres')(
    'events are told in the order of their transactions, so that one whose place was taken earlier is not passed over',
    async () => {
      const { tenant, ...rest } = newActor();
      const written: string[] = [];
      for (const id of ['1', '2']) {
        written.push((await run(store.writer, { tenant, ...rest }, [account(id)], { enumerated: [] })).run_id);
      }
      // As if the second run had begun its transaction before the first one and taken its place in the log after it.
      await store.query(
        `update events e set xid = o.xid from events o
         where e.tenant_id = '${tenant}' and o.tenant_id = e.tenant_id and o.event_id <> e.event_id`,
      );
      await store.settle();

      const told: string[] = [];
      let after: Position | undefined;
      for (let page = 0; page < 3; page += 1) {
        const { json, next } = await reader.listEvents({ tenant_id: tenant, limit: 1, after });
        told.push(
          ...z
            .array(envelopeSchema)
            .parse(JSON.parse(json))
            .map(({ correlation_id }) => correlation_id),
        );
        after = next ?? after;
      }

      expect(told).toEqual(written.toReversed());
    },
  );
});

function applyAll(copy: Copy, differences: readonly (Difference & { kind: ObservationKind })[]) {
  const applied = contentsOf(copy);
  for (const { kind, key, before, after } of differences) {
    const id = `${kind} ${key}`;
    expect(applied.get(id) ?? null).toEqual(before);
    applied.set(id, applyFields(before, diffJson(before ?? undefined, after ?? undefined)));
  }
  return applied;
}
