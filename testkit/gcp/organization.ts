// A Google Cloud organization as plain data: what the fake's Resource Manager answers from.

/** The states that folders and projects pass through; after the second comes the purge. */
export type ResourceState = 'ACTIVE' | 'DELETE_REQUESTED';

/** Label keys and values of a project. */
export type Labels = Readonly<Record<string, string>>;

interface Resource {
  /** `folders/<number>` or `projects/<number>`. */
  readonly name: string;
  /** `organizations/<number>` or `folders/<number>`; a project outside any organization has an empty one. */
  readonly parent: string;
  /** Empty where nobody gave one. */
  readonly display_name: string;
  readonly state: ResourceState;
  readonly create_time: Date;
  readonly update_time: Date;
  /** When the deletion was requested. */
  readonly delete_time: Date | null;
}

/** A folder. */
export type GcpFolder = Resource;

/** A project; its number is in its name. */
export interface GcpProject extends Resource {
  readonly project_id: string;
  readonly labels: Labels;
}

/** One organization. Change it through `mutations.ts` only: the fake indexes it by `revision`. */
export interface GcpOrganization {
  /** The number alone. */
  readonly id: string;
  readonly name: string;
  readonly domain: string;
  readonly directory_customer_id: string;
  readonly create_time: Date;
  readonly folders: Map<string, GcpFolder>;
  /** Also the projects that its people made outside of it, which have no parent. */
  readonly projects: Map<string, GcpProject>;
  revision: number;
}

/** Names from the node itself up to its organization; a parentless project has only its own. */
export function listAncestry(organization: GcpOrganization, name: string): readonly string[] {
  const names: string[] = [];
  for (let at: string | undefined = name; at !== undefined && at !== ''; ) {
    names.push(at);
    at = (organization.projects.get(at) ?? organization.folders.get(at))?.parent;
  }
  return names;
}
