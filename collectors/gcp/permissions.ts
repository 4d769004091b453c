// The least that the credentials must be allowed: one custom role per source, and where it is bound.
import { type GcpConfig, type GcpSourceConfig, toScope } from './config.ts';

/** Every method of Resource Manager that is called, and the IAM permission it asks for. */
export const permissionsByMethod = {
  GetOrganization: 'resourcemanager.organizations.get',
  GetFolder: 'resourcemanager.folders.get',
  GetProject: 'resourcemanager.projects.get',
  ListFolders: 'resourcemanager.folders.list',
  ListProjects: 'resourcemanager.projects.list',
  SearchFolders: 'resourcemanager.folders.get',
  SearchProjects: 'resourcemanager.projects.get',
} as const;

export type Method = keyof typeof permissionsByMethod;

/** An IAM role to create, in the form of `gcloud iam roles create --file`. */
interface CustomRole {
  readonly parent: string;
  readonly role_id: string;
  readonly definition: {
    readonly title: string;
    readonly description: string;
    readonly stage: 'GA';
    readonly includedPermissions: readonly string[];
  };
}

/** A role for a member on a resource. */
interface Binding {
  readonly resource: string;
  readonly role: string;
  readonly members: readonly string[];
}

/** What one scope needs: the role, then the bindings. */
export interface Permission {
  readonly scope: string;
  readonly role: CustomRole;
  readonly bindings: readonly Binding[];
  /** The services to enable, and the project in which. */
  readonly services: { readonly project: string; readonly enable: readonly string[] };
}

const roleId = 'cloudInventoryReader';
const federated = "the collector's own identity, for example principal://iam.googleapis.com/…/subject/…";
const unnamedProject = 'the project of the credentials';

/** The roles and bindings of every source. */
export function createPermissions(config: GcpConfig): Permission[] {
  return config.sources.map((source) => ({
    scope: toScope(source),
    role: toRole(source),
    bindings: toBindings(source),
    services: { project: source.quota_project ?? unnamedProject, enable: toServices(source) },
  }));
}

// Custom roles belong to organizations and projects, never to folders.
function toRole({ root }: GcpSourceConfig): CustomRole {
  return {
    parent: isOrganization(root) ? root : `the organization of ${root}`,
    role_id: roleId,
    definition: {
      title: 'Cloud inventory reader',
      description: 'Lists folders and projects; reads nothing inside them and changes nothing',
      stage: 'GA',
      includedPermissions: [...new Set(listMethods(root).map((method) => permissionsByMethod[method]))].sort(),
    },
  };
}

// The organization's name is part of every path below it; a folder's reader may be kept from it.
function listMethods(root: string): Method[] {
  const methods: Method[] = [
    'GetFolder',
    'GetProject',
    'ListFolders',
    'ListProjects',
    'SearchFolders',
    'SearchProjects',
  ];
  return isOrganization(root) ? ['GetOrganization', ...methods] : methods;
}

function toBindings(source: GcpSourceConfig): Binding[] {
  const reader = source.impersonate === undefined ? federated : `serviceAccount:${source.impersonate}`;
  const owner = isOrganization(source.root) ? source.root : `organizations/ORGANIZATION`;
  const bindings: Binding[] = [{ resource: source.root, role: `${owner}/roles/${roleId}`, members: [reader] }];
  if (source.quota_project !== undefined) {
    const resource = `projects/${source.quota_project}`;
    bindings.push({ resource, role: 'roles/serviceusage.serviceUsageConsumer', members: [reader] });
  }
  if (source.impersonate !== undefined) {
    const resource = `the service account ${source.impersonate}`;
    bindings.push({ resource, role: 'roles/iam.serviceAccountTokenCreator', members: [federated] });
  }
  return bindings;
}

function toServices({ impersonate }: GcpSourceConfig): string[] {
  const services = ['cloudresourcemanager.googleapis.com'];
  return impersonate === undefined ? services : [...services, 'iamcredentials.googleapis.com'];
}

function isOrganization(root: string): boolean {
  return root.startsWith('organizations/');
}
