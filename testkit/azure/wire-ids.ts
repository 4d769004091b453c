// GUIDs as Azure writes them: lower case in one service, upper case in another, and equal all the same.
import { toSeed } from '../random.ts';
import type { AzureBehaviour } from './behaviour.ts';

/** The id as this operation writes it. */
export function writeGuid(behaviour: AzureBehaviour, operation: string, id: string): string {
  const { id_case: idCase } = behaviour;
  const isUpper = idCase === 'upper' || (idCase === 'mixed' && toSeed(`${operation}/${id}`) % 4 === 0);
  return isUpper ? id.toUpperCase() : id;
}
