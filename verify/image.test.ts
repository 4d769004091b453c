// The image, built twice from nothing and run the way the chart runs it.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { openPostgresDatabase } from './databases.ts';
import { buildBase, buildImage, type ImageFacts, runImage } from './image.ts';
import { startProgram } from './inventory.ts';
import { isMissing } from './tool.ts';

const image = 'localhost/asset-inventory:verify';
const limitBytes = 10_000_000;

// Runs inside the image, where there is neither a shell nor `find`: what could be written, and what could interpret commands.
const findFlaws = `
  const { accessSync, constants, readdirSync } = require('node:fs');
  const flaws = [];
  const walk = (folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      const path = folder + (folder === '/' ? '' : '/') + entry.name;
      if (/^\\/(proc|sys|dev|etc\\/(hosts|hostname|resolv.conf|mtab)|run\\/\\.containerenv)$/.test(path)) continue;
      if (/^(sh|bash|dash|ash|busybox|zsh|npm|apt|apk|dpkg)$/.test(entry.name)) flaws.push(path);
      try { accessSync(path, constants.W_OK); flaws.push(path); } catch {}
      if (entry.isDirectory()) walk(path);
    }
  };
  walk('/app'); walk('/nodejs'); walk('/');
  console.log(JSON.stringify({ uid: process.getuid(), flaws }));
`;

const bomSchema = z.object({
  metadata: z.object({ timestamp: z.iso.datetime().optional() }),
  components: z.array(z.looseObject({ purl: z.string() })),
});

describe.skipIf((await isMissing('buildah')) || (await isMissing('podman')))('the image', () => {
  let base: ImageFacts;
  let built: ImageFacts;
  beforeAll(async () => {
    base = await buildBase();
    built = await buildImage(image);
  });

  test('is the same bytes when it is built again', async () => {
    const again = await buildImage(`${image}-again`);

    expect(again.layers).toEqual(built.layers);
  });

  test('adds at most 10 MB to its base, and says what it is', () => {
    const added = built.bytes - base.bytes;
    console.log(`the image: ${(added / 1e6).toFixed(1)} MB above its base of ${(base.bytes / 1e6).toFixed(0)} MB`);

    expect(added).toBeGreaterThan(1_000_000);
    expect(added).toBeLessThan(limitBytes);
    expect(built.user).toBe('65532:65532');
    expect(built.labels).toMatchObject({
      'org.opencontainers.image.title': 'asset-inventory',
      'org.opencontainers.image.version': expect.stringMatching(/^\d+\.\d+\.\d+/),
      'org.opencontainers.image.revision': expect.stringMatching(/^[0-9a-f]{40}$|^unknown$/),
    });
  });

  test('holds no shell, and nothing that its user may write', async () => {
    const { ended } = runImage({
      image,
      isReadOnly: false,
      flags: ['--entrypoint', '/nodejs/bin/node'],
      command: ['-e', findFlaws],
    });
    const { stdout } = await ended;

    expect(z.unknown().parse(JSON.parse(stdout))).toEqual({ uid: 65532, flaws: [] });
  });

  test('carries the bill of materials of its bundle, where scanners look for one', async () => {
    const script = `process.stdout.write(require('node:fs').readFileSync('/app/asset-inventory.cdx.json'))`;
    const flags = ['--entrypoint', '/nodejs/bin/node'];
    const { stdout } = await runImage({ image, flags, command: ['-e', script] }).ended;
    const folder = await mkdtemp(join(tmpdir(), 'inventory-image-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const { metadata, components } = bomSchema.parse(JSON.parse(stdout));
    await startProgram({}, [process.execPath, 'build.ts', `--outdir=${folder}`]).ended;
    const built = bomSchema.parse(JSON.parse(await readFile(join(folder, 'asset-inventory.cdx.json'), 'utf8')));

    expect(components.length).toBeGreaterThan(50);
    expect(components).toEqual(built.components);
    expect(metadata.timestamp, 'the time of the commit').toMatch(/^20/);
  });

  test('runs every command of one entry point', async () => {
    const version = await runImage({ image, command: ['--version'] }).ended;
    const unknown = await runImage({ image, command: ['collect', 'nothing'] }).ended;

    expect(version).toMatchObject({ code: 0, stdout: expect.stringMatching(/^\d+\.\d+\.\d+/) });
    expect(unknown).toMatchObject({ code: 2 });
  });

  test('migrates and serves on PostgreSQL with nothing to write to, and ends at SIGTERM with 0', async () => {
    const postgres = await openPostgresDatabase('template1');
    onTestFinished(() => postgres.close());
    const folder = await mkdtemp(join(tmpdir(), 'inventory-image-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    const config = join(folder, 'api.yaml');
    await writeFile(config, 'api: { listen: 127.0.0.1:0, auth: { mode: none } }\n', { mode: 0o644 });
    const codes: unknown[] = [];
    for (const [variables, ...command] of [
      [postgres.admin, 'migrate', '--roles'],
      [postgres.migrate, 'migrate'],
      [postgres.migrate, 'migrate', '--check'],
    ] as const) {
      codes.push((await runImage({ image, variables, command }).ended).code);
    }
    const serving = runImage({
      image,
      variables: { ...postgres.api, INVENTORY_CONFIG: '/etc/inventory/config.yaml' },
      flags: ['--volume', `${config}:/etc/inventory/config.yaml:ro`],
      command: ['serve', 'api'],
    });
    const [, url = ''] = await serving.told(/"event":"listening","url":"([^"]+)"/);
    const [health, ready] = await Promise.all([fetch(`${url}/healthz`), fetch(`${url}/readyz`)]);
    serving.process.kill('SIGTERM');

    expect(codes).toEqual([0, 0, 0]);
    expect(await health.json()).toEqual({ ok: true });
    expect(ready.status).toBe(200);
    expect(await serving.ended).toMatchObject({ code: 0 });
  });

  test('keeps a SQLite file in a volume', async () => {
    const { ended } = runImage({
      image,
      variables: { DB_PATH: '/data/inventory.db' },
      flags: ['--tmpfs', '/data:rw,size=64m,mode=1777'],
      command: ['migrate'],
    });

    expect(await ended).toMatchObject({ code: 0 });
  });
});
