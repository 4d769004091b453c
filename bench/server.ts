// Servers of benchmarks: processes of their own that say on standard error where they listen.
import { type ChildProcess, spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { createInterface } from 'node:readline';
import { z } from 'zod';

/** A server that is up. */
export interface Server {
  readonly url: string;
  readonly pid: number;
}

/** Starts the program, works with it, ends it. */
export async function withServer(
  program: readonly string[],
  variables: Readonly<Record<string, string>>,
  work: (server: Server) => Promise<void>,
): Promise<void> {
  const env = { PATH: process.env['PATH'], INVENTORY_LOG_LEVEL: 'info', ...variables };
  const child = spawn(process.execPath, program, { env, stdio: ['ignore', 'ignore', 'pipe'] });
  try {
    const url = await readUrl(child);
    await work({ url, pid: child.pid ?? 0 });
  } finally {
    child.kill('SIGTERM');
  }
}

/** The most memory that a process has had so far, as Linux counts it. */
export async function readPeakMib(pid: number): Promise<number> {
  const kib = /VmHWM:\s+(\d+)/.exec(await readFile(`/proc/${pid}/status`, 'utf8'))?.[1];
  return Number(kib) / 1024;
}

const listeningSchema = z.object({ event: z.literal('listening'), url: z.url() });

async function readUrl(child: ChildProcess): Promise<string> {
  const { stderr } = child;
  if (stderr === null) throw new TypeError('standard error is a pipe');
  return await new Promise((resolve, reject) => {
    child.once('exit', (code) => reject(new Error(`the server ended with ${code}`)));
    const lines = createInterface(stderr).on('line', (line) => {
      const parsed = listeningSchema.safeParse(line.startsWith('{') ? JSON.parse(line) : undefined);
      if (!parsed.success) return;
      resolve(parsed.data.url);
      lines.close();
      // Drained to the end, or the pipe would fill and stop the server; unread, for reading would count as the server's time.
      stderr.resume();
    });
  });
}
