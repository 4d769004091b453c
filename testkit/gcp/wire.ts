// Folders, projects and organizations as they travel: the members that the SDK's protocol description names.
import { toSeed } from '../random.ts';
import type { GcpFolder, GcpOrganization, GcpProject } from './organization.ts';

/** A message on its way out, keyed as the protocol description has it. */
export type WireObject = Readonly<Record<string, unknown>>;

/** A folder. */
export function toWireFolder(folder: GcpFolder): WireObject {
  return {
    name: folder.name,
    parent: folder.parent,
    displayName: folder.display_name,
    state: folder.state,
    createTime: toTimestamp(folder.create_time),
    updateTime: toTimestamp(folder.update_time),
    deleteTime: toTimestamp(folder.delete_time),
    etag: toEtag(folder),
  };
}

/** A project. */
export function toWireProject(project: GcpProject): WireObject {
  return { ...toWireFolder(project), projectId: project.project_id, labels: project.labels };
}

/** The organization itself, whose display name is its domain. */
export function toWireOrganization(organization: GcpOrganization): WireObject {
  return {
    name: organization.name,
    displayName: organization.domain,
    directoryCustomerId: organization.directory_customer_id,
    state: 'ACTIVE',
    createTime: toTimestamp(organization.create_time),
    updateTime: toTimestamp(organization.create_time),
    etag: toEtag({ name: organization.name }),
  };
}

function toTimestamp(date: Date | null): WireObject | undefined {
  if (date === null) return undefined;
  const milliseconds = date.getTime();
  return { seconds: Math.floor(milliseconds / 1000), nanos: (milliseconds % 1000) * 1_000_000 };
}

/** Changes with the content, as a checksum does. */
function toEtag(content: object): string {
  return `W/"${toSeed(JSON.stringify(content)).toString(16)}"`;
}
