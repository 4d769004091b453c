// Runs `inventory …` in a process of its own, from the sources or from the bundle, and measures it from outside.
import { spawn } from 'node:child_process';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');

/** Where the program is run from. */
export const programs = { source: join(root, 'cli/main.ts'), bundle: join(root, 'dist/cli/main.mjs') } as const;
export type Program = keyof typeof programs;

// Plain JavaScript: to load it, a TypeScript file would bring Node's type stripper and its memory into the measured process.
// Not `resourceUsage().maxRSS` where Linux tells it better: that begins with the memory of the process that started this one.
const printPeakMemory = `data:text/javascript,${encodeURIComponent(`
  import { existsSync, readFileSync, writeSync } from 'node:fs';
  process.on('exit', () => {
    const status = existsSync('/proc/self/status') ? readFileSync('/proc/self/status', 'utf8') : '';
    const peak = /VmHWM:\\s+(\\d+)/.exec(status)?.[1] ?? process.resourceUsage().maxRSS;
    const { user, system } = process.cpuUsage();
    writeSync(2, '\\npeak_rss_kib=' + peak + ' cpu_us=' + (user + system) + '\\n');
  });
`)}`;

/** What a run took. */
export interface Measured {
  readonly seconds: number;
  readonly peakMib: number;
  /** Of the process itself: what is left on a busy machine of a figure that can be compared. */
  readonly cpuSeconds: number;
  readonly stderr: string;
}

/** Throws when the command fails. It is stopped after five minutes. */
export async function measure(
  program: Program,
  variables: Readonly<Record<string, string>>,
  command: readonly string[],
): Promise<Measured> {
  const started = performance.now();
  const child = spawn(process.execPath, ['--import', printPeakMemory, programs[program], ...command], {
    env: { PATH: process.env['PATH'], AWS_EC2_METADATA_DISABLED: 'true', ...variables },
    stdio: ['ignore', 'ignore', 'pipe'],
    timeout: 300_000,
  });
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  if (code !== 0) throw new Error(`inventory ${command.join(' ')} ended with ${code}:\n${stderr}`);
  const kib = Number(/peak_rss_kib=(\d+)/.exec(stderr)?.[1]);
  const cpuSeconds = Number(/cpu_us=(\d+)/.exec(stderr)?.[1]) / 1e6;
  return { seconds: (performance.now() - started) / 1000, peakMib: kib / 1024, cpuSeconds, stderr };
}
