// What every provider's collector must do, run against its strict fake through the real runner into a real database.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { Collector } from '#core/collector.ts';
import { countWrites, databases, type Row, type TestStore } from '#store/stores.contract.ts';
import type { CommonEffect } from '#testkit/effects.ts';
import { echoedSecrets, secretMarker } from '#testkit/secrets.ts';
import { type RunInto, runSources } from './run.contract.ts';
import type { RunSummary } from './summary.ts';

/** A make-believe organization of a few dozen accounts, its fake, and the source that reads it. */
export interface Cloud {
  readonly source: Readonly<Record<string, unknown>>;
  readonly fake: {
    readonly behaviour: object;
    readonly faults: { clear(): void };
    readonly requests: readonly { readonly faults: readonly string[] }[];
    secrets(): readonly string[];
    assertNoUnexpected(): void;
  };
  /** Ids of all accounts there are by now, as they are stored. */
  listAccountIds(): readonly string[];
  /** How many nodes there are, the root included. */
  readonly nodeCount: number;
  /** Lets lists, pages and keys come in another order from now on. */
  shuffle(): void;
  /** What can happen; each answers the id of the account or node that it happened to, as it is stored. */
  readonly happenings: {
    renameAccount(): string;
    moveAccount(): string;
    tagAccount(): string;
    addAccount(): string;
    /** Takes a living account away, another one each time. */
    removeAccount(): string;
    /** Renames a node that has accounts below it. */
    renameNode(): string;
  };
  /** Lets a part of the hierarchy be refused. */
  refusePart(): void;
  /** Lets the request without which nothing can be told be refused with this message. */
  refuse(message: string): void;
  /** Lets a page of accounts be asked for too fast, twice. */
  storm(): void;
}

/** One setting of a switch, or one planned fault, and what becomes of the run that meets it. */
export interface KnobCase<C extends Cloud> {
  /** What is set or planned, in a few words. */
  readonly what: string;
  turn(cloud: C): void;
  readonly outcome: RunSummary['outcome'];
  /** Of the failure. */
  readonly code?: string;
  readonly timeoutMs?: number;
  /** How many records the run misses; none unless told otherwise. */
  readonly missing?: number;
  /** The run finds records other than they were. */
  readonly changes?: boolean;
}

/** One provider; every fault and every switch of its fake must be named. */
export interface Provider<C extends Cloud, Fault extends string, Switch extends string> {
  readonly collector: Collector;
  start(): Promise<C>;
  readonly faults: Knobs<C, Fault>;
  readonly switches: Knobs<C, Switch>;
}

/** At least one case of each name. */
export type Knobs<C extends Cloud, Name extends string> = Readonly<
  Record<Name, readonly [KnobCase<C>, ...(readonly KnobCase<C>[])]>
>;

/** Misfortune of a page that comes to the same whoever the provider is. */
type SharedEffect = Extract<CommonEffect<never>, { kind: 'delay' | 'hang' | 'expired_page_token' }>;

/** Cases that are the same for every provider; `onPage` plans an effect on the second page of the accounts, so many times. */
export function commonFaults<C extends Cloud>(
  onPage: (effect: SharedEffect, times?: number) => KnobCase<C>['turn'],
): Knobs<C, SharedEffect['kind']> {
  const expired = { kind: 'expired_page_token' } as const;
  return {
    delay: [{ what: 'of a page', turn: onPage({ kind: 'delay', ms: 30 }), outcome: 'complete' }],
    hang: [{ what: 'on a page', turn: onPage({ kind: 'hang' }), timeoutMs: 1500, outcome: 'failed', code: 'timeout' }],
    expired_page_token: [
      { what: 'once', turn: onPage(expired, 1), outcome: 'complete' },
      { what: 'every time', turn: onPage(expired), outcome: 'failed', code: 'invalid_page_token' },
    ],
  };
}

const tables = [
  ...['cloud_accounts', 'org_nodes', 'record_versions', 'events'],
  ...['scopes', 'collector_runs', 'run_scopes', 'run_pages'],
];

/** What was there and is being closed; a refused part hides whether it still is. */
const closing: readonly unknown[] = ['closing', 'closed'];

/** Declares the suite. */
export function describeProvider<C extends Cloud, Fault extends string, Switch extends string>(
  provider: Provider<C, Fault, Switch>,
): void {
  let store: TestStore;
  beforeAll(async () => {
    store = await databases[0].open();
  });
  afterAll(() => store.close());
  const open = () => openInventory(store, provider);

  describe(`the contract of every provider, kept by ${provider.collector.name}`, () => {
    describeReading(open);
    describeChanges(open);
    describeMisfortune(open);
    describeKnobs(open, 'a planned fault', provider.faults);
    describeKnobs(open, 'a switch', provider.switches);
  });
}

/** One cloud and the rows that its runs leave, as a tenant of its own. */
interface Inventory<C extends Cloud> {
  readonly cloud: C;
  run(options?: Omit<RunInto, 'writer' | 'tenant'>): Promise<RunSummary>;
  select(table: string): Promise<Row[]>;
  countWrites(): Promise<number>;
}

type Open<C extends Cloud> = () => Promise<Inventory<C>>;

async function openInventory<C extends Cloud>(
  store: TestStore,
  { collector, start }: { readonly collector: Collector; start(): Promise<C> },
): Promise<Inventory<C>> {
  const cloud = await start();
  const tenant = `tenant-${randomUUID()}`;
  return {
    cloud,
    run: (options) => runSources(collector, [cloud.source], { ...options, writer: store.writer, tenant }),
    select: (table) => store.query(`select * from ${table} where tenant_id = '${tenant}'`),
    countWrites: () => countWrites(store, tenant),
  };
}

function describeReading<C extends Cloud>(open: Open<C>): void {
  test('a first run is complete and stores every account and node, each in its place', async () => {
    const { cloud, run, select } = await open();

    const summary = await run();

    const accounts = await select('cloud_accounts');
    const nodes = await select('org_nodes');
    const ids = new Set(nodes.map(({ id }) => id));
    expect(summary).toMatchObject({ outcome: 'complete', exit_code: 0, counts: { rejected: 0, missing: 0 } });
    const stored = accounts.length + nodes.length;
    expect(summary.counts).toMatchObject({ seen: stored, inserted: stored, changed: 0, unchanged: 0, resurrected: 0 });
    expect(accounts.map(({ id }) => id).sort()).toEqual([...cloud.listAccountIds()].sort());
    expect(nodes).toHaveLength(cloud.nodeCount);
    expect(Math.max(...nodes.map(({ depth }) => Number(depth)))).toBeGreaterThan(1);
    const placed = [...accounts, ...nodes].filter(({ parent_id }) => ids.has(parent_id));
    expect(placed.length).toBeGreaterThan(nodes.length);
    for (const { id, parent_id, org_path_ids, depth } of placed) {
      const path = z.array(z.string()).parse(org_path_ids);
      expect(path.every((ancestor) => ids.has(ancestor))).toBe(true);
      // A node's path ends with itself, an account's with the node that holds it.
      expect(path.at(depth === undefined ? -1 : -2), String(id)).toBe(parent_id);
    }
    cloud.fake.assertNoUnexpected();
  });

  test('a second run in which everything comes in another order writes nothing', async () => {
    const { cloud, run, countWrites } = await open();
    await run();
    const before = await countWrites();
    cloud.shuffle();

    const summary = await run();

    expect(summary).toMatchObject({ outcome: 'complete', counts: { inserted: 0, changed: 0, missing: 0 } });
    expect(summary.counts.unchanged).toBe(summary.counts.seen);
    expect(await countWrites()).toBe(before);
  });

  test('every record that a run sees is inserted, changed or unchanged, once, however often it is delivered', async () => {
    const { cloud, run } = await open();
    await run();
    cloud.happenings.addAccount();
    const before = cloud.listAccountIds().length + cloud.nodeCount;
    cloud.happenings.renameAccount();
    cloud.happenings.renameNode();
    cloud.happenings.moveAccount();

    const { outcome, counts } = await run();

    expect([outcome, counts.seen]).toEqual(['complete', before]);
    expect(counts.inserted).toBe(1);
    expect(counts.changed).toBeGreaterThanOrEqual(3);
    expect(counts.inserted + counts.changed + counts.unchanged).toBe(counts.seen);
  });
}

const happenings = [
  ['renameAccount', 'account.updated', ['/name']],
  ['moveAccount', 'account.moved', ['/parent_id']],
  ['tagAccount', 'account.updated', ['/tags/reviewed']],
  ['addAccount', 'account.discovered', []],
  ['renameNode', 'org_node.updated', ['/name']],
] as const;

const payloadSchema = z.object({ id: z.string(), changed: z.array(z.object({ path: z.string() })).default([]) });

function describeChanges<C extends Cloud>(open: Open<C>): void {
  test.for(happenings)('%s is one event, %s', async ([happening, eventType, paths]) => {
    const { cloud, run, select } = await open();
    await run();
    const before = new Set((await select('events')).map(({ position }) => position));
    const id = cloud.happenings[happening]();

    const summary = await run();

    const [event, ...others] = (await select('events')).filter(({ position }) => !before.has(position));
    const { id: about, changed } = payloadSchema.parse(event?.['payload']);
    expect(summary.outcome).toBe('complete');
    expect(others).toEqual([]);
    expect([event?.['event_type'], about]).toEqual([eventType, id]);
    expect(changed.map(({ path }) => path)).toEqual(expect.arrayContaining([...paths]));
    // Places are told whole: by parent, path and names.
    expect(changed.filter(({ path }) => !path.startsWith('/org_path'))).toHaveLength(paths.length);
  });

  test('an account that is gone is missing once, then vanished', async () => {
    const { cloud, run, select } = await open();
    await run();
    const id = cloud.happenings.removeAccount();

    const once = await run();
    const twice = await run();

    expect(once).toMatchObject({ outcome: 'complete', counts: { missing: 1, vanished: 0 } });
    expect(twice).toMatchObject({ outcome: 'complete', counts: { vanished: 1 } });
    const vanished = (await select('cloud_accounts')).filter((row) => row['vanished_at'] !== null);
    expect(vanished.map((row) => row['id'])).toEqual([id]);
  });
}

/** A quarter of them, more than the shrink guard lets go. */
const manyAccounts = 12;

function describeMisfortune<C extends Cloud>(open: Open<C>): void {
  test('a listing that lacks a quarter of the accounts is held the second time, and nothing vanishes', async () => {
    const { cloud, run, select } = await open();
    await run();
    for (let count = 0; count < manyAccounts; count += 1) cloud.happenings.removeAccount();

    const runs = [await run(), await run(), await run()];

    expect(runs.map(({ outcome }) => outcome)).toEqual(['complete', 'held', 'held']);
    expect(runs[0]?.counts.missing).toBe(manyAccounts);
    expect((await select('cloud_accounts')).filter((row) => row['vanished_at'] !== null)).toEqual([]);
  });

  test('a part that is refused, run after run, makes nothing living vanish', async () => {
    const { cloud, run, select } = await open();
    await run();
    cloud.refusePart();

    const runs = [await run(), await run(), await run()];

    for (const summary of runs) expect(summary).toMatchObject({ outcome: 'partial', exit_code: 0 });
    const vanished = [...(await select('cloud_accounts')), ...(await select('org_nodes'))].filter(
      ({ vanished_at, lifecycle }) => vanished_at !== null && !closing.includes(lifecycle),
    );
    expect(vanished).toEqual([]);
  });

  test('a refusal without which nothing can be told fails the scope and changes nothing', async () => {
    const { cloud, run, select } = await open();
    await run();
    const before = await select('cloud_accounts');
    cloud.happenings.removeAccount();
    cloud.refuse('no');

    const runs = [await run(), await run(), await run()];

    for (const { outcome, exit_code, scopes } of runs) {
      expect([outcome, exit_code, scopes[0]?.code]).toEqual(['failed', 1, 'access_denied']);
    }
    expect(await select('cloud_accounts')).toEqual(before);
  });

  test('throttling is survived, and told in the pages of the run', async () => {
    const { cloud, run, select, countWrites } = await open();
    await run();
    const before = await countWrites();
    cloud.storm();

    const summary = await run();

    expect(summary).toMatchObject({ outcome: 'complete', counts: { changed: 0, missing: 0 } });
    expect(await countWrites()).toBe(before);
    const pages = (await select('run_pages')).filter(({ run_id }) => run_id === summary.run_id);
    expect(Math.max(...pages.map(({ attempts }) => Number(attempts)))).toBe(3);
    expect(Math.max(...pages.map(({ retry_delay_ms }) => Number(retry_delay_ms)))).toBeGreaterThan(0);
  });

  test('no secret of credentials, headers or errors is in a row, in the log or in the outcome', async () => {
    const { cloud, run, select } = await open();
    let log = '';
    const destination = {
      write(line: string) {
        log += line;
      },
    };

    const good = await run({ destination });
    cloud.refuse(echoedSecrets);
    const bad = await run({ destination });

    expect([good.outcome, bad.outcome]).toEqual(['complete', 'failed']);
    const rows = await Promise.all(tables.map(select));
    const told = `${log}${JSON.stringify([good, bad, rows])}`;
    expect(told).toContain('[redacted]');
    expect(told).not.toContain(secretMarker);
    expect(cloud.fake.secrets()).not.toEqual([]);
    for (const secret of cloud.fake.secrets()) expect(told).not.toContain(secret);
  });
}

function describeKnobs<C extends Cloud>(open: Open<C>, what: string, knobs: Knobs<C, string>): void {
  const cases = Object.entries(knobs).flatMap(([name, settings]) =>
    settings.map((setting) => ({ ...setting, name, title: `${name} ${setting.what}` })),
  );
  test.for(cases)(`${what}: $title, and the run is $outcome`, async (setting) => {
    const { cloud, run, select } = await open();
    const { fake } = cloud;
    const behaviour = structuredClone(fake.behaviour);
    await run();
    const before = await selectLiving(select);
    setting.turn(cloud);

    const { outcome, counts, scopes } = await run({ timeoutMs: setting.timeoutMs ?? 60_000 });
    const hasHappened = isMet(cloud, setting.name, behaviour);
    const after = await selectLiving(select);
    fake.faults.clear();
    Object.assign(fake.behaviour, behaviour);
    const healed = await run();
    fake.assertNoUnexpected();

    expect(hasHappened).toBe(true);
    expect([outcome, scopes[0]?.code ?? undefined]).toEqual([setting.outcome, setting.code]);
    expect(counts).toMatchObject({ missing: setting.missing ?? 0, vanished: 0 });
    expect(healed.outcome).toBe('complete');
    if (setting.changes === true) return;
    expect(after).toEqual(before);
    expect(await selectLiving(select)).toEqual(before);
  });
}

/** Whether a fault of this name befell a request, or a switch of this name is another than it was. */
function isMet({ fake }: Cloud, name: string, before: object): boolean {
  if (fake.requests.some(({ faults }) => faults.includes(name))) return true;
  const readSwitch = (behaviour: object) => JSON.stringify(Object.entries(behaviour).find(([key]) => key === name));
  return readSwitch(before) !== readSwitch(fake.behaviour);
}

/** What a reader of the inventory would see, as text. */
async function selectLiving(select: (table: string) => Promise<Row[]>): Promise<readonly string[]> {
  const rows = [...(await select('cloud_accounts')), ...(await select('org_nodes'))];
  return rows
    .filter(({ vanished_at }) => vanished_at === null)
    .map(({ id, content_hash }) => `${id} ${content_hash}`)
    .sort();
}
