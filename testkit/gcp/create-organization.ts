// Builds an organization of any size that looks like a real one and is the same for the same seed.
import { createRandom, type Random, toSeed } from '../random.ts';
import type { GcpFolder, GcpOrganization, GcpProject, Labels } from './organization.ts';

/** What to build; everything but the id has a default. */
export interface OrganizationPlan {
  /** The organization's number. */
  readonly id: string;
  readonly seed?: number;
  readonly domain?: string;
  /** Projects in all, the parentless and those of Apps Script included. */
  readonly projects?: number;
  /** Folders in all, `system-gsuite` and `apps-script` included. */
  readonly folders?: number;
  /** Levels of folders, at most Google's ten. */
  readonly depth?: number;
  /** Share of projects that carry labels. */
  readonly labelled?: number;
  /** Share of projects to which nobody gave a display name. */
  readonly unnamed?: number;
  /** Projects outside the organization, which only a search finds. */
  readonly parentless?: number;
  /** `sys-` projects, as Apps Script makes them. */
  readonly apps_script?: number;
  /** Numbers of the first projects, such as ids of AWS accounts: both have twelve digits. */
  readonly project_numbers?: readonly string[];
}

/** How deep folders may nest. */
export const deepestFolder = 10;

const digits = '0123456789';
const lowerAlphanumeric = 'abcdefghijklmnopqrstuvwxyz0123456789';
const topFolders = ['Production', 'Staging', 'Development', 'Shared', 'Sandbox', 'Data', 'Security', 'Network'];
const lowerFolders = ['Payments', 'Retail', 'Analytics', 'Logistics', 'Legacy', 'EU', 'US', 'Tools', 'Identity', 'Lab'];
const appsScriptPath = ['system-gsuite', 'apps-script'];
const teams = ['payments', 'checkout', 'identity', 'search', 'ledger', 'shipping', 'catalog', 'billing'];
const stages = ['prod', 'staging', 'dev', 'sandbox'];
const epoch = Date.UTC(2020, 1, 3, 10, 15);

/** The organization of this plan, quickly enough for 100,000 projects in a test. */
export function createOrganization(plan: OrganizationPlan): GcpOrganization {
  if (!/^[1-9]\d{0,18}$/.test(plan.id)) throw new RangeError(`${plan.id} is not the number of an organization`);
  const random = createRandom(toSeed(plan.id) ^ (plan.seed ?? 1));
  const name = `organizations/${plan.id}`;
  const size = toSize(plan);
  const folders = createFolders(plan, size, name, random);
  return {
    id: plan.id,
    name,
    domain: plan.domain ?? `example-${plan.id}.com`,
    directory_customer_id: `C0${random.text(7, lowerAlphanumeric)}`,
    create_time: new Date(epoch),
    folders,
    projects: createProjects(plan, listParents(size, name, folders), random),
    revision: 0,
  };
}

interface Size {
  readonly projects: number;
  readonly folders: number;
  readonly parentless: number;
  readonly apps_script: number;
}

function toSize(plan: OrganizationPlan): Size {
  const { projects = 8, folders = 4 } = plan;
  // Small organizations are for tests that look at single rows; they get oddities only when they ask for them.
  const isLarge = projects >= 10 && folders >= 4;
  return {
    projects,
    folders,
    parentless: plan.parentless ?? (isLarge ? 1 : 0),
    apps_script: plan.apps_script ?? (isLarge ? 2 : 0),
  };
}

function createFolders(plan: OrganizationPlan, size: Size, root: string, random: Random): Map<string, GcpFolder> {
  const depth = Math.min(plan.depth ?? 3, deepestFolder);
  const folders = new Map<string, GcpFolder>();
  const add = (parent: string, displayName: string) => {
    const name = takeName('folders', folders, random);
    folders.set(name, { name, parent, display_name: displayName, state: 'ACTIVE', ...toTimes(folders.size, random) });
    return name;
  };
  if (size.apps_script > 0) appsScriptPath.reduce(add, root);
  const reserved = folders.size;
  const open = [{ name: root, level: 0 }];
  while (folders.size < size.folders) {
    const number = folders.size - reserved;
    // The first folder of each level hangs below the one before, so that the depth asked for is really reached.
    const { name: parent, level } = (number < depth ? open[number] : undefined) ?? random.pick(open);
    const names = level === 0 ? topFolders : lowerFolders;
    // A number only once the list of names is used up: siblings must have names of their own.
    const name = add(parent, `${names[number % names.length]}${number < names.length ? '' : ` ${number}`}`);
    if (level + 1 < depth) open.push({ name, level: level + 1 });
  }
  const last = [...folders.values()].at(-1);
  // The last one is empty, as a folder must be when its deletion is requested.
  if (last !== undefined && folders.size - reserved >= 6) folders.set(last.name, { ...last, ...toDeleted(last) });
  return folders;
}

/** The parent of each project in turn: ordinary ones, then those without a parent, then those of Apps Script. */
function listParents(size: Size, root: string, folders: ReadonlyMap<string, GcpFolder>): readonly string[] {
  const all = [...folders.values()];
  const ordinary = all.filter((folder) => folder.state === 'ACTIVE' && !appsScriptPath.includes(folder.display_name));
  const homes = [root, ...ordinary.map((folder) => folder.name)];
  const appsScript = all.find((folder) => folder.display_name === 'apps-script')?.name ?? root;
  const count = Math.max(0, size.projects - size.parentless - size.apps_script);
  return [
    // The first projects fill the nodes in turn, so that small organizations have no needlessly empty ones.
    ...Array.from({ length: count }, (_, number) => homes[number % homes.length] ?? root),
    ...Array.from({ length: size.parentless }, () => ''),
    ...Array.from({ length: size.apps_script }, () => appsScript),
  ].slice(0, size.projects);
}

function createProjects(plan: OrganizationPlan, parents: readonly string[], random: Random): Map<string, GcpProject> {
  const projects = new Map<string, GcpProject>();
  const appsScriptFrom = parents.length - toSize(plan).apps_script;
  for (const [number, parent] of parents.entries()) {
    const given = plan.project_numbers?.[number];
    const name = given === undefined ? takeName('projects', projects, random) : `projects/${given}`;
    const words = number < appsScriptFrom ? toWords(plan, number, random) : toAppsScriptWords(random);
    const project: GcpProject = { name, parent, state: 'ACTIVE', ...words, ...toTimes(number, random) };
    // Every twentieth, the first of them early enough for small organizations.
    projects.set(name, number % 20 === 4 ? { ...project, ...toDeleted(project) } : project);
  }
  return projects;
}

type Words = Pick<GcpProject, 'project_id' | 'display_name' | 'labels'>;

function toWords(plan: OrganizationPlan, number: number, random: Random): Words {
  const [team, stage] = [random.pick(teams), random.pick(stages)];
  const labels: Labels = { env: stage, team, 'cost-center': `cc-${random.integer(900) + 100}` };
  return {
    project_id: `${team}-${stage}-${random.text(6, lowerAlphanumeric)}`,
    display_name: random.next() < (plan.unnamed ?? 0.1) ? '' : `${team} ${stage} ${number}`,
    labels: random.next() < (plan.labelled ?? 0.7) ? labels : {},
  };
}

function toAppsScriptWords(random: Random): Words {
  return { project_id: `sys-${random.text(26, digits)}`, display_name: 'Untitled project', labels: {} };
}

function takeName(collection: 'folders' | 'projects', taken: ReadonlyMap<string, unknown>, random: Random): string {
  // Twelve digits that never begin with a zero, like numbers and unlike ids of AWS accounts.
  const name = `${collection}/${random.integer(9) + 1}${random.text(11, digits)}`;
  return taken.has(name) ? takeName(collection, taken, random) : name;
}

function toTimes(number: number, random: Random) {
  const created = new Date(epoch + number * 3_601_017 + random.integer(1000));
  return { create_time: created, update_time: created, delete_time: null };
}

function toDeleted({ create_time: created }: GcpFolder) {
  const at = new Date(created.getTime() + 86_400_000);
  return { state: 'DELETE_REQUESTED', update_time: at, delete_time: at } as const;
}
