// Which references are good, and which labels name an account.
import { expect, test } from 'vitest';
import { accountReferenceSchema, accountsInLabels } from './account-reference.ts';

const subscription = '11111111-AAAA-4bbb-8ccc-0123456789ab';

test.for([
  ['aws/111122223333', 'aws/111122223333'],
  ['gcp/my-project', 'gcp/my-project'],
  ['gcp/example.com:my-project', 'gcp/example.com:my-project'],
  [`azure/${subscription}`, `azure/${subscription.toLowerCase()}`],
  ['aws/1111', undefined],
  [`gcp/${'p'.repeat(129)}`, undefined],
  ['azure/------------------------------------', undefined],
  ['111122223333', undefined],
])('%s is the account %s', ([text, reference]) => {
  expect(accountReferenceSchema.safeParse(text).data).toBe(reference);
});

test.for<[Record<string, string>, string[]]>([
  [{ account_id: '111122223333' }, ['aws/111122223333']],
  [{ account_id: subscription }, [`azure/${subscription.toLowerCase()}`]],
  [{ aws_account_id: '111122223333', account_id: '111122223333' }, ['aws/111122223333']],
  [{ project_id: 'shop-prod' }, ['gcp/shop-prod']],
  [{ subscription_id: subscription }, [`azure/${subscription.toLowerCase()}`]],
  [{ account_id: 'shop-prod', aws_account_id: 'main', project_id: '', team: '111122223333' }, []],
])('labels %j name %j', ([labels, references]) => {
  expect(accountsInLabels(labels).map(({ to_ref }) => to_ref)).toEqual(references);
});

test('of several labels of one account the first is the basis', () => {
  const labels = { cloud_account_id: '111122223333', aws_account_id: '111122223333' };

  expect(accountsInLabels(labels)).toEqual([{ to_ref: 'aws/111122223333', label: 'aws_account_id' }]);
});
