// moto, an AWS implementation by other people: its server, an organization in it, and what the bare SDK says is there.
import {
  CreateAccountCommand,
  CreateOrganizationalUnitCommand,
  CreateOrganizationCommand,
  DescribeOrganizationCommand,
  ListAccountsCommand,
  ListDelegatedAdministratorsCommand,
  ListDelegatedServicesForAccountCommand,
  ListOrganizationalUnitsForParentCommand,
  ListParentsCommand,
  ListRootsCommand,
  ListTagsForResourceCommand,
  MoveAccountCommand,
  OrganizationsClient,
  RegisterDelegatedAdministratorCommand,
  TagResourceCommand,
} from '@aws-sdk/client-organizations';
import { z } from 'zod';
import { pickPort } from '#testkit/pick-port.ts';
import { startProgram, type Variables } from './inventory.ts';

/** A running moto server. */
export interface Moto {
  readonly client: OrganizationsClient;
  /** Points a collector at it. */
  readonly variables: Variables;
  close(): Promise<void>;
}

/** Starts moto on a free port of loopback. */
export async function openMoto(): Promise<Moto> {
  const port = await pickPort();
  const running = startProgram({}, ['moto_server', '-H', '127.0.0.1', '-p', String(port)]);
  await running.told(/Running on/);
  const endpoint = `http://127.0.0.1:${port}`;
  const credentials = { accessKeyId: 'x', secretAccessKey: 'y' };
  const client = new OrganizationsClient({ endpoint, region: 'us-east-1', credentials });
  return {
    client,
    variables: {
      AWS_ENDPOINT_URL: endpoint,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_REGION: 'us-east-1',
    },
    async close() {
      client.destroy();
      running.process.kill('SIGKILL');
      await running.ended;
    },
  };
}

const idSchema = z.string().min(1);

/** Ids of what the check changes later. */
export interface Planted {
  readonly root: string;
  readonly units: readonly string[];
  readonly accounts: readonly string[];
}

/** Makes an organization of 48 accounts in 14 units down to the fourth level, tagged here and there, with two delegated administrators. */
export async function plantOrganization(client: OrganizationsClient): Promise<Planted> {
  await client.send(new CreateOrganizationCommand({ FeatureSet: 'ALL' }));
  const { Roots } = await client.send(new ListRootsCommand({}));
  const root = idSchema.parse(Roots?.[0]?.Id);
  const units: string[] = [];
  for (let number = 0; number < 14; number += 1) {
    // A chain of four first, then two below each of the earlier ones.
    const parent = number < 4 ? (units[number - 1] ?? root) : (units[Math.floor(number / 4)] ?? root);
    units.push(await createUnit(client, parent, `Unit ${number} – Ünïted`));
  }
  const accounts: string[] = [];
  for (let number = 0; number < 47; number += 1) {
    const id = await createAccount(client, number);
    accounts.push(id);
    const unit = units[number % (units.length + 1)];
    if (unit === undefined) continue; // every fifteenth stays below the root
    const move = { AccountId: id, SourceParentId: root, DestinationParentId: unit };
    await client.send(new MoveAccountCommand(move));
  }
  for (const [number, id] of [...accounts, ...units].entries()) {
    if (number % 3 === 0) await tag(client, id, { env: number % 2 ? 'prod' : 'dev', 'cost:center': `cc ${number}` });
  }
  for (const [number, service] of [
    'ssm.amazonaws.com',
    'config-multiaccountsetup.amazonaws.com',
    'guardduty.amazonaws.com',
  ].entries()) {
    const AccountId = accounts[number % 2];
    await client.send(new RegisterDelegatedAdministratorCommand({ AccountId, ServicePrincipal: service }));
  }
  return { root, units, accounts };
}

async function createUnit(client: OrganizationsClient, ParentId: string, Name: string): Promise<string> {
  const { OrganizationalUnit } = await client.send(new CreateOrganizationalUnitCommand({ ParentId, Name }));
  return idSchema.parse(OrganizationalUnit?.Id);
}

async function createAccount(client: OrganizationsClient, number: number): Promise<string> {
  const { CreateAccountStatus } = await client.send(
    new CreateAccountCommand({ AccountName: `account "${number}"`, Email: `aws+${number}@example.org` }),
  );
  return idSchema.parse(CreateAccountStatus?.AccountId);
}

/** Tags an account or a unit. */
export async function tag(client: OrganizationsClient, id: string, tags: Readonly<Record<string, string>>) {
  const Tags = Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
  await client.send(new TagResourceCommand({ ResourceId: id, Tags }));
}

/** What the API must say of an account or a node, as far as AWS says it. */
export type Told = Readonly<Record<string, unknown>>;

/** Everything the bare SDK finds, asked in another way than the collector asks: parents one by one, from below. */
export async function readOrganization(client: OrganizationsClient): Promise<{ accounts: Told[]; nodes: Told[] }> {
  const { Organization } = await client.send(new DescribeOrganizationCommand({}));
  const org_id = idSchema.parse(Organization?.Id);
  const names = await readNodeNames(client);
  const delegated = await readDelegated(client);
  const listed = await collect(async (NextToken) => {
    const { Accounts, NextToken: next } = await client.send(new ListAccountsCommand({ NextToken }));
    return { items: Accounts, next };
  });
  const accounts: Told[] = [];
  for (const { Id, Name, State, Status } of listed) {
    const id = idSchema.parse(Id);
    const place = placeOf(org_id, names, await readChain(client, id));
    const is_management = id === Organization?.MasterAccountId;
    const facts = { id, org_id, name: Name, status: State ?? Status, tags: await readTags(client, id), ...place };
    accounts.push({ ...facts, is_management, delegated_services: delegated.get(id) ?? [] });
  }
  const nodes: Told[] = [];
  for (const [bareId, name] of names) {
    const above = await readChain(client, bareId);
    const { parent_id } = placeOf(org_id, names, above);
    const { parent_id: _self, ...paths } = placeOf(org_id, names, [...above, bareId]);
    const kind = above.length === 0 ? 'root' : 'ou';
    const facts = { id: `${org_id}/${bareId}`, org_id, kind, name, depth: above.length };
    nodes.push({ ...facts, parent_id, ...paths, tags: await readTags(client, bareId) });
  }
  return { accounts, nodes };
}

async function readNodeNames(client: OrganizationsClient): Promise<ReadonlyMap<string, string>> {
  const { Roots } = await client.send(new ListRootsCommand({}));
  const names = new Map<string, string>();
  const open = (Roots ?? []).map(({ Id, Name }) => ({ Id, Name }));
  for (const { Id, Name } of open) {
    const ParentId = idSchema.parse(Id);
    names.set(ParentId, idSchema.parse(Name));
    const below = await collect(async (NextToken) => {
      const command = new ListOrganizationalUnitsForParentCommand({ ParentId, NextToken });
      const { OrganizationalUnits, NextToken: next } = await client.send(command);
      return { items: OrganizationalUnits, next };
    });
    open.push(...below.map((unit) => ({ Id: unit.Id, Name: unit.Name })));
  }
  return names;
}

async function readChain(client: OrganizationsClient, id: string): Promise<readonly string[]> {
  if (id.startsWith('r-')) return [];
  const { Parents } = await client.send(new ListParentsCommand({ ChildId: id }));
  const parent = idSchema.parse(Parents?.[0]?.Id);
  return [...(await readChain(client, parent)), parent];
}

function placeOf(org_id: string, names: ReadonlyMap<string, string>, chain: readonly string[]) {
  const org_path_names = chain.map((id) => names.get(id));
  const org_path_ids = chain.map((id) => `${org_id}/${id}`);
  return { parent_id: org_path_ids.at(-1) ?? null, org_path: org_path_names.join('/'), org_path_ids, org_path_names };
}

async function readTags(client: OrganizationsClient, ResourceId: string): Promise<Record<string, string>> {
  const tags = await collect(async (NextToken) => {
    const { Tags, NextToken: next } = await client.send(new ListTagsForResourceCommand({ ResourceId, NextToken }));
    return { items: Tags, next };
  });
  return Object.fromEntries(tags.map(({ Key, Value }) => [idSchema.parse(Key), Value ?? '']));
}

async function readDelegated(client: OrganizationsClient): Promise<ReadonlyMap<string, readonly string[]>> {
  const { DelegatedAdministrators = [] } = await client.send(new ListDelegatedAdministratorsCommand({}));
  const delegated = new Map<string, readonly string[]>();
  for (const { Id } of DelegatedAdministrators) {
    const AccountId = idSchema.parse(Id);
    const { DelegatedServices = [] } = await client.send(new ListDelegatedServicesForAccountCommand({ AccountId }));
    delegated.set(AccountId, DelegatedServices.map(({ ServicePrincipal }) => idSchema.parse(ServicePrincipal)).sort());
  }
  return delegated;
}

async function collect<Item>(
  read: (token: string | undefined) => Promise<{ items: Item[] | undefined; next: string | undefined }>,
): Promise<Item[]> {
  const all: Item[] = [];
  let token: string | undefined;
  do {
    const { items, next } = await read(token);
    all.push(...(items ?? []));
    token = next;
  } while (token !== undefined);
  return all;
}
