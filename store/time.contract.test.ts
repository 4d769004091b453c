// Tests of the questions about time on both databases: the past is a copy taken then, and differences lead from one copy to another.
import fc from 'fast-check';
import postgres from 'postgres';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { envelopeSchema } from '#contracts/envelope.ts';
import { eventSchema } from '#contracts/events.ts';
import { type Json, type JsonObject, jsonObjectSchema } from '#core/json.ts';
import { type ObservationKind, observationKinds } from '#core/observation.ts';
import { diffJson } from './diff.ts';
import { listAccounts, listOrgNodes } from './reader.contract.ts';
import { recordTables } from './records.ts';
import { type Actor, account, eventTypesOf, newActor, node, run } from './scenario.contract.ts';
import type { Position, Reader } from './store.ts';
import { databases, type TestStore } from './stores.contract.ts';

/** What happens to one of eight accounts between two runs. */
const editArbitrary = fc.record({
  account: fc.nat(7),
  edit: fc.oneof(
    fc.record({ name: fc.string({ maxLength: 4 }) }),
    fc.record({ tags: fc.dictionary(fc.string({ maxLength: 2 }), fc.string({ maxLength: 2 }), { maxKeys: 3 }) }),
    fc.record({ parent_id: fc.constantFrom('o-1/r-1', 'o-1/ou-1') }),
    fc.record({ present: fc.boolean() }),
  ),
});

type Copy = ReadonlyMap<string, JsonObject>;

describe.for(databases)('time on $dialect', ({ dialect, open }) => {
  let store: TestStore;
  let reader: Reader;

  beforeAll(async () => {
    store = await open();
    reader = store.reader;
  });

  afterAll(() => store?.close());

  /** Every record's content, as it is or as of a time. */
  async function copyOf(actor: Actor, as_of?: string): Promise<{ copy: Copy; latest: string }> {
    const copy = new Map<string, JsonObject>();
    let latest = '';
    for (const kind of ['account', 'org_node'] as const) {
      const list = kind === 'account' ? listAccounts : listOrgNodes;
      for (const item of await list(reader, actor.tenant, { vanished: 'include', as_of })) {
        copy.set(kind === 'account' ? `aws/${item.id}` : item.id, contentOf(kind, jsonObjectSchema.parse(item)));
        if (item.valid_from > latest) latest = item.valid_from;
      }
    }
    return { copy, latest };
  }

  /** Runs the edits one by one, with a copy after each; of copies of one millisecond the last. */
  async function live(actor: Actor, edits: readonly z.output<typeof editSchema>[]): Promise<Map<string, Copy>> {
    const copies = new Map<string, Copy>();
    // All fields are known from the start: one that is read for the first time is filled in place, and in the past too.
    const known = { name: '', tags: {}, parent_id: 'o-1/r-1' };
    const accounts = Array.from({ length: 8 }, (_, i) => ({
      id: String(100 + i),
      present: true,
      attributes: { ...known },
    }));
    for (const { account: index, edit } of edits) {
      const edited = accounts[index];
      const { present, ...attributes } = edit;
      if (edited && present !== undefined) edited.present = present;
      if (edited) Object.assign(edited.attributes, attributes);
      const seen = accounts.filter((one) => one.present).map((one) => account(one.id, { ...one.attributes }));
      await run(store.writer, actor, [...seen, node('r-1', { kind: 'root' }), node('ou-1', { name: `ou ${index}` })]);
      const { copy, latest } = await copyOf(actor);
      copies.set(latest, copy);
    }
    return copies;
  }

  test('as_of is the copy taken then, and the difference of two times leads from one copy to the other', async () => {
    const property = fc.asyncProperty(fc.array(editArbitrary, { minLength: 10, maxLength: 10 }), async (edits) => {
      const actor = newActor();
      const copies = [...(await live(actor, z.array(editSchema).parse(edits)))];

      for (const [at, copy] of copies) expect((await copyOf(actor, at)).copy).toEqual(copy);
      const [first, middle] = [copies[0], copies[Math.floor(copies.length / 2)]];
      for (const earlier of [first, middle]) {
        const later = copies.at(-1);
        if (!earlier || !later) throw new Error('no copies');
        const differences = await readDifferences(actor, earlier[0], later[0]);
        expect(applyAll(earlier[1], differences)).toEqual(later[1]);
      }
    });

    await fc.assert(property, { numRuns: 20 });
  }, 120_000);

  async function readDifferences(actor: Actor, from: string, to: string) {
    const found = [];
    for (const kind of observationKinds) {
      let after: Position | undefined;
      do {
        const options = { tenant_id: actor.tenant, kind, from, to, limit: 3, after };
        const { items, next } = await reader.listDifferences(options);
        found.push(...items);
        after = next ?? undefined;
      } while (after);
    }
    return found;
  }

  test('a record that is at the end what it was is listed with equal contents, one that was not touched is not', async () => {
    const actor = newActor();
    await run(store.writer, actor, [account('1', { name: 'a' }), account('2')]);
    const { latest } = await copyOf(actor);
    await run(store.writer, actor, [account('1', { name: 'b' }), account('2')]);
    await run(store.writer, actor, [account('1', { name: 'a' }), account('2')]);

    const differences = await readDifferences(actor, latest, (await copyOf(actor)).latest);

    expect(differences.map(({ key }) => key)).toEqual(['aws/1']);
    expect(differences[0]?.before).toEqual(differences[0]?.after);
  });

  /** All events after a place; on Postgres the log is settled only when older transactions of the cluster have ended. */
  async function readEvents(actor: Actor, count: number, after?: Position, limit = 2) {
    const events: z.output<typeof envelopeSchema>[] = [];
    let place = after;
    for (let reads = 0; events.length < count; reads += 1) {
      if (reads > 500) throw new Error(`only ${events.length} of ${count} events`);
      const { json, next } = await reader.listEvents({ tenant_id: actor.tenant, limit, after: place });
      events.push(...z.array(envelopeSchema).parse(JSON.parse(json)));
      place = next ?? place;
    }
    return { events, place };
  }

  test('the log is read in order, each event once and valid, and goes on where it was left', async () => {
    const actor = newActor();
    await run(store.writer, actor, [account('1', { name: 'first' }), account('2'), account('3'), node('ou-1')]);
    const first = await readEvents(actor, 4);
    await run(store.writer, actor, [account('1', { name: 'renamed' }), account('2'), account('3')]);

    const second = await readEvents(actor, 1, first.place);

    const events = [...first.events, ...second.events];
    expect(events.map(({ event_type }) => event_type)).toEqual(await eventTypesOf(store, actor));
    for (const event of events) expect(eventSchema.safeParse(event).error).toBeUndefined();
    expect(new Set(events.map(({ event_id }) => event_id)).size).toBe(5);
    expect(await reader.listEvents({ tenant_id: actor.tenant, limit: 9, after: second.place })).toEqual({
      json: '[]',
      next: null,
    });
  });

  test('the log is filtered by type and by run, and another tenant sees none of it', async () => {
    const actor = newActor();
    await run(store.writer, actor, [account('1', { name: 'first' }), node('ou-1')]);
    const { run_id } = await run(store.writer, actor, [account('1', { name: 'renamed' })]);
    await readEvents(actor, 3);
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
      const { events } = await readEvents(actor, 1);

      expect(during.json).toBe('[]');
      expect(events).toHaveLength(1);
    },
  );
});

const editSchema = z.object({
  account: z.int(),
  edit: z.object({
    name: z.string().optional(),
    tags: z.record(z.string(), z.string()).optional(),
    parent_id: z.string().optional(),
    present: z.boolean().optional(),
  }),
});

function contentOf(kind: ObservationKind, item: JsonObject): JsonObject {
  const names = [...Object.keys(recordTables[kind].attributes), 'vanished_at', 'vanished_reason'];
  return Object.fromEntries(names.map((name) => [name, item[name] ?? null]));
}

function applyAll(copy: Copy, differences: readonly { key: string; before: Json; after: Json }[]): Copy {
  const applied = new Map(copy);
  for (const { key, before, after } of differences) {
    expect(applied.get(key) ?? null).toEqual(before);
    const changes = diffJson(before ?? undefined, after ?? undefined);
    const changed = changes.reduce<Json | undefined>((at, { path, to }) => applyChange(at, segments(path), to), before);
    applied.set(key, jsonObjectSchema.parse(changed));
  }
  return applied;
}

// RFC 6901: an empty pointer is the whole; ~1 is a slash, ~0 a tilde.
function segments(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function applyChange(value: Json | undefined, path: readonly string[], to: Json | undefined): Json | undefined {
  const [name, ...rest] = path;
  if (name === undefined) return to;
  const { [name]: member, ...others } = jsonObjectSchema.parse(value);
  const changed = applyChange(member, rest, to);
  return changed === undefined ? others : { ...others, [name]: changed };
}
