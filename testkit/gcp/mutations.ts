// What can happen to an organization, before, between and in the middle of runs.
import { deepestFolder } from './create-organization.ts';
import { type GcpFolder, type GcpOrganization, type GcpProject, type Labels, listAncestry } from './organization.ts';

function findProject(organization: GcpOrganization, name: string): GcpProject {
  const project = organization.projects.get(name);
  if (project === undefined) throw new RangeError(`${organization.name} has no ${name}`);
  return project;
}

function findFolder(organization: GcpOrganization, name: string): GcpFolder {
  const folder = organization.folders.get(name);
  if (folder === undefined) throw new RangeError(`${organization.name} has no ${name}`);
  return folder;
}

function requireParent(organization: GcpOrganization, parent: string): void {
  if (parent !== organization.name) findFolder(organization, parent);
}

function setProject(organization: GcpOrganization, project: GcpProject): void {
  organization.projects.set(project.name, project);
  organization.revision += 1;
}

function setFolder(organization: GcpOrganization, folder: GcpFolder): void {
  organization.folders.set(folder.name, folder);
  organization.revision += 1;
}

/** Gives a project another display name. */
export function renameProject(organization: GcpOrganization, name: string, displayName: string, at = new Date()): void {
  setProject(organization, { ...findProject(organization, name), display_name: displayName, update_time: at });
}

/** Gives a project these labels instead of those it has. */
export function labelProject(organization: GcpOrganization, name: string, labels: Labels, at = new Date()): void {
  setProject(organization, { ...findProject(organization, name), labels, update_time: at });
}

/** Moves a project below the organization or one of its folders; an empty parent takes it out of the organization. */
export function moveProject(organization: GcpOrganization, name: string, parent: string, at = new Date()): void {
  if (parent !== '') requireParent(organization, parent);
  setProject(organization, { ...findProject(organization, name), parent, update_time: at });
}

/** Moves a project into another organization, below the organization itself. */
export function transferProject(from: GcpOrganization, name: string, to: GcpOrganization, at = new Date()): void {
  const project = findProject(from, name);
  from.projects.delete(name);
  from.revision += 1;
  setProject(to, { ...project, parent: to.name, update_time: at });
}

/** Requests the deletion: the project stays, marked, for about thirty days. */
export function requestProjectDeletion(organization: GcpOrganization, name: string, at = new Date()): void {
  const project = findProject(organization, name);
  setProject(organization, { ...project, state: 'DELETE_REQUESTED', update_time: at, delete_time: at });
}

/** Takes the request for deletion back. */
export function undeleteProject(organization: GcpOrganization, name: string, at = new Date()): void {
  const project = findProject(organization, name);
  setProject(organization, { ...project, state: 'ACTIVE', update_time: at, delete_time: null });
}

/** Ends a project whose deletion was requested. */
export function purgeProject(organization: GcpOrganization, name: string): void {
  if (findProject(organization, name).state === 'ACTIVE')
    throw new RangeError(`the deletion of ${name} was not requested`);
  organization.projects.delete(name);
  organization.revision += 1;
}

/** Adds a project, below the organization unless told otherwise. */
export function addProject(
  organization: GcpOrganization,
  project: Pick<GcpProject, 'name' | 'project_id'> & Partial<GcpProject>,
): void {
  if (organization.projects.has(project.name)) throw new RangeError(`${organization.name} already has ${project.name}`);
  const { parent = organization.name, create_time: created = new Date() } = project;
  if (parent !== '') requireParent(organization, parent);
  const defaults = { display_name: '', labels: {}, state: 'ACTIVE', update_time: created, delete_time: null } as const;
  setProject(organization, { ...defaults, ...project, parent, create_time: created });
}

/** Adds a folder below the organization or another folder. */
export function addFolder(
  organization: GcpOrganization,
  folder: Pick<GcpFolder, 'name' | 'parent' | 'display_name'> & Partial<GcpFolder>,
): void {
  if (organization.folders.has(folder.name)) throw new RangeError(`${organization.name} already has ${folder.name}`);
  requirePlace(organization, folder.parent, 1);
  const { create_time: created = new Date() } = folder;
  setFolder(organization, {
    state: 'ACTIVE',
    create_time: created,
    update_time: created,
    delete_time: null,
    ...folder,
  });
}

/** Gives a folder another display name, which must be its own among its siblings. */
export function renameFolder(organization: GcpOrganization, name: string, displayName: string, at = new Date()): void {
  const folder = findFolder(organization, name);
  const siblings = organization.folders.values().filter((other) => other.parent === folder.parent && other !== folder);
  if (siblings.some((other) => other.display_name === displayName)) {
    throw new RangeError(`${folder.parent} already has a folder ${displayName}`);
  }
  setFolder(organization, { ...folder, display_name: displayName, update_time: at });
}

/** Moves a folder with all below it. */
export function moveFolder(organization: GcpOrganization, name: string, parent: string, at = new Date()): void {
  const folder = findFolder(organization, name);
  if (listAncestry(organization, parent).includes(name)) throw new RangeError(`${parent} is below ${name}`);
  requirePlace(organization, parent, toHeight(organization, name));
  setFolder(organization, { ...folder, parent, update_time: at });
}

/** Requests the deletion of a folder, which must hold nothing active. */
export function requestFolderDeletion(organization: GcpOrganization, name: string, at = new Date()): void {
  const folder = findFolder(organization, name);
  if (listChildren(organization, name).some((child) => child.state === 'ACTIVE'))
    throw new RangeError(`${name} is in use`);
  setFolder(organization, { ...folder, state: 'DELETE_REQUESTED', update_time: at, delete_time: at });
}

/** Takes the request for deletion back, for which the parent must be active. */
export function undeleteFolder(organization: GcpOrganization, name: string, at = new Date()): void {
  const folder = findFolder(organization, name);
  const parent = organization.folders.get(folder.parent);
  if (parent !== undefined && parent.state !== 'ACTIVE') throw new RangeError(`${parent.name} is itself to be deleted`);
  setFolder(organization, { ...folder, state: 'ACTIVE', update_time: at, delete_time: null });
}

/** Ends a folder whose deletion was requested and that is empty by now. */
export function purgeFolder(organization: GcpOrganization, name: string): void {
  if (findFolder(organization, name).state === 'ACTIVE')
    throw new RangeError(`the deletion of ${name} was not requested`);
  if (listChildren(organization, name).length > 0) throw new RangeError(`${name} is not empty`);
  organization.folders.delete(name);
  organization.revision += 1;
}

function listChildren(organization: GcpOrganization, name: string): readonly (GcpFolder | GcpProject)[] {
  const all = [...organization.folders.values(), ...organization.projects.values()];
  return all.filter((child) => child.parent === name);
}

function requirePlace(organization: GcpOrganization, parent: string, height: number): void {
  requireParent(organization, parent);
  const folders = listAncestry(organization, parent).filter((name) => name.startsWith('folders/'));
  if (folders.length + height > deepestFolder) throw new RangeError(`folders nest at most ${deepestFolder} deep`);
}

function toHeight(organization: GcpOrganization, name: string): number {
  const below = organization.folders.values().filter((folder) => folder.parent === name);
  return 1 + Math.max(0, ...below.map((folder) => toHeight(organization, folder.name)));
}
