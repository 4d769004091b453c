// Waits for what happens in the cluster, told by the API server's own watch: nothing is asked again and again.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import type { Namespace } from './kubernetes.ts';

/** What is waited for. */
export interface Watch<Found> {
  readonly kind: 'jobs' | 'pods';
  /** In the error when it does not come. */
  readonly what: string;
  readonly timeoutMs: number;
  /** Looks at an object as it was, or as it has just become; anything but undefined ends the wait. */
  find(object: unknown): Found | undefined;
}

/** Throws when it has not come in time, with the last of what came instead. */
export async function watchUntil<Found>(namespace: Namespace, watch: Watch<Found>): Promise<Found> {
  const { kind, what, timeoutMs, find } = watch;
  const parameters = ['-n', namespace.name, 'get', kind, '--watch', '-o', 'jsonpath={@}{"\\n"}'];
  const child = spawn('kubectl', parameters, { stdio: ['ignore', 'pipe', 'inherit'], timeout: timeoutMs });
  let last = 'nothing';
  try {
    for await (const line of createInterface({ input: child.stdout })) {
      const found = find(JSON.parse(line));
      if (found !== undefined) return found;
      last = line;
    }
  } finally {
    child.kill();
  }
  throw new Error(`${what} did not come within ${timeoutMs / 1000} s; the last of ${kind}: ${last}`);
}
