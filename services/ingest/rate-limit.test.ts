// The pace of callers by a clock that the test turns.
import { Hono } from 'hono';
import { expect, test } from 'vitest';
import type { AppEnv } from '#services/env.ts';
import { limitRate } from './rate-limit.ts';

function createLimited(perMinute: number) {
  const time = { ms: 1000 };
  const app = new Hono<AppEnv>();
  app.use(async (c, next) => {
    c.set('identity', { name: c.req.query('name') ?? '', tenant_id: c.req.query('tenant') ?? 't', scopes: 'all' });
    await next();
  });
  app.use(limitRate({ perMinute, nowMs: () => time.ms }));
  app.get('/', (c) => c.text('ok'));
  const ask = async (caller: string) => {
    const response = await app.request(`/?${caller}`);
    return response.status === 429 ? Number(response.headers.get('Retry-After')) : response.status;
  };
  return { time, ask };
}

test('a minute of requests comes at once, then one at a time', async () => {
  const { time, ask } = createLimited(60);
  for (let i = 0; i < 60; i += 1) expect(await ask('name=a')).toBe(200);

  expect(await ask('name=a')).toBe(1);
  time.ms += 999;
  expect(await ask('name=a')).toBe(1);
  time.ms += 1;
  expect(await ask('name=a')).toBe(200);
  expect(await ask('name=a')).toBe(1);
});

test('refused requests cost nothing, and whoever has been away has a minute of requests again', async () => {
  const { time, ask } = createLimited(2);
  expect([await ask('name=a'), await ask('name=a')]).toEqual([200, 200]);
  for (let i = 0; i < 10; i += 1) expect(await ask('name=a')).toBe(30);

  time.ms += 600_000;

  expect([await ask('name=a'), await ask('name=a'), await ask('name=a')]).toEqual([200, 200, 30]);
});

test('callers of one name in two tenants are two', async () => {
  const { ask } = createLimited(1);

  expect([await ask('name=a&tenant=x'), await ask('name=a&tenant=y'), await ask('name=a&tenant=x')]).toEqual([
    200, 200, 60,
  ]);
});

test('where callers are many, those who have been away are forgotten and nobody else', async () => {
  const { time, ask } = createLimited(1);
  for (let i = 0; i <= 10_000; i += 1) await ask(`name=${i}`);
  time.ms += 59_999;

  expect([await ask('name=new'), await ask('name=0')]).toEqual([200, 1]);
  time.ms += 1;
  expect([await ask('name=0'), await ask('name=new')]).toEqual([200, 60]);
});
