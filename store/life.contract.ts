// A tenant's life of random edits, told in runs of two scopes, with a full copy of its records after each: what the past must be.
import fc from 'fast-check';
import { canonicalJson, type Json, type JsonObject, jsonObjectSchema } from '#core/json.ts';
import type { ObservationKind } from '#core/observation.ts';
import { optionsOf } from './reader.contract.ts';
import { recordTables } from './records.ts';
import { type Actor, account, eventsOf, newActor, node, run } from './scenario.contract.ts';
import type { ListPage, Position, Reader } from './store.ts';
import type { TestStore } from './stores.contract.ts';

/** The kinds of record that are lived: those that make a hierarchy, where a change of one reaches the others. */
export const livedKinds = ['account', 'org_node'] as const satisfies readonly ObservationKind[];
export type LivedKind = (typeof livedKinds)[number];

const accountIds = Array.from({ length: 10 }, (_, index) => String(100 + index));
const nodeNames = ['r-1', 'ou-1', 'ou-2', 'ou-3', 'ou-4', 'ou-5'];

// What escapes, scripts and JavaScript's own names could spoil.
const text = fc.constantFrom('', 'a', 'b', 'prod', 'a/b', '~1', '~', "'", '"', 'ü', '👍', 'constructor', 'null');
const record = fc.oneof(
  { withCrossShrink: true },
  fc.record({ kind: fc.constant('account' as const), index: fc.nat(accountIds.length - 1) }),
  fc.record({ kind: fc.constant('org_node' as const), index: fc.nat(nodeNames.length - 1) }),
);
const scopes = ['aws:main', 'aws:other'] as const;
const edit = fc.oneof(
  { withCrossShrink: true },
  fc.constant({ do: 'nothing' as const }),
  fc.record({ do: fc.constant('rename' as const), record, name: fc.option(text) }),
  fc.record({ do: fc.constant('tag' as const), record, tags: fc.option(fc.dictionary(text, text, { maxKeys: 3 })) }),
  fc.record({ do: fc.constant('move' as const), record, below: fc.nat(nodeNames.length - 1) }),
  // Twice as often as the rest: vanishing takes two runs that miss the record.
  fc.record({ do: fc.constant('hide' as const), record }),
  fc.record({ do: fc.constant('hide' as const), record }),
  fc.record({ do: fc.constant('show' as const), record }),
  fc.record({ do: fc.constant('age' as const), record, lifecycle: fc.constantFrom('active', 'suspended', 'closing') }),
  fc.record({
    do: fc.constant('detail' as const),
    record,
    name: fc.constantFrom('x', 'y/z'),
    value: fc.jsonValue({ maxDepth: 1 }),
  }),
  fc.record({
    do: fc.constant('read' as const),
    record,
    field: fc.constantFrom('tags', 'name', 'lifecycle', 'details', 'status'),
  }),
  fc.record({
    do: fc.constant('unread' as const),
    record,
    field: fc.constantFrom('tags', 'name', 'org_path', 'details'),
  }),
  fc.record({ do: fc.constant('answer' as const), record, raw: fc.jsonValue({ maxDepth: 1 }) }),
  fc.record({ do: fc.constant('date' as const), record, second: fc.integer({ min: 10, max: 59 }) }),
  fc.record({ do: fc.constant('transfer' as const), record, org_id: fc.constantFrom('o-1', 'o-2') }),
  fc.record({ do: fc.constant('share' as const), record, seers: fc.subarray([...scopes], { minLength: 1 }) }),
);
const round = fc.oneof(
  { withCrossShrink: true },
  { weight: 10, arbitrary: fc.constant({ scopes: [], how: 'whole' as const }) },
  {
    weight: 5,
    arbitrary: fc.record({
      scopes: fc.constantFrom([...scopes], ['aws:main'], ['aws:other']),
      how: fc.constant('whole' as const),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      scopes: fc.subarray([...scopes], { minLength: 1 }),
      how: fc.constantFrom('restricted' as const, 'broken' as const, 'unlisted' as const, 'alone' as const),
    }),
  },
);

/** Two hundred edits, each with the runs that follow it. They shrink to fewer that do anything, not to a shorter list. */
export const editsArbitrary = fc.array(fc.record({ edit, round }), { minLength: 200, maxLength: 200 });
type Step = typeof editsArbitrary extends fc.Arbitrary<(infer Item)[]> ? Item : never;
type Edit = Step['edit'];

/** Records by kind and key. */
export type Copy = ReadonlyMap<string, CopiedRecord>;

export interface CopiedRecord {
  readonly kind: LivedKind;
  readonly key: string;
  /** The attributes, and whether the record is there: what `as_of` and differences are about. */
  readonly content: JsonObject;
  readonly valid_from: string;
  readonly discovered_at: string;
  readonly known_fields: readonly string[];
}

/** A life that was lived. */
export interface Life {
  readonly actor: Actor;
  /** By the time at which it was taken, oldest first. */
  readonly copies: readonly (readonly [at: string, copy: Copy])[];
  /** Event types, and what has no event: `filled`, `handed over`, `path only`. */
  readonly happenings: ReadonlySet<string>;
}

/** All of them, in order: lives that lack one would prove less than they seem to. */
export const everyHappening: readonly string[] = [
  ...livedKinds.flatMap((kind) =>
    ['discovered', 'moved', 'returned', 'updated', 'vanished'].map((word) => `${kind}.${word}`),
  ),
  ...['filled', 'handed over', 'path only'],
].sort();

/** The members of a record that are its content. */
function contentNames(kind: LivedKind): string[] {
  return [...Object.keys(recordTables[kind].attributes), 'vanished_at', 'vanished_reason'];
}

/** The fields that a copy is made of, beside the key. */
export function copiedFields(kind: LivedKind): string[] {
  return [...contentNames(kind), 'valid_from', 'discovered_at', 'known_fields'];
}

/** The record as a copy holds it, from a list's item or a detail that has the copied fields. */
export function toCopied(kind: LivedKind, item: JsonObject): CopiedRecord {
  const key = kind === 'account' ? `${item['provider']}/${item['id']}` : String(item['id']);
  const content = Object.fromEntries(contentNames(kind).map((name) => [name, item[name] ?? null]));
  const names = item['known_fields'];
  return {
    ...{ kind, key, content, valid_from: String(item['valid_from']), discovered_at: String(item['discovered_at']) },
    known_fields: Array.isArray(names) ? names.map(String) : [],
  };
}

/** Puts the records of a kind into a copy. */
export function toCopy(records: readonly CopiedRecord[]): Copy {
  return new Map(records.map((copied) => [`${copied.kind} ${copied.key}`, copied]));
}

/** The contents of a copy. */
export function contentsOf(copy: Copy): Map<string, JsonObject> {
  return new Map([...copy].map(([id, { content }]) => [id, content]));
}

/** Everything the Reader shows, as it is or as of a time. */
export async function readCopy(reader: Reader, tenant_id: string, as_of?: string): Promise<Copy> {
  return toCopy((await readItems(reader, tenant_id, as_of)).map(({ kind, item }) => toCopied(kind, item)));
}

/** Lives the edits as a tenant of its own. */
export async function live(store: TestStore, steps: readonly Step[]): Promise<Life> {
  const main = newActor({ configured: [...scopes] });
  const world = createWorld();
  const happenings = new Set<string>();
  const copies: [string, Map<string, CopiedRecord>][] = [];
  let owners = new Map<string, Json>();
  for (const step of steps) {
    apply(world, step.edit);
    if (step.round.scopes.length === 0) continue;
    await collect(store, main, { world, round: step.round });
    const items = await readItems(store.reader, main.tenant);
    const copy = new Map(toCopy(items.map(({ kind, item }) => toCopied(kind, item))));
    for (const [id, copied] of copy) {
      if (fillPast(copies, id, copied)) happenings.add('filled');
    }
    const ownersNow = new Map(
      items.map(({ kind, item }) => [`${kind} ${item['id']} ${item['valid_from']}`, item['scope'] ?? null]),
    );
    if (ownersNow.entries().some(([id, owner]) => owners.has(id) && owners.get(id) !== owner))
      happenings.add('handed over');
    owners = ownersNow;
    const at = await momentOf(copy, copies.length % 2 === 0, copies.at(-1)?.[0] ?? '');
    copies.push([at, copy]);
  }
  for (const event of await eventsOf(store, main)) happenings.add(String(event['event_type']));
  const versions = await store.query(`select changed_fields from record_versions where tenant_id = '${main.tenant}'`);
  const paths = JSON.stringify(['org_path', 'org_path_ids', 'org_path_names']);
  if (versions.some(({ changed_fields }) => JSON.stringify(changed_fields) === paths)) happenings.add('path only');
  return { actor: main, copies, happenings };
}

// What was read for the first time is learned, not changed: it was so since the content began, in every copy since then.
function fillPast(copies: readonly [string, Map<string, CopiedRecord>][], id: string, copied: CopiedRecord): boolean {
  const since = copies.filter(([, copy]) => copy.get(id)?.valid_from === copied.valid_from);
  const filled = since.filter(([, copy]) => canonicalJson(copy.get(id)) !== canonicalJson(copied));
  for (const [, copy] of filled) {
    const before = copy.get(id);
    if (before !== undefined) requireLearned(before, copied);
    copy.set(id, copied);
  }
  return filled.length > 0;
}

/** Throws unless all that was known is still what it was. */
function requireLearned(before: CopiedRecord, after: CopiedRecord): void {
  const lost = [...before.known_fields, 'vanished_at', 'vanished_reason'].filter((name) => {
    const [known, now] = [before.content[name] ?? null, after.content[name] ?? null];
    if (name !== 'details' || !isObject(known) || !isObject(now)) return canonicalJson(known) !== canonicalJson(now);
    return Object.keys(known).some((key) => canonicalJson(known[key]) !== canonicalJson(now[key]));
  });
  if (lost.length > 0) throw new Error(`${after.key}: ${lost.join(', ')} changed without a version`);
}

function isObject(value: Json): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

// By turns the very moment of the latest change, which is the first at which it holds, and now. Of one millisecond there is
// one past: the next run begins in a later one, when whatever the store moved ahead is over too.
async function momentOf(copy: Copy, isNow: boolean, previous: string): Promise<string> {
  const now = () => new Date().toISOString();
  const times = [...copy.values()].map(({ valid_from }) => valid_from);
  const at = [...times, previous, isNow ? now() : ''].reduce((one, other) => (one > other ? one : other));
  while (now() <= at) await new Promise((resolve) => setImmediate(resolve));
  return at;
}

async function readItems(reader: Reader, tenant_id: string, as_of?: string) {
  const found: { kind: LivedKind; item: JsonObject }[] = [];
  for (const kind of livedKinds) {
    const fields = [...copiedFields(kind), 'scope'];
    let after: Position | undefined;
    do {
      const options = optionsOf(tenant_id, { vanished: 'include', limit: 7, fields, as_of, after });
      const page: ListPage =
        kind === 'account' ? await reader.listAccounts(options) : await reader.listOrgNodes(options);
      for (const item of JSON.parse(page.json)) found.push({ kind, item: jsonObjectSchema.parse(item) });
      after = page.next ?? undefined;
    } while (after);
  }
  return found;
}

/** A record as its provider has it, and what the collectors can read of it. */
interface Thing {
  readonly kind: LivedKind;
  readonly id: string;
  attributes: JsonObject;
  /** Index into the nodes; the root has none. */
  parent: number | null;
  raw: Json;
  isThere: boolean;
  seers: readonly string[];
  unread: ReadonlySet<string>;
  updatedAt: string | undefined;
}

interface World {
  readonly accounts: readonly Thing[];
  readonly nodes: readonly Thing[];
}

function createWorld(): World {
  const thing = { raw: {}, isThere: true, seers: [...scopes], updatedAt: undefined };
  return {
    accounts: accountIds.map((id, index) => ({
      ...{ ...thing, kind: 'account', id, parent: index % nodeNames.length },
      attributes: { name: id, tags: {}, org_id: 'o-1', lifecycle: 'active', status: 'ACTIVE', details: {} },
      // Half of them are known but in part, and are learned later.
      unread: new Set(index % 2 === 0 ? [] : ['tags', 'details', 'lifecycle', 'status']),
    })),
    nodes: nodeNames.map((id, index) => ({
      ...{ ...thing, kind: 'org_node', id, parent: index === 0 ? null : Math.floor((index - 1) / 2) },
      attributes: { name: id, tags: {}, kind: index === 0 ? 'root' : 'ou' },
      unread: new Set(index % 2 === 0 ? [] : ['tags']),
    })),
  };
}

function apply(world: World, edit: Edit): void {
  if (edit.do === 'nothing') return;
  const thing = (edit.record.kind === 'account' ? world.accounts : world.nodes)[edit.record.index];
  if (thing === undefined) return;
  const set = (attributes: JsonObject) => {
    thing.attributes = { ...thing.attributes, ...attributes };
  };
  switch (edit.do) {
    case 'rename':
      set({ name: edit.name });
      return;
    case 'tag':
      set({ tags: edit.tags });
      return;
    case 'move':
      if (thing.parent !== null && !isWithin(world, edit.below, thing)) thing.parent = edit.below;
      return;
    case 'hide':
    case 'show':
      thing.isThere = edit.do === 'show';
      return;
    case 'age':
      set({ lifecycle: edit.lifecycle, status: edit.lifecycle.toUpperCase() });
      return;
    case 'detail':
      if (thing.kind === 'account') set({ details: { [edit.name]: JSON.parse(JSON.stringify(edit.value)) } });
      return;
    case 'read':
      thing.unread = thing.unread.difference(new Set([edit.field]));
      return;
    case 'unread':
      thing.unread = thing.unread.union(new Set([edit.field]));
      return;
    case 'answer':
      thing.raw = JSON.parse(JSON.stringify(edit.raw));
      return;
    case 'date':
      // Later than what is stored, or older: then what is read counts as yesterday's answer.
      thing.updatedAt = `2026-01-01T00:00:${edit.second}.000Z`;
      return;
    case 'transfer':
      if (thing.kind === 'account') set({ org_id: edit.org_id });
      return;
    case 'share':
      thing.seers = edit.seers;
      return;
  }
}

/** The nodes above, from the root down, the node itself last. */
function chainOf({ nodes }: World, index: number | null): Thing[] {
  const at = index === null ? undefined : nodes[index];
  return at === undefined ? [] : [...chainOf({ nodes, accounts: [] }, at.parent), at];
}

function isWithin(world: World, index: number, thing: Thing): boolean {
  return chainOf(world, index).includes(thing);
}

async function collect(
  store: TestStore,
  main: Actor,
  { world, round }: { world: World; round: Step['round'] },
): Promise<void> {
  for (const scope of round.scopes) {
    const actor = { ...main, scope, root: scope === 'aws:main' ? 'o-1' : 'o-2' };
    const things = [...world.accounts, ...world.nodes].filter(({ isThere, seers }) => isThere && seers.includes(scope));
    const observations = things.map((thing) => observationOf(world, thing));
    const configured = round.how === 'alone' ? [scope] : main.configured;
    await run(store.writer, { ...actor, configured }, observations, {
      enumerated: round.how === 'unlisted' ? [] : livedKinds,
      restricted: round.how === 'restricted',
      outcome: (
        { whole: 'complete', alone: 'complete', unlisted: 'complete', restricted: 'partial', broken: 'failed' } as const
      )[round.how],
    });
  }
}

function observationOf(world: World, thing: Thing) {
  const isAccount = thing.kind === 'account';
  const above = chainOf(world, thing.parent);
  const chain = isAccount ? above : [...above, thing];
  const names = chain.map(({ attributes }) => String(attributes['name'] ?? ''));
  const ids = chain.map(({ id }) => `o-1/${id}`);
  const parent = above.at(-1);
  const all: JsonObject = {
    ...thing.attributes,
    parent_id: parent === undefined ? null : `o-1/${parent.id}`,
    ...(isAccount ? {} : { depth: above.length }),
    ...{ org_path: names.join('/'), org_path_ids: ids, org_path_names: names },
  };
  const read = Object.fromEntries(Object.entries(all).filter(([name]) => !thing.unread.has(name)));
  const rest = { raw: thing.raw, ...(thing.updatedAt === undefined ? {} : { provider_updated_at: thing.updatedAt }) };
  return isAccount ? account(thing.id, read, rest) : { ...node(thing.id, read), ...rest };
}

/** The copy with a difference's changes made: each must find the value that it says was there. */
export function applyFields(
  content: JsonObject | null,
  fields: readonly { path: string; from?: Json | undefined; to?: Json | undefined }[],
): JsonObject {
  let value: Json | undefined = content ?? undefined;
  for (const { path, from, to } of fields) value = replace(value, segments(path), { from, to });
  return jsonObjectSchema.parse(value);
}

// RFC 6901: an empty pointer is the whole; ~1 is a slash, ~0 a tilde.
function segments(pointer: string): string[] {
  return pointer
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
}

function replace(
  value: Json | undefined,
  [name, ...rest]: readonly string[],
  change: { readonly from: Json | undefined; readonly to: Json | undefined },
): Json | undefined {
  if (name === undefined) {
    const [found, told] = [canonicalJson(value), canonicalJson(change.from)];
    if ((value === undefined) !== (change.from === undefined) || found !== told)
      throw new Error(`${found} is not ${told}`);
    return change.to;
  }
  const object = jsonObjectSchema.parse(value);
  const member = Object.hasOwn(object, name) ? object[name] : undefined;
  const changed = replace(member, rest, change);
  const others = Object.entries(object).filter(([other]) => other !== name);
  return Object.fromEntries(changed === undefined ? others : [...others, [name, changed]]);
}
