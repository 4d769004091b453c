// docs/connect-aws.md stays true: its policy is the one that is printed, its table says what a run really says.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { systemClock } from '#core/clock.ts';
import { createHttpClient } from '#core/http.ts';
import { createLogger } from '#core/log.ts';
import { describeError } from '#core/redact.ts';
import type { FaultPlan } from '#testkit/aws/faults.ts';
import type { WebTokenPlan } from '#testkit/aws/web-identity.ts';
import { runCollector } from '../runner.ts';
import { collector } from './collector.ts';
import { toProviderError } from './errors.ts';
import { type Started, startAws, useEnvironment, useKeys } from './observe.contract.ts';
import { createPermissions } from './permissions.ts';

const page = await readFile(join(import.meta.dirname, '../../docs/connect-aws.md'), 'utf8');
const subject = 'system:serviceaccount:inventory:collector-aws';
const hub = 'arn:aws:iam::111122223333:role/inventory-collector';

/** What the table of the page lets a run say; `…` stands for anything. */
const documented = [...page.slice(page.indexOf('| it says |')).matchAll(/^\| (`.+?) \|/gm)].flatMap(([, cell = '']) =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, text = '']) => text),
);

/** The reason that a dry run of the source `main` ends with. */
async function reasonOf(source: Record<string, unknown> = {}): Promise<string> {
  const summary = await runCollector({
    collector,
    config: collector.config.parse({ sources: [{ name: 'main', ...source }] }),
    tenant_id: 'default',
    version: '0.0.0',
    image_digest: null,
    trigger: 'cli',
    scopes: undefined,
    writer: undefined,
    clock: systemClock,
    log: createLogger({ level: 'silent' }),
    http: createHttpClient({ proxyEnv: {} }),
    proxyEnv: {},
    signal: new AbortController().signal,
    timeoutMs: 60_000,
  });
  return summary.scopes[0]?.reason ?? 'nothing';
}

function matches(pattern: string, reason: string): boolean {
  const parts = pattern.split('…').map((part) => part.trim().replaceAll(/[\\^$.*+?()[\]{}|/]/g, '\\$&'));
  return new RegExp(`^${parts.join('.*')}`).test(reason);
}

/** What could not be read is told in one list. */
function partsOf(reason: string): readonly string[] {
  const unread = 'could not be read: ';
  if (!reason.startsWith(unread)) return [reason];
  return reason
    .slice(unread.length)
    .split(', ')
    .map((part) => `${unread}${part}`);
}

async function assumeByToken({ fake, organization }: Started, plan: WebTokenPlan, content?: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'connect-aws-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const token_file = join(folder, 'token');
  await writeFile(token_file, content ?? fake.issueWebToken(plan));
  fake.addRole({ arn: hub, trusts: [organization.management_account_id], web_identity: { subject } });
  useEnvironment(fake, {});
  return await reasonOf({ web_identity: { role_arn: hub, token_file } });
}

async function denied({ fake }: Started, ...operations: readonly string[]): Promise<string> {
  for (const operation of operations) {
    const fault: FaultPlan = { operation, effect: { kind: 'error', code: 'AccessDeniedException' } };
    fake.faults.plan(fault);
  }
  return await reasonOf();
}

function refused(name: string): string {
  const error = toProviderError(Object.assign(new Error('no'), { name }), 'organizations:ListAccounts', null);
  return `${error.code}: ${describeError(error)}`;
}

const accidents: Readonly<Record<string, (started: Started) => string | Promise<string>>> = {
  'no credentials': ({ fake }) => {
    useEnvironment(fake, {});
    return reasonOf();
  },
  'no token file': ({ fake }) => {
    useEnvironment(fake, {});
    return reasonOf({ web_identity: { role_arn: hub, token_file: '/does/not/exist' } });
  },
  'unknown keys': ({ fake, keys }) => {
    useKeys(fake, { ...keys, access_key_id: 'AKIAUNKNOWN' });
    return reasonOf();
  },
  'a wrong secret key': ({ fake, keys }) => {
    useKeys(fake, { ...keys, secret_access_key: 'wrong' });
    return reasonOf();
  },
  'a token for somebody else': (started) => assumeByToken(started, { subject, audience: 'vault' }),
  "another cluster's token": (started) => assumeByToken(started, { subject, issuer: 'https://other.example' }),
  'another service account': (started) => assumeByToken(started, { subject: `${subject}-2` }),
  'an expired token': (started) => assumeByToken(started, { subject, lives_seconds: -60 }),
  'a wrong external id': ({ fake, organization }) => {
    fake.addRole({ arn: hub, trusts: [organization.management_account_id], external_id: 'right' });
    return reasonOf({ role_chain: [{ role_arn: hub, external_id: 'wrong' }] });
  },
  'a session that is too long': ({ fake, organization }) => {
    fake.addRole({ arn: hub, trusts: [organization.management_account_id] });
    return reasonOf({ role_chain: [{ role_arn: hub, duration_seconds: 43_200 }] });
  },
  'a standalone account': ({ fake }) => {
    useKeys(fake, fake.addUser('999988887777'));
    return reasonOf();
  },
  'another organization': () => reasonOf({ organization_id: 'o-another0000' }),
  'a member without rights': ({ fake, organization }) => {
    const member = [...organization.accounts.keys()].findLast((id) => !organization.delegations.has(id));
    useKeys(fake, fake.addUser(member ?? ''));
    return reasonOf();
  },
  // Many attempts are made in these cases, as in failures.test.ts: here only what is said in the end.
  throttling: () => refused('TooManyRequestsException'),
  'no connection': () => refused('NetworkingError'),
  'no answer': () => refused('TimeoutError'),
  'no tags': (started) => denied(started, 'ListTagsForResource'),
  'no delegated administrators': (started) => denied(started, 'ListDelegatedAdministrators'),
  'no roots': (started) => denied(started, 'ListRoots'),
  'no units': (started) => denied(started, 'ListOrganizationalUnitsForParent'),
  'no unit by its id': (started) => denied(started, 'ListRoots', 'DescribeOrganizationalUnit'),
  'no parents': async () => {
    const started = await startAws({ behaviour: { paths: false }, plan: { accounts: 8, organizational_units: 2 } });
    return await denied(started, 'ListAccountsForParent', 'ListChildren');
  },
  'no states': async () => {
    await startAws({ behaviour: { account_state: 'neither' }, plan: { accounts: 8, organizational_units: 2 } });
    return await reasonOf();
  },
  'a proxy in between': ({ fake }) => {
    fake.faults.plan({ effect: { kind: 'raw', status: 403, body: '<html>blocked</html>', content_type: 'text/html' } });
    return reasonOf();
  },
};

test('every accident is in the table as a run says it, and the table lists no other', async () => {
  const told: { readonly accident: string; readonly reason: string }[] = [];
  for (const [accident, befall] of Object.entries(accidents)) {
    const reason = await befall(await startAws({ plan: { accounts: 8, organizational_units: 2 } }));
    told.push(...partsOf(reason).map((part) => ({ accident, reason: part })));
  }

  const unlisted = told.filter(({ reason }) => !documented.some((pattern) => matches(pattern, reason)));
  const untold = documented.filter((pattern) => !told.some(({ reason }) => matches(pattern, reason)));

  expect(unlisted).toEqual([]);
  expect(untold).toEqual([]);
});

test('the policy of the page is the one that `inventory permissions aws` prints', () => {
  const printed = createPermissions(collector.config.parse({ sources: [{ name: 'main' }] })).at(-1);

  expect(page).toContain(`\`\`\`json\n${JSON.stringify(printed?.policy, undefined, 2)}\n\`\`\``);
});

test('every key of a source is in the table of the configuration', () => {
  const { sources } = collector.config.parse({
    sources: [
      {
        ...{ name: 'main', organization_id: 'o-abc123def4', web_identity: { role_arn: hub, token_file: '/token' } },
        ...{ region: 'us-east-1', partition: 'aws', region_residency: 'eu' },
        role_chain: [
          { role_arn: hub, external_id: 'x1', source_identity: 'x1', session_name: 'x', duration_seconds: 900 },
        ],
      },
    ],
  });
  const keys = sources.flatMap((source) =>
    [source, source.web_identity, ...source.role_chain].flatMap((part) => Object.keys(part ?? {})),
  );

  expect(keys.filter((key) => !page.includes(`\`${key}\``) && key !== 'name')).toEqual([]);
});
