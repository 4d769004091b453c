// Projects outside any organization: no listing has them, so a Search that no longer shows one proves nothing.
import type { Observation } from '#core/observation.ts';
import { parseProject, toProjectObservation } from './project.ts';
import type { Reading } from './reading.ts';
import { findProject } from './root.ts';

/**
 * Yields those that an earlier run has seen and Search has not shown in this one, so that the walk's end does not make them
 * missing: as they are now, or, when they may not be read any more, as they were. Only one that was being deleted
 * and cannot be read any more is let go.
 */
export async function* recallParentless(reading: Reading): AsyncGenerator<Observation, void, undefined> {
  const { session, parentless, seen } = reading;
  for (const [id, known] of [...parentless]) {
    if (seen.has(id)) continue;
    const answer = await findProject(session, id);
    const project = answer === undefined ? known : parseProject(answer.body, answer.request);
    const isPurged = answer === undefined && known.state === 'DELETE_REQUESTED';
    // With a parent now it is listed where it is.
    if (isPurged || project.parent_id !== null) {
      parentless.delete(id);
      continue;
    }
    parentless.set(id, project);
    yield toProjectObservation(reading, project, []);
  }
}
