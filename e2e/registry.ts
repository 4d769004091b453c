// A registry for images and charts on loopback: Debian's docker-registry, a process of its own with a folder of its own.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startProgram } from '../verify/inventory.ts';

/** A running registry. */
export interface Registry {
  /** Host and port, as in names of images. */
  readonly address: string;
  /** The manifest that a tag or digest of a repository leads to, and its digest. */
  manifest(repository: string, reference: string): Promise<{ digest: string; body: unknown }>;
  close(): Promise<void>;
}

const mediaTypes = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];

/** Starts it on a free port. */
export async function openRegistry(): Promise<Registry> {
  const folder = await mkdtemp(join(tmpdir(), 'inventory-registry-'));
  const config = join(folder, 'config.json');
  const settings = {
    version: '0.1',
    log: { level: 'info', accesslog: { disabled: true } },
    storage: { filesystem: { rootdirectory: join(folder, 'data') } },
    http: { addr: '127.0.0.1:0' },
  };
  // JSON is YAML.
  await writeFile(config, JSON.stringify(settings));
  const running = startProgram({}, ['docker-registry', 'serve', config]);
  const [, address = ''] = await running.told(/listening on (127\.0\.0\.1:\d+)/);
  return {
    address,
    manifest: async (repository, reference) => {
      const response = await fetch(`http://${address}/v2/${repository}/manifests/${reference}`, {
        headers: { accept: mediaTypes.join(',') },
        signal: AbortSignal.timeout(10_000),
      });
      if (!response.ok) throw new Error(`${repository} ${reference}: ${response.status}`);
      return { digest: response.headers.get('docker-content-digest') ?? '', body: await response.json() };
    },
    close: async () => {
      running.process.kill('SIGTERM');
      await running.ended;
      await rm(folder, { recursive: true });
    },
  };
}
