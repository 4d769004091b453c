// Runs that are killed, stopped and met by others: in the end there is what an undisturbed run would have left.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  moveAccount,
  removeAccount,
  renameAccount,
  renameUnit,
  setAccountState,
  tagResource,
} from '#testkit/aws/mutations.ts';
import { createRandom } from '#testkit/random.ts';
import { type Caller, type CheckedAws, memberOf, openAws, writeWalkingConfig } from './aws.ts';
import { type CheckedDatabase, databases } from './databases.ts';
import { type Ended, inventory, type Running, start, summaryOf, type Variables } from './inventory.ts';
import { count, readState, type State } from './state.ts';

const accounts = 1300;

// Every check that is not repeatable says how to repeat it.
const seed = Number(process.env['VERIFY_SEED'] ?? Date.now() % 1_000_000);
const random = createRandom(seed);
console.log(`interrupted runs: repeat them with VERIFY_SEED=${seed}`);

let aws: CheckedAws;
let folder: string;
let config: Variables;

/** Where a run begins, and what an undisturbed one makes of it. */
interface Beginning {
  readonly database: CheckedDatabase;
  readonly expected: State;
  /** Requests of the undisturbed run. */
  readonly requests: number;
}

const beginnings = new Map<string, Beginning>();

beforeAll(async () => {
  // No empty pages, which come by chance: each run makes the same requests. 10 ms each, so that a run takes seconds.
  aws = await openAws(accounts, { empty_page_ratio: 0 });
  aws.fake.faults.plan({ effect: { kind: 'delay', ms: 10 } });
  folder = await mkdtemp(join(tmpdir(), 'inventory-verify-'));
  config = await writeWalkingConfig(join(folder, 'inventory.yaml'));
  const earlier = await Promise.all(databases.map(({ open }) => open()));
  await collectAll(earlier);
  for (const place of [700, 800, 900]) removeAccount(aws.organization, memberOf(aws, place));
  // Missed once: the next run makes them vanish.
  await collectAll(earlier);
  changeOrganization(aws);
  for (const [index, { dialect, open }] of databases.entries()) {
    for (const [name, database] of [['empty', await open()] as const, ['earlier', earlier[index]] as const]) {
      if (database !== undefined) beginnings.set(`${dialect} ${name}`, await readBeginning(database));
    }
  }
});

afterAll(async () => {
  await aws.fake.close();
  await Promise.all([...beginnings.values()].map(({ database }) => database.close()));
  await rm(folder, { recursive: true });
});

async function collectAll(all: readonly CheckedDatabase[]): Promise<void> {
  for (const database of all) expectComplete(await inventory(toVariables(database, aws.addCaller()), 'collect', 'aws'));
}

async function readBeginning(database: CheckedDatabase): Promise<Beginning> {
  const undisturbed = await database.copy();
  const caller = aws.addCaller();
  expectComplete(await inventory(toVariables(undisturbed, caller), 'collect', 'aws'));
  const expected = await readState(undisturbed);
  await undisturbed.close();
  return { database, expected, requests: aws.fake.requests.filter(caller.made).length };
}

function changeOrganization({ organization }: CheckedAws): void {
  const units = [...organization.units.keys()];
  for (let place = 0; place < 1200; place += 7) {
    const id = [...organization.accounts.keys()][place + 1] ?? '';
    if (place % 3 === 0) renameAccount(organization, id, `renamed ${place}`);
    if (place % 3 === 1) moveAccount(organization, id, units[place % units.length] ?? '');
    if (place % 3 === 2) tagResource(organization, id, { changed: String(place) });
    if (place % 5 === 0) setAccountState(organization, id, 'SUSPENDED');
  }
  renameUnit(organization, units[1] ?? '', 'Renamed');
}

function toVariables(database: CheckedDatabase, caller: Caller): Variables {
  return { ...caller.variables, ...database.collector, ...config };
}

function expectComplete(ended: Ended): void {
  expect({ code: ended.code, outcome: summaryOf(ended).outcome }).toEqual({ code: 0, outcome: 'complete' });
}

/** Does something to a run when its n-th request arrives. */
function atRequest(caller: Caller, nth: number, act: () => void): Promise<void> {
  return new Promise((resolve) => {
    const mutate = () => {
      act();
      resolve();
    };
    aws.fake.faults.plan({ nth, when: caller.made, effect: { kind: 'mutate', mutate } });
  });
}

/** A run that has made so many requests. */
async function startUntil(database: CheckedDatabase, nth: number, act: (run: Running) => void): Promise<Running> {
  const caller = aws.addCaller();
  const run = start(toVariables(database, caller), 'collect', 'aws');
  await atRequest(caller, nth, () => act(run));
  return run;
}

async function copyOf(name: string): Promise<Beginning> {
  const beginning = beginnings.get(name);
  if (beginning === undefined) throw new RangeError(`there is no beginning ${name}`);
  return { ...beginning, database: await beginning.database.copy() };
}

const kills = [...Array(10).keys(), ...Array(4).keys()].map((number, index) => ({
  from: `${index < 10 ? 'sqlite' : 'postgres'} ${number % 2 ? 'empty' : 'earlier'}`,
  // Of its requests; batches are written between some of them.
  share: random.integer(100) / 100,
  delayMs: random.integer(40),
}));

describe.concurrent('a run', () => {
  test.for(kills)('killed after $share of its requests from $from and run again', async ({ from, share, delayMs }) => {
    const { database, expected, requests } = await copyOf(from);
    // The last few are left out, so that it cannot be over before it is killed.
    const nth = 1 + Math.floor(share * (requests - 5));

    const run = await startUntil(
      database,
      nth,
      ({ process }) => void setTimeout(() => process.kill('SIGKILL'), delayMs),
    );
    const killed = await run.ended;
    const again = await inventory(toVariables(database, aws.addCaller()), 'collect', 'aws');

    expect(killed.signal).toBe('SIGKILL');
    expectComplete(again);
    // It waited until the dead one's lease had lapsed.
    expect(again.milliseconds).toBeGreaterThan(20_000);
    expect(await count(database, 'collector_runs', `outcome = 'failed' and error_code = 'lease_lapsed'`)).toBe(1);
    expect(await readState(database)).toEqual(expected);
    await database.close();
  });

  test.for(databases)('stopped past the end of its lease writes nothing more, $dialect', async ({ dialect }) => {
    const { database, expected, requests } = await copyOf(`${dialect} earlier`);

    const run = await startUntil(database, Math.floor(requests * 0.7), ({ process }) => process.kill('SIGSTOP'));
    const second = await inventory(toVariables(database, aws.addCaller()), 'collect', 'aws');
    // What the second has written is what a late write of the first would spoil.
    await database.query(`update cloud_accounts set name = 'newer', content_hash = 'newer'`);
    run.process.kill('SIGCONT');
    const stopped = await run.ended;

    expectComplete(second);
    expect(stopped.code).toBe(1);
    expect(summaryOf(stopped)).toMatchObject({ outcome: 'failed', scopes: [{ code: 'lease_lost' }] });
    expect(await count(database, 'cloud_accounts', `name <> 'newer'`)).toBe(0);
    const { versions, events } = await readState(database);
    expect({ versions, events }).toEqual({ versions: expected.versions, events: expected.events });
    await database.close();
  });

  test.for(databases)('that meets another one names it and exits 0, $dialect', async ({ dialect }) => {
    const { database, expected } = await copyOf(`${dialect} empty`);
    const caller = aws.addCaller();
    // Longer than the first run's timer, which renews its lease.
    aws.fake.faults.plan({ nth: 30, when: caller.made, effect: { kind: 'delay', ms: 13_000 } });
    const first = start(toVariables(database, caller), 'collect', 'aws');
    await atRequest(caller, 29, () => undefined);

    const second = await inventory(toVariables(database, aws.addCaller()), 'collect', 'aws');
    const ended = await first.ended;

    expectComplete(ended);
    expect({ code: second.code, outcome: summaryOf(second).outcome }).toEqual({ code: 0, outcome: 'skipped' });
    expect(summaryOf(second).scopes[0]?.reason).toContain(summaryOf(ended).run_id);
    expect(await readState(database)).toEqual(expected);
    await database.close();
  });

  test.for(databases)('that is asked to end keeps what it has seen, $dialect', async ({ dialect }) => {
    const { database, expected, requests } = await copyOf(`${dialect} empty`);

    const run = await startUntil(database, requests - 20, ({ process }) => process.kill('SIGTERM'));
    const ended = await run.ended;
    const kept = await count(database, 'cloud_accounts');
    const leases = await count(database, 'scopes', 'holder_run_id is not null');
    const again = await inventory(toVariables(database, aws.addCaller()), 'collect', 'aws');

    expect(ended.code).toBe(1);
    expect(summaryOf(ended)).toMatchObject({ outcome: 'failed', scopes: [{ code: 'terminated' }] });
    expect(kept).toBeGreaterThan(500);
    expect(kept).toBeLessThan(accounts);
    expect(await count(database, 'run_scopes', `outcome = 'failed'`)).toBe(1);
    expect(leases).toBe(0);
    expectComplete(again);
    expect(await readState(database)).toEqual(expected);
    await database.close();
  });
});
