// Tests of the Readers' records, history, runs and walls between tenants, the same on both databases.
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { StoreError } from '#core/errors.ts';
import { jsonObjectSchema } from '#core/json.ts';
import { provenanceSchema, runIdSchema, timestampSchema } from '#core/provenance.ts';
import { accountRecordSchema, orgNodeRecordSchema } from '#core/records.ts';
import { runPageSchema, runSchema, runScopeSchema, zeroCounts } from '#core/run.ts';
import {
  accountIds,
  listAccounts,
  listOrgNodes,
  nodeIds,
  openTestReader,
  optionsOf,
  type TestReader,
  walk,
} from './reader.contract.ts';
import {
  type Actor,
  account,
  evidenceOf,
  lapseLease,
  newActor,
  node,
  openRun,
  run,
  scopeOf,
} from './scenario.contract.ts';
import type { NewPage, Reader, RunEnding } from './store.ts';
import { databases, type TestStore } from './stores.contract.ts';

const versionSchema = z.strictObject({
  valid_from: timestampSchema,
  valid_to: timestampSchema.nullable(),
  content: jsonObjectSchema,
  changed_fields: z.array(z.string()),
  provenance: provenanceSchema,
  run_id: runIdSchema,
});

describe.for(databases)('the Reader on $dialect', ({ open, dialect }) => {
  let store: TestStore;
  let opened: TestReader;
  let reader: Reader;

  beforeAll(async () => {
    store = await open();
    opened = openTestReader(store);
    reader = opened.reader;
  });

  afterAll(async () => {
    await opened?.close();
    await store?.close();
  });

  async function getAccount(tenant_id: string, id: string, as_of?: string) {
    const json = await reader.getAccount({ tenant_id, provider: 'aws', id, as_of });
    return json === null ? null : accountRecordSchema.parse(JSON.parse(json));
  }

  async function historyOf(tenant_id: string, key: string, limit = 100) {
    const items = await walk((page) => reader.listHistory({ tenant_id, kind: 'account', key, ...page }), limit);
    return z.array(versionSchema).parse(items);
  }

  describe('one record', () => {
    test('an account comes as it was observed, with everything known of it, in the order of its schema', async () => {
      const actor = newActor();
      const details = { a: true, b: [1, 2.5, null, { 'x.y': 'ü"\\' }], constructor: 'c', n: -0.1, e: [], o: {} };
      const attributes = {
        name: 'Ünï',
        details,
        tags: { b: '1', a: '' },
        status_changed_at: '2026-01-01T00:00:00.500Z',
      };
      const raw = { Id: '1', nested: [false, { deep: null }] };
      const observation = account('1', attributes, { raw, provider_updated_at: '2025-12-31T23:59:59.000Z' });
      const { run_id } = await run(store.writer, actor, [observation]);

      const record = await getAccount(actor.tenant, '1');

      expect(Object.keys(record ?? {})).toEqual(Object.keys(accountRecordSchema.shape));
      expect(record).toMatchObject({ ...attributes, raw, run_id, scope: actor.scope, source: 'aws/1.0.0' });
      expect(record).toMatchObject({
        provider_updated_at: '2025-12-31T23:59:59.000Z',
        missed_runs: 0,
        project_id: null,
      });
      expect(record?.known_fields).toContain('details');
      expect(record?.provenance.requests).toEqual(evidenceOf());
    });

    test('a node comes likewise', async () => {
      const actor = newActor();
      await run(store.writer, actor, [node('ou-1', { depth: 2, org_path_names: ['Root', 'A'] })], { enumerated: [] });

      const json = await reader.getOrgNode({ tenant_id: actor.tenant, id: 'o-1/ou-1' });

      const record = orgNodeRecordSchema.parse(JSON.parse(json ?? ''));
      expect(record).toMatchObject({ id: 'o-1/ou-1', depth: 2, org_path_names: ['Root', 'A'], tags: null });
    });

    test.for(['2', '', "1' or '1'='1", '1\u0000'])('there is no account %j', async (id) => {
      const actor = newActor();
      await run(store.writer, actor, [account('1')]);

      expect(await getAccount(actor.tenant, id)).toBeNull();
    });

    test('an id of another provider is another account', async () => {
      const actor = newActor();
      await run(store.writer, actor, [account('1')]);

      expect(await reader.getAccount({ tenant_id: actor.tenant, provider: 'gcp', id: '1' })).toBeNull();
      expect(await reader.getAccount({ tenant_id: actor.tenant, provider: 'other', id: '1' })).toBeNull();
    });

    test('it was last seen when its content was delivered, or its kind last listed to the end, whichever is later', async () => {
      const actor = newActor();
      await run(store.writer, actor, [account('1')], { enumerated: [] });
      const delivered = await getAccount(actor.tenant, '1');
      await run(store.writer, actor, [account('1')]);

      const listed = await getAccount(actor.tenant, '1');

      expect(delivered?.last_seen_at).toBe(delivered?.provenance.observed_at);
      const { enumerated_at } = await scopeOf(store, actor);
      expect(enumerated_at).toEqual({ account: listed?.last_seen_at });
      expect(Date.parse(listed?.last_seen_at ?? '')).toBeGreaterThan(Date.parse(delivered?.last_seen_at ?? ''));
    });

    test('it was last seen when its own scope listed its kind, whatever others have listed since', async () => {
      const actor = newActor({ scope: 'aws:b', configured: ['aws:a', 'aws:b', 'aws:c'] });
      const scopes = ['aws:a', 'aws:b', 'aws:c'].map((scope) => ({ ...actor, scope }));
      for (let again = 0; again < 2; again += 1) {
        for (const [n, of] of scopes.entries()) await run(store.writer, of, [account(`${n}`)]);
      }

      for (const [n, of] of scopes.entries()) {
        const { enumerated_at } = await scopeOf(store, of);
        expect(await getAccount(actor.tenant, `${n}`)).toMatchObject({
          last_seen_at: jsonObjectSchema.parse(enumerated_at)['account'],
        });
      }
    });

    test('a record that was missed, or vanished, was last seen before that', async () => {
      const actor = newActor();
      await run(store.writer, actor, [account('1'), account('2')]);
      const seen = await getAccount(actor.tenant, '2');
      await run(store.writer, actor, [account('1')]);
      const missed = await getAccount(actor.tenant, '2');
      await run(store.writer, actor, [account('1')]);

      const vanished = await getAccount(actor.tenant, '2');

      expect(missed).toMatchObject({ missed_runs: 1, last_seen_at: seen?.last_seen_at, vanished_at: null });
      expect(vanished).toMatchObject({ last_seen_at: seen?.last_seen_at, vanished_reason: 'unknown' });
    });

    test('the provenance is that of the present content', async () => {
      const actor = newActor();
      const { run_id } = await run(store.writer, actor, [account('1')]);

      const json = await reader.getProvenance({ tenant_id: actor.tenant, kind: 'account', key: 'aws/1' });

      expect(provenanceSchema.parse(JSON.parse(json ?? ''))).toMatchObject({ run_id, requests: evidenceOf() });
      expect(await reader.getProvenance({ tenant_id: actor.tenant, kind: 'account', key: 'aws/2' })).toBeNull();
      expect(await reader.getProvenance({ tenant_id: actor.tenant, kind: 'org_node', key: 'aws/1' })).toBeNull();
    });
  });

  describe('history', () => {
    const actor = newActor();
    const tagged = { tags: { env: 'prod' }, org_path_ids: ['o-1/ou-1'], details: { flag: true } };

    // Discovered, changed, vanished and returned, with another account that stays.
    beforeAll(async () => {
      const other = account('2');
      await run(store.writer, actor, [account('1', { name: 'first', ...tagged }), other]);
      await run(store.writer, actor, [account('1', { name: 'second', tags: {} }), other]);
      await run(store.writer, actor, [other]);
      await run(store.writer, actor, [other]);
      await run(store.writer, actor, [account('1', { name: 'third' }), other]);
    });

    test('the present content comes first, then what it replaced; intervals meet', async () => {
      const versions = await historyOf(actor.tenant, 'aws/1');

      const names = versions.map(({ content }) => [content['name'], content['vanished_at'] !== null]);
      expect(names).toEqual([
        ['third', false],
        ['second', true],
        ['second', false],
        ['first', false],
      ]);
      expect(versions.map(({ valid_to }) => valid_to)).toEqual([
        null,
        ...versions.slice(0, -1).map(({ valid_from }) => valid_from),
      ]);
      expect(versions.map(({ changed_fields }) => changed_fields)).toEqual([
        [],
        ['name', 'vanished_at', 'vanished_reason'],
        ['vanished_at', 'vanished_reason'],
        ['name', 'tags'],
      ]);
      expect(versions[3]?.content).toMatchObject(tagged);
    });

    test('all versions have the same fields in the same order', async () => {
      const versions = await historyOf(actor.tenant, 'aws/1');

      expect(new Set(versions.map(({ content }) => Object.keys(content).join())).size).toBe(1);
    });

    test.for([1, 2, 3, 4])('in pages of %i it is the same', async (limit) => {
      expect(await historyOf(actor.tenant, 'aws/1', limit)).toEqual(await historyOf(actor.tenant, 'aws/1'));
    });

    test('a record that never changed has its present content only', async () => {
      expect(await historyOf(actor.tenant, 'aws/2')).toHaveLength(1);
    });

    test('what is no record has no history', async () => {
      const page = { tenant_id: actor.tenant, limit: 10 };

      expect(await reader.listHistory({ ...page, kind: 'account', key: 'aws/9' })).toBeNull();
      expect(await reader.listHistory({ ...page, kind: 'org_node', key: 'aws/1' })).toBeNull();
    });

    test('as of the first moment of a version, and the last one before the next, the record is that version', async () => {
      const versions = await historyOf(actor.tenant, 'aws/1');

      for (const { valid_from, valid_to, content, run_id, provenance } of versions) {
        const last = valid_to === null ? '2999-01-01T00:00:00.000Z' : earlier(valid_to);
        for (const as_of of [valid_from, last]) {
          const record = await getAccount(actor.tenant, '1', as_of);
          expect(record).toMatchObject({ ...content, valid_from, run_id, provenance });
          expect(Object.keys(record ?? {})).toEqual(Object.keys(accountRecordSchema.shape));
        }
      }
    });

    test('before it was discovered there is no record', async () => {
      const versions = await historyOf(actor.tenant, 'aws/1');
      const as_of = earlier(versions.at(-1)?.valid_from ?? '');

      expect(await getAccount(actor.tenant, '1', as_of)).toBeNull();
      expect(await accountIds(reader, actor.tenant, { as_of, vanished: 'include' })).toEqual([]);
    });

    test('filters and sorts of a list apply to the content at that time', async () => {
      const [, vanished, changed, first] = (await historyOf(actor.tenant, 'aws/1')).map(({ valid_from }) => valid_from);
      const ids = (as_of = '', options = {}) => accountIds(reader, actor.tenant, { as_of, ...options });

      expect(await ids(first, { q: 'FIRST' })).toEqual(['1']);
      expect(await ids(first, { tags: ['env:prod'] })).toEqual(['1']);
      expect(await ids(first, { under: 'o-1' })).toEqual(['1', '2']);
      expect(await ids(changed, { q: 'first' })).toEqual([]);
      expect(await ids(changed, { tags: ['env:prod'] })).toEqual([]);
      expect(await ids(changed)).toEqual(['1', '2']);
      expect(await ids(vanished)).toEqual(['2']);
      expect(await ids(vanished, { vanished: 'only' })).toEqual(['1']);
      expect(await ids(vanished, { sort: { field: 'name', descending: true }, vanished: 'include' })).toEqual([
        '1',
        '2',
      ]);
    });

    test('a list as of a time pages like any other', async () => {
      const as_of = (await historyOf(actor.tenant, 'aws/1')).at(-1)?.valid_from;
      const sort = { field: 'valid_from', descending: true } as const;

      const items = await walk((page) => reader.listAccounts(optionsOf(actor.tenant, { as_of, sort, ...page })), 1);

      expect(items).toEqual(await listAccounts(reader, actor.tenant, { as_of, sort }));
      expect(items).toHaveLength(2);
    });

    test('nodes have a history too', async () => {
      const nodes = newActor();
      await run(store.writer, nodes, [node('ou-1', { name: 'a', depth: 1 })]);
      const [found] = await listOrgNodes(reader, nodes.tenant);
      const as_of = found?.valid_from;
      await run(store.writer, nodes, [node('ou-1', { name: 'b', depth: 2 })]);

      const json = await reader.getOrgNode({ tenant_id: nodes.tenant, id: 'o-1/ou-1', as_of });

      expect(orgNodeRecordSchema.parse(JSON.parse(json ?? ''))).toMatchObject({ name: 'a', depth: 1 });
      expect(await nodeIds(reader, nodes.tenant, { as_of, q: 'A' })).toEqual(['o-1/ou-1']);
    });
  });

  describe('runs', () => {
    const page = (seq: number): NewPage => ({
      ...{ operation: 'organizations:ListAccounts', endpoint: 'https://example.com', page: seq, request_ids: ['r'] },
      ...{ attempts: 1, retry_delay_ms: 0, http_status: seq === 2 ? null : 200, items: 1, sha256: null },
      ...{ sdk: 'sdk@1', principal: null, seq, fetched_at: '2026-01-01T00:00:00.500Z' },
    });

    test('a run comes with its scopes and requests', async () => {
      const actor = newActor();
      const skipped = [{ what: 'tags', kinds: [], cause: 'AccessDenied' }];
      const open = await openRun(store.writer, actor);
      await open.upsert([account('1')], { pages: [page(1), page(2)] });
      await open.finish({ outcome: 'partial', skipped, pages: [page(3)] });

      const json = await reader.getRun({ tenant_id: actor.tenant, id: open.lease.run_id });

      const { scopes, requests, ...rest } = jsonObjectSchema.parse(JSON.parse(json ?? ''));
      expect(runSchema.parse(rest)).toMatchObject({ id: open.lease.run_id, outcome: null, finished_at: null });
      expect(z.array(runScopeSchema).parse(scopes)).toMatchObject([{ scope: 'aws:main', outcome: 'partial', skipped }]);
      expect(
        z
          .array(runPageSchema)
          .parse(requests)
          .map(({ seq }) => seq),
      ).toEqual([1, 2, 3]);
      expect(Object.keys(rest)).toEqual(Object.keys(runSchema.shape));
    });

    test('a run shows its own scopes and requests and no others, by scope and in their order', async () => {
      const [actor, neighbour] = [newActor(), newActor()];
      const open = await openRun(store.writer, actor);
      const { run_id } = open.lease;
      await open.finish({ pages: [page(3), page(1), page(2)] });
      const other = await openRun(store.writer, { ...actor, scope: 'aws:other' });
      await other.finish({ pages: [page(4)] });
      const ofScope = 'tenant_id, run_id, scope, started_at';
      const ofPage =
        'tenant_id, run_id, scope, seq, operation, page, request_ids, attempts, retry_delay_ms, items, fetched_at';
      const copyWith = async (name: string, value: string) => {
        for (const [table, columns] of [
          ['run_scopes', ofScope],
          ['run_pages', ofPage],
        ] as const) {
          await store.query(`insert into ${table} (${columns}) select ${columns.replace(name, `'${value}'`)} from ${table}
            where tenant_id = '${actor.tenant}' and run_id = '${run_id}' and scope = 'aws:main'`);
        }
      };
      await copyWith('scope', 'aws:a');
      // A run of another tenant that has the same id.
      const { tenant } = neighbour;
      await store.query(`insert into collector_runs (tenant_id, id, collector, version, "trigger", started_at)
        values ('${tenant}', '${run_id}', 'aws', '1', 'test', '2026-01-01T00:00:00.000Z')`);
      await copyWith('tenant_id', tenant);
      await store.query(`update run_pages set operation = 'theirs' where tenant_id = '${tenant}'`);
      await store.query(`insert into run_scopes (tenant_id, run_id, scope, started_at)
        values ('${tenant}', '${run_id}', 'theirs', '2026-01-01T00:00:00.000Z')`);

      const json = await reader.getRun({ tenant_id: actor.tenant, id: run_id });
      const theirs = await reader.listRuns({ tenant_id: actor.tenant, scope: 'theirs', limit: 10 });

      const { scopes, requests } = jsonObjectSchema.parse(JSON.parse(json ?? ''));
      expect(
        z
          .array(runScopeSchema)
          .parse(scopes)
          .map(({ scope }) => scope),
      ).toEqual(['aws:a', 'aws:main']);
      const found = z.array(runPageSchema).parse(requests);
      expect(found.map(({ scope, seq }) => `${scope} ${seq}`)).toEqual(
        ['aws:a', 'aws:main'].flatMap((scope) => [1, 2, 3].map((seq) => `${scope} ${seq}`)),
      );
      expect(found.map(({ operation }) => operation)).not.toContain('theirs');
      expect(theirs.json).toBe('[]');
    });

    test('a run without scopes has empty lists', async () => {
      const { tenant } = newActor();
      const id = randomUUID();
      const begun = { tenant_id: tenant, id, collector: 'aws', version: '1.0.0', image_digest: null, trigger: 'test' };
      await store.writer.beginRun(begun);

      const json = await reader.getRun({ tenant_id: tenant, id: id.toUpperCase() });

      expect(jsonObjectSchema.parse(JSON.parse(json ?? ''))).toMatchObject({ id, scopes: [], requests: [] });
    });

    test.for(['', 'x', '00000000-0000-4000-8000-000000000000', "'"])('there is no run %j', async (id) => {
      expect(await reader.getRun({ tenant_id: 'default', id })).toBeNull();
    });

    test('runs come newest first, once each in pages of any size, and by collector, scope and outcome', async () => {
      const actor = newActor();
      const first = await run(store.writer, actor, [account('1')]);
      const second = await run(store.writer, { ...actor, scope: 'aws:other' }, []);
      const third = await run(store.writer, actor, [account('1')]);
      // Begun in the same millisecond, told apart by their ids.
      await store.query(
        `update collector_runs set started_at = '2026-01-01T00:00:00.500Z' where id in ('${first.run_id}', '${second.run_id}')`,
      );
      const { tenant } = actor;
      await store.writer.finishRun({ tenant_id: tenant, id: third.run_id }, ending);
      const ids = async (options: object, limit = 10) =>
        z
          .array(runSchema)
          .parse(await walk((found) => reader.listRuns({ tenant_id: tenant, ...options, ...found }), limit))
          .map(({ id }) => id);

      const all = [third.run_id, ...[first.run_id, second.run_id].sort()];

      expect(await ids({})).toEqual(all);
      expect(await ids({}, 1)).toEqual(all);
      expect(await ids({}, 2)).toEqual(all);
      expect(await ids({ scope: 'aws:other' })).toEqual([second.run_id]);
      expect(await ids({ outcome: 'complete' })).toEqual([third.run_id]);
      expect(await ids({ collector: 'gcp' })).toEqual([]);
    });
  });

  describe('collectors', () => {
    const end = (actor: Actor, id: string, outcome: RunEnding['outcome'] = 'complete') =>
      store.writer.finishRun({ tenant_id: actor.tenant, id }, { ...ending, seen: 4, vanished: 3, outcome });

    test('each tells its latest run, and how the latest that ended did', async () => {
      const actor = newActor();
      const first = await run(store.writer, actor, [account('1')]);
      await end(actor, first.run_id, 'partial');
      const { stamp } = await openRun(store.writer, actor);

      const [runs, ...others] = await reader.listCollectorRuns(actor.tenant);

      const [begun] = await store.query(`select started_at from collector_runs where id = '${stamp.run_id}'`);
      expect(others).toEqual([]);
      expect(runs).toMatchObject({ tenant_id: actor.tenant, collector: 'aws', configured_scopes: [actor.scope] });
      expect(runs).toMatchObject({ last_run_status: 'partial', seen: 4, missing: 0, vanished: 3, rejected: 0 });
      expect(runs?.last_attempt_at).toBe(new Date(String(begun?.['started_at'])).toISOString());
      expect(runs?.last_duration_seconds).toBeGreaterThanOrEqual(0);
      expect(runs?.last_duration_seconds).toBeLessThan(60);
    });

    test('the configured scopes are those of the latest run that knew them', async () => {
      const actor = newActor({ configured: ['aws:a', 'aws:"b"'] });
      await run(store.writer, actor, []);
      const { tenant: tenant_id } = actor;
      const of = { tenant_id, collector: 'aws', version: '1.0.0', image_digest: null, trigger: 'test' };
      await store.writer.beginRun({ ...of, id: randomUUID() });

      expect(await reader.listCollectorRuns(tenant_id)).toMatchObject([{ configured_scopes: ['aws:a', 'aws:"b"'] }]);
      await store.writer.beginRun({ ...of, id: randomUUID(), configured_scopes: [] });
      expect(await reader.listCollectorRuns(tenant_id)).toMatchObject([{ configured_scopes: [] }]);
    });

    test('one that never ended a run has an attempt and no outcome, and one of an older release no list of scopes', async () => {
      const actor = newActor();
      const { stamp } = await openRun(store.writer, actor);
      await store.query(`update collector_runs set configured_scopes = null where id = '${stamp.run_id}'`);

      const unknown = { configured_scopes: null, last_run_status: null, last_duration_seconds: null, seen: null };
      expect(await reader.listCollectorRuns(actor.tenant)).toMatchObject([unknown]);
      expect((await reader.listCollectorRuns(actor.tenant))[0]?.last_attempt_at).not.toBeNull();
    });

    test('without a tenant every collector of every tenant comes, for metrics', async () => {
      const [first, second] = [newActor(), newActor()];
      for (const actor of [first, second]) await end(actor, (await run(store.writer, actor, [account('1')])).run_id);

      const all = await reader.listCollectorRuns(undefined);

      for (const { tenant } of [first, second]) {
        const own = await reader.listCollectorRuns(tenant);
        expect(own).toHaveLength(1);
        expect(all.filter(({ tenant_id }) => tenant_id === tenant)).toEqual(own);
      }
    });
  });

  /** Scopes of collectors with the same runs in every tenant, but for the latest of gcp; how many were seen tells whose and which. */
  async function insertRuns(tenants: readonly string[]): Promise<void> {
    const ids = ['aws', 'gcp'].map((collector) => [collector, [randomUUID(), randomUUID(), randomUUID()]] as const);
    for (const [t, tenant] of tenants.entries()) {
      for (const [c, [collector, runs]] of ids.entries()) {
        for (const [day, shared] of runs.entries()) {
          const id = collector === 'gcp' && day === 1 ? randomUUID() : shared;
          const began = `'2026-01-0${3 - day}T00:00:00.000Z'`;
          const ended = day === 0 ? 'null' : `'2026-01-0${3 - day}T00:00:0${day}.000Z'`;
          const outcome = day === 0 ? 'null' : `'complete'`;
          await store.query(`insert into collector_runs (tenant_id, id, collector, version, "trigger", started_at, finished_at, outcome, seen)
            values ('${tenant}', '${id}', '${collector}', '1', 'test', ${began}, ${ended}, ${outcome}, ${day + 10 * c + 100 * t})`);
          for (const [n, scope] of ['b', 'a'].entries()) {
            if (day === 0) {
              await store.query(
                `insert into scopes (tenant_id, collector, scope) values ('${tenant}', '${collector}', '${collector}:${scope}')`,
              );
            }
            await store.query(`insert into run_scopes (tenant_id, run_id, scope, started_at, finished_at, outcome, seen)
              values ('${tenant}', '${id}', '${collector}:${scope}', ${began}, ${ended}, ${outcome}, ${day + 10 * c + 100 * t + 1000 * n})`);
          }
        }
      }
    }
  }

  test('collectors and scopes of tenants whose runs have the same ids are told apart, each by its latest that ended', async () => {
    const tenants = [newActor().tenant, newActor().tenant].sort();
    await insertRuns(tenants.toReversed());

    const runs = (await reader.listCollectorRuns(undefined)).filter(({ tenant_id }) => tenants.includes(tenant_id));
    const scopes = (await reader.listScopeStatus(undefined)).filter(({ tenant_id }) => tenants.includes(tenant_id));

    const [first, second] = tenants;
    const latest = { last_attempt_at: '2026-01-03T00:00:00.000Z', last_duration_seconds: 1 };
    expect(runs).toMatchObject([
      { tenant_id: first, collector: 'aws', seen: 101, ...latest },
      { tenant_id: first, collector: 'gcp', seen: 111, ...latest },
      { tenant_id: second, collector: 'aws', seen: 1, ...latest },
      { tenant_id: second, collector: 'gcp', seen: 11, ...latest },
    ]);
    expect(scopes.map(({ tenant_id, scope, seen }) => [tenant_id, scope, seen])).toEqual([
      ...[
        [first, 'aws:a', 1101],
        [first, 'aws:b', 101],
        [first, 'gcp:a', 1111],
        [first, 'gcp:b', 111],
      ],
      ...[
        [second, 'aws:a', 1001],
        [second, 'aws:b', 1],
        [second, 'gcp:a', 1011],
        [second, 'gcp:b', 11],
      ],
    ]);
    for (const tenant of tenants) {
      expect(await reader.listCollectorRuns(tenant)).toEqual(runs.filter(({ tenant_id }) => tenant_id === tenant));
      expect(await reader.listScopeStatus(tenant)).toEqual(scopes.filter(({ tenant_id }) => tenant_id === tenant));
    }
  });

  describe('scopes', () => {
    test('each tells its times and how its latest finished run ended', async () => {
      const actor = newActor();
      await run(store.writer, actor, [account('1'), account('2')]);
      await run(store.writer, actor, [account('1')], { measures: { latency_ms: 7.5 } });
      await store.query(`update scopes set last_attempt_at = null where tenant_id = '${actor.tenant}'`);
      const { lease } = await openRun(store.writer, actor);
      const [begun] = await store.query(`select started_at from run_scopes where run_id = '${lease.run_id}'`);

      const [status, ...others] = await reader.listScopeStatus(actor.tenant);

      expect(others).toEqual([]);
      expect(status).toMatchObject({ tenant_id: actor.tenant, collector: 'aws', scope: actor.scope, held_kinds: 0 });
      expect(status).toMatchObject({ outcome: 'complete', missing: 1, vanished: 0, measures: { latency_ms: 7.5 } });
      expect(status?.last_complete_at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      // Two statements of one transaction, each of which asks the clock.
      const startedMs = Date.parse(String(begun?.['started_at']));
      expect(Math.abs(Date.parse(status?.last_attempt_at ?? '') - startedMs)).toBeLessThan(5000);
      expect(status?.duration_seconds).toBeGreaterThanOrEqual(0);
      expect(status?.duration_seconds).toBeLessThan(60);
    });

    test('one that never finished a run has no outcome', async () => {
      const actor = newActor();
      await openRun(store.writer, actor);

      const nothing = { outcome: null, duration_seconds: null, seen: null, last_complete_at: null };
      expect(await reader.listScopeStatus(actor.tenant)).toMatchObject([nothing]);
    });

    test('without a tenant every scope of every tenant comes, for metrics', async () => {
      const [first, second] = [newActor(), newActor()];
      await run(store.writer, first, [account('1')]);
      await run(store.writer, second, [account('1')]);

      const all = await reader.listScopeStatus(undefined);

      for (const { tenant } of [first, second]) {
        expect(all.filter(({ tenant_id }) => tenant_id === tenant)).toEqual(await reader.listScopeStatus(tenant));
      }
    });
  });

  describe('a run that finds its scope held by another', () => {
    /** Begins, is refused the scope, and ends. */
    async function skip(actor: Actor): Promise<void> {
      const { tenant: tenant_id, scope } = actor;
      const id = randomUUID();
      await store.writer.beginRun({
        ...{ tenant_id, id, collector: 'aws', version: '1.0.0', image_digest: null, trigger: 'test' },
        configured_scopes: [scope],
      });
      await store.writer.skipScope({ tenant_id, run_id: id, scope, collector: 'aws' }, 'another run is working on it');
      await store.writer.finishRun({ tenant_id, id }, { ...ending, outcome: 'skipped' });
    }

    const finish = async (actor: Actor, open: Awaited<ReturnType<typeof openRun>>, outcome: 'complete' | 'failed') => {
      const { tenant: tenant_id } = actor;
      await open.finish({ outcome, counts: { ...zeroCounts(), seen: 7 } });
      await store.writer.finishRun({ tenant_id, id: open.lease.run_id }, { ...ending, outcome, seen: 7 });
    };

    /** What is told of the tenant's only scope and collector, to `inventory status` and to metrics. */
    async function outcomes({ tenant }: Actor): Promise<unknown[]> {
      const told = await Promise.all(
        [tenant, undefined].map(async (tenant_id) => {
          const scopes = await reader.listScopeStatus(tenant_id);
          const runs = await reader.listCollectorRuns(tenant_id);
          const [scope, collector] = [scopes, runs].map((rows) => rows.filter((row) => row.tenant_id === tenant));
          return [
            ...(scope ?? []).map((row) => 'outcome' in row && [row.outcome, row.seen]),
            ...(collector ?? []).map((row) => 'last_run_status' in row && [row.last_run_status, row.seen]),
          ];
        }),
      );
      expect(told[1]).toEqual(told[0]);
      return told[0] ?? [];
    }

    test.for([
      'complete',
      'failed',
    ] as const)('does not hide that the holder, which began earlier and ended later, ended %s', async (outcome) => {
      const actor = newActor();
      const holder = await openRun(store.writer, actor);
      await skip(actor);
      await skip(actor);

      await finish(actor, holder, outcome);

      const told = [outcome, 7];
      expect(await outcomes(actor)).toEqual([told, told]);
    });

    test('does not hide how the run before ended, while the holder works and when it has died', async () => {
      const actor = newActor();
      await finish(actor, await openRun(store.writer, actor), 'failed');
      for (const table of ['collector_runs', 'run_scopes']) {
        await store.query(
          `update ${table} set finished_at = '2020-01-01T00:00:00.000Z' where tenant_id = '${actor.tenant}'`,
        );
      }
      const holder = await openRun(store.writer, actor);

      await skip(actor);

      const before = ['failed', 7];
      expect(await outcomes(actor)).toEqual([before, before]);
      await lapseLease(store, actor);
      await openRun(store.writer, actor);
      await skip(actor);
      // It told nobody what it had seen.
      const died = ['failed', null];
      expect(await outcomes(actor)).toEqual([died, died]);
      expect(await store.query(`select outcome from run_scopes where run_id = '${holder.lease.run_id}'`)).toEqual([
        { outcome: 'failed' },
      ]);
    });

    test('is no end of a scope that has never been read, nor of its collector', async () => {
      const actor = newActor();
      await openRun(store.writer, actor);

      await skip(actor);

      expect(await outcomes(actor)).toEqual([
        [null, null],
        [null, null],
      ]);
    });

    test('is no end either when it began after a run that died between its scopes', async () => {
      const actor = newActor();
      const dead = await openRun(store.writer, actor);
      await dead.finish({ counts: { ...zeroCounts(), seen: 7 } });
      await store.query(
        `update collector_runs set started_at = '2020-01-01T00:00:00.000Z' where id = '${dead.lease.run_id}'`,
      );
      await store.query(`update run_scopes set started_at = '2020-01-01T00:00:00.000Z',
        finished_at = '2020-01-01T00:01:00.000Z' where run_id = '${dead.lease.run_id}'`);

      await skip(actor);

      expect(await outcomes(actor)).toEqual([
        ['complete', 7],
        ['failed', null],
      ]);
    });

    test('is the latest attempt of the collector all the same', async () => {
      const actor = newActor();
      await finish(actor, await openRun(store.writer, actor), 'complete');
      const before = '2020-01-01T00:00:00.000Z';
      await store.query(`update collector_runs set started_at = '${before}' where tenant_id = '${actor.tenant}'`);

      await skip(actor);

      const [told] = await reader.listCollectorRuns(actor.tenant);
      expect(told?.last_attempt_at).not.toBe(before);
    });
  });

  test('of runs side by side the one that ended last is told, whichever began first', async () => {
    const actor = newActor();
    const { tenant: tenant_id } = actor;
    const early = await openRun(store.writer, actor);
    const late = await openRun(store.writer, { ...actor, scope: 'aws:other' });
    for (const [open, outcome] of [
      [late, 'complete'],
      [early, 'failed'],
    ] as const) {
      await open.finish({ outcome });
      await store.writer.finishRun({ tenant_id, id: open.lease.run_id }, { ...ending, outcome });
    }
    // However close they were.
    await store.query(
      `update collector_runs set started_at = '2020-01-01T00:00:00.000Z' where id = '${early.lease.run_id}'`,
    );
    await store.query(
      `update collector_runs set finished_at = '2020-01-01T00:01:00.000Z' where id = '${late.lease.run_id}'`,
    );

    expect(await reader.listCollectorRuns(tenant_id)).toMatchObject([{ last_run_status: 'failed' }]);
  });

  describe('tenants', () => {
    test('none sees what another one has', async () => {
      const [mine, theirs] = [newActor(), newActor()];
      await run(store.writer, mine, [account('1', { name: 'mine' })]);
      const ran = await run(store.writer, theirs, [account('1', { name: 'old' }), account('2'), node('ou-1')]);
      await run(store.writer, theirs, [account('1', { name: 'theirs' }), account('2'), node('ou-1')]);
      const { tenant } = mine;
      const key = { tenant_id: tenant, kind: 'account', key: 'aws/2' } as const;
      const now = new Date().toISOString();

      expect(await listAccounts(reader, tenant, { vanished: 'include' })).toMatchObject([{ name: 'mine' }]);
      expect(await listAccounts(reader, tenant, { as_of: now })).toMatchObject([{ name: 'mine' }]);
      expect(await accountIds(reader, tenant, { under: 'ou-1' })).toEqual([]);
      expect(await nodeIds(reader, tenant)).toEqual([]);
      expect(await reader.getOrgNode({ tenant_id: tenant, id: 'o-1/ou-1' })).toBeNull();
      expect(await getAccount(tenant, '2')).toBeNull();
      expect(await getAccount(tenant, '2', now)).toBeNull();
      expect(await reader.listHistory({ ...key, limit: 10 })).toBeNull();
      expect(await historyOf(tenant, 'aws/1')).toHaveLength(1);
      expect(await reader.getProvenance(key)).toBeNull();
      expect(await reader.getRun({ tenant_id: tenant, id: ran.run_id })).toBeNull();
      expect(JSON.parse((await reader.listRuns({ tenant_id: tenant, limit: 10 })).json)).toHaveLength(1);
      expect(await reader.listScopeStatus(tenant)).toMatchObject([{ tenant_id: tenant }]);
      expect(await reader.listCollectorRuns(tenant)).toMatchObject([{ tenant_id: tenant }]);
    });
  });

  describe('the connection', () => {
    test('cannot write', async () => {
      const insert = `insert into scopes (tenant_id, scope, collector) values ('any', 'aws:x', 'aws')`;

      const refusal = await opened.execute(insert).catch((error: unknown) => error);

      expect(refusal).toMatchObject({ code: dialect === 'postgres' ? '25006' : 'SQLITE_READONLY' });
      expect(refusal).toBeInstanceOf(StoreError);
    });

    test('tells the number of the newest migration, and from which on a release can work with it', async () => {
      const [row] = await store.query(
        'select max(version) as version, max(compatible_from) as compatible_from from schema_migrations',
      );

      expect(await reader.schemaVersion()).toEqual({
        version: Number(row?.['version']),
        compatible_from: Number(row?.['compatible_from']),
      });
    });
  });
});

const ending: RunEnding = {
  ...{ pages: 0, seen: 0, inserted: 0, changed: 0, unchanged: 0, resurrected: 0, missing: 0, vanished: 0, rejected: 0 },
  ...{ outcome: 'complete', principal: null, sdk: null, error_code: null, error: null },
};

/** A millisecond earlier. */
function earlier(time: string): string {
  return new Date(Date.parse(time) - 1).toISOString();
}
