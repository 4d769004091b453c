// The processes that `make dev` starts: one for each command, as in a cluster, and none left when it ends.
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Variables } from './environment.ts';

const cli = fileURLToPath(new URL('./main.ts', import.meta.url));

/** Commands that run beside each other and share their output. */
export interface Children {
  /** Runs a command and resolves to its exit code. */
  run(...command: readonly string[]): Promise<number>;
  /** Tells all to stop, and resolves when they have. */
  stop(): Promise<void>;
}

/** Commands with these variables; the signal stops them too. */
export function openChildren(variables: Variables, signal: AbortSignal): Children {
  const stopping = new AbortController();
  const running = new Set<Promise<number>>();
  const stop = AbortSignal.any([signal, stopping.signal]);
  return {
    run: (...command) => {
      const ended = runCommand(command, variables, stop);
      running.add(ended);
      return ended;
    },
    stop: async () => {
      stopping.abort();
      await Promise.allSettled(running);
    },
  };
}

function runCommand(command: readonly string[], variables: Variables, stop: AbortSignal): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [cli, ...command], {
      env: variables,
      stdio: ['ignore', 'inherit', 'inherit'],
    });
    const end = () => child.kill('SIGTERM');
    if (stop.aborted) end();
    stop.addEventListener('abort', end, { once: true });
    child.once('error', reject);
    child.once('exit', (code) => {
      stop.removeEventListener('abort', end);
      resolve(code ?? 1);
    });
  });
}
