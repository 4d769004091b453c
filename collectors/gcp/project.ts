// One project: from the JSON of an answer to an observation.
import { z } from 'zod';
import { ProviderError } from '#core/errors.ts';
import { type JsonObject, textsSchema } from '#core/json.ts';
import { accountKey, type Observation } from '#core/observation.ts';
import type { Request } from '#core/provenance.ts';
import { stateSchema, toLifecycle, toPurgeTime } from './lifecycle.ts';
import { toTimestamp } from './plain.ts';
import type { Reading } from './reading.ts';
import { readResidency } from './residency.ts';
import { type Tree, toPathFields } from './tree.ts';

/** A project as it was read. */
export interface FoundProject {
  /** Its number. */
  readonly id: string;
  readonly project_id: string;
  readonly state: string;
  /** Null for a project outside any organization. */
  readonly parent_id: string | null;
  readonly fields: z.output<typeof fieldsSchema>;
  readonly raw: JsonObject;
  readonly request: Request;
}

const fieldsSchema = z.object({
  name: z.string().regex(/^projects\/\d+$/),
  projectId: z.string().min(1),
  parent: z.string().default(''),
  displayName: z.string().default(''),
  state: stateSchema,
  createTime: z.string().optional(),
  updateTime: z.string().optional(),
  deleteTime: z.string().optional(),
  labels: textsSchema.default({}),
});

/** The project in an answer; an item that is none makes the answer malformed. */
export function parseProject(raw: JsonObject, request: Request): FoundProject {
  const fields = fieldsSchema.safeParse(raw).data;
  if (fields === undefined) {
    throw new ProviderError('malformed_answer', `${request.operation} answered with an item that is no project`);
  }
  return {
    id: fields.name.slice('projects/'.length),
    project_id: fields.projectId,
    state: fields.state,
    parent_id: fields.parent || null,
    fields,
    raw,
    request,
  };
}

/** The project below the end of the chain, or of no organization when the chain is empty. */
export function toProjectObservation(
  reading: Pick<Reading, 'tree' | 'session'>,
  project: FoundProject,
  chain: readonly string[],
): Observation {
  const { session, tree } = reading;
  const { fields, id, project_id } = project;
  const residency = readResidency(session.source.region_residency, session.universe_domain, { id, project_id, chain });
  const updatedAt = toTimestamp(fields.updateTime);
  const deletedAt = toTimestamp(fields.deleteTime) ?? null;
  const attributes = {
    provider: 'gcp',
    id,
    partition: session.universe_domain,
    ...toPlace(tree, project, chain),
    project_id,
    name: fields.displayName || null,
    status: project.state,
    lifecycle: toLifecycle(project.state),
    // Google tells the time of a deletion only; null when that was undone.
    status_changed_at: deletedAt,
    tags: fields.labels,
    region_residency: residency.value,
    details: {
      region_residency_source: residency.source,
      // Made by Apps Script for a script, in a folder of its own.
      system: project_id.startsWith('sys-'),
      created_at: toTimestamp(fields.createTime) ?? null,
      deleted_at: deletedAt,
      purge_at: deletedAt === null ? null : toPurgeTime(deletedAt),
    },
  } as const;
  return {
    kind: 'account',
    key: accountKey(attributes),
    attributes,
    raw: project.raw,
    evidence: [project.request],
    ...(updatedAt !== undefined && { provider_updated_at: updatedAt }),
  };
}

function toPlace(tree: Tree, project: FoundProject, chain: readonly string[]) {
  if (project.parent_id === null) {
    return { org_id: null, parent_id: null, org_path: null, org_path_ids: [], org_path_names: [] };
  }
  return {
    ...(tree.org_id !== undefined && { org_id: tree.org_id }),
    parent_id: project.parent_id,
    ...toPathFields(tree, chain),
  };
}
