// The image as the checks build and run it: on a base of our own, as the pods of the chart run it.
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { type Ended, type Running, root, startProgram, type Variables } from './inventory.ts';

const base = 'localhost/asset-inventory-base:verify';

/** What is in it, as `podman image inspect` tells. */
export interface ImageFacts {
  readonly layers: readonly string[];
  readonly bytes: number;
  readonly user: string;
  readonly labels: Readonly<Record<string, string>>;
}

/** Builds the base; answers what is in it. */
export async function buildBase(): Promise<ImageFacts> {
  await succeed(startProgram(tools, [join(root, 'verify/base-image.sh'), base]));
  return await inspect(base);
}

/** Builds the image from nothing, whatever was built before; answers what is in it. */
export async function buildImage(tag: string): Promise<ImageFacts> {
  const variables = { ...tools, BASE: base, BUILDER: 'buildah', BUILD_FLAGS: '--no-cache' };
  await succeed(startProgram(variables, [join(root, 'image.sh'), tag]));
  return await inspect(tag);
}

// Without a user namespace of its own: that takes programs which not every machine has.
const tools: Variables = { BUILDAH_ISOLATION: 'chroot', HOME: homedir() };

const inspectSchema = z.tuple([
  z.object({
    Size: z.number(),
    RootFS: z.object({ Layers: z.array(z.string()) }),
    Config: z.object({ User: z.string(), Labels: z.record(z.string(), z.string()).nullish() }),
  }),
]);

async function inspect(tag: string): Promise<ImageFacts> {
  const { stdout } = await succeed(startProgram(tools, ['podman', 'image', 'inspect', tag]));
  const [{ Size: bytes, RootFS, Config }] = inspectSchema.parse(JSON.parse(stdout));
  return { layers: RootFS.Layers, bytes, user: Config.User, labels: Config.Labels ?? {} };
}

async function succeed(running: Running): Promise<Ended> {
  const ended = await running.ended;
  if (ended.code !== 0) throw new Error(`exit code ${ended.code}:\n${ended.stderr}`);
  return ended;
}

/** How a container is started. */
export interface RunOptions {
  readonly image: string;
  readonly variables?: Variables;
  readonly command: readonly string[];
  /** More flags of `podman run`. */
  readonly flags?: readonly string[];
  readonly isReadOnly?: boolean;
}

/** Runs a container as a pod of the chart would: a number for a user, no capabilities, nothing to write to. */
export function runImage({ image, variables = {}, command, flags = [], isReadOnly = true }: RunOptions): Running {
  const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'];
  const named = Object.entries(variables).flatMap(([name, value]) => ['--env', `${name}=${value}`]);
  return startProgram(tools, [
    ...['podman', '--runtime', 'runc', 'run', '--rm', '--network', 'host', '--cap-drop', 'all', '--user', '65532'],
    ...['--security-opt', 'no-new-privileges', ...(isReadOnly ? ['--read-only', '--read-only-tmpfs=false'] : [])],
    ...[...limits, ...named, ...flags, image, ...command],
  ]);
}
