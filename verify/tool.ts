// Whether a check can run that needs a tool from beside npm.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** True when the program is not there and the check is to be skipped; in CI it is to run, and so to fail. It is tried with an argument that does nothing. */
export async function isMissing(program: string, harmless = '--help'): Promise<boolean> {
  if (process.env['CI']) return false;
  return promisify(execFile)(program, [harmless]).then(
    () => false,
    () => true,
  );
}
