// A listing that is refused half-way proves nothing about what it did not show.
import { expect, onTestFinished, test } from 'vitest';
import { openAws } from './aws.ts';
import { databases } from './databases.ts';
import { inventory, summaryOf } from './inventory.ts';
import { count, readState } from './state.ts';

test.for(databases)('access denied on page 3 fails the run and lets nothing vanish, $dialect', async ({ open }) => {
  const aws = await openAws(200);
  onTestFinished(() => aws.fake.close());
  const database = await open();
  onTestFinished(() => database.close());
  const variables = { ...aws.addCaller().variables, ...database.collector };
  await inventory(variables, 'collect', 'aws');
  const before = await readState(database);

  const effect = { kind: 'error', code: 'AccessDeniedException', message: 'not any more' } as const;
  aws.fake.faults.plan({ operation: 'ListAccounts', page: 3, effect });
  for (let run = 0; run < 3; run += 1) {
    const ended = await inventory(variables, 'collect', 'aws');

    expect(ended.code).toBe(1);
    expect(summaryOf(ended)).toMatchObject({ outcome: 'failed', scopes: [{ code: 'access_denied' }] });
    expect(ended.stderr).toContain('organizations:ListAccounts');
  }

  expect(await readState(database)).toEqual(before);
  expect(await count(database, 'cloud_accounts', 'missed_runs > 0')).toBe(0);
  expect(await count(database, 'collector_runs', `outcome = 'failed'`)).toBe(3);
});
