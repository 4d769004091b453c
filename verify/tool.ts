// Whether a check can run that needs a tool from beside npm.
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';

/** True when the program is not there and the check is to be skipped; in CI it is to run, and so to fail. */
export async function isMissing(program: string): Promise<boolean> {
  if (process.env['CI']) return false;
  return promisify(execFile)(program, ['--help']).then(
    () => false,
    () => true,
  );
}
