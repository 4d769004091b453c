// What the release workflow does, with its own scripts, on a registry of this machine and with a key pair in place of the workflow's
// identity: what is signed is what was built, the chart runs just that, and everything else is refused.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse, parseAllDocuments, stringify } from 'yaml';
import { z } from 'zod';
import { type Ended, root, startProgram, type Variables } from '../verify/inventory.ts';
import { openRegistry, type Registry } from './registry.ts';

const version = '1.2.3';
const base = 'localhost/asset-inventory-base';
const sbomSchema = z.looseObject({ bomFormat: z.literal('CycloneDX'), components: z.array(z.unknown()).min(50) });
const indexSchema = z.object({
  manifests: z.array(z.object({ digest: z.string(), platform: z.object({ architecture: z.string() }).optional() })),
});

let folder: string;
let registry: Registry;
let repository: string;
/** The image by its digest. */
let image: string;
let sbom: string;

// Without a user namespace of its own for the builder, and without anybody's passwords for registries.
const variables = (): Variables => ({ BUILDAH_ISOLATION: 'chroot', HOME: folder, COSIGN_PASSWORD: '' });

/** Runs a program of the repository. */
function run(command: readonly string[], more: Variables = {}): Promise<Ended> {
  return startProgram({ ...variables(), ...more }, command, root).ended;
}

/** Runs one that must succeed; answers what it printed. */
async function succeed(command: readonly string[], more: Variables = {}): Promise<string> {
  const { code, stdout, stderr } = await run(command, more);
  if (code !== 0) throw new Error(`${command.join(' ')}: ${code}\n${stderr}`);
  return stdout.trim();
}

const signingKey = (owner: string) => ({ SIGNING_KEY: join(folder, `${owner}.key`) });
const verifyingKey = (owner: string) => ({ VERIFYING_KEY: join(folder, `${owner}.pub`) });
const sign = (who: string, ...what: string[]) => succeed(['release/sign.sh', ...what], signingKey(who));
const verify = (who: string, ...what: string[]) => run(['release/verify.sh', ...what], verifyingKey(who));
const push = async (name: string, tag: string, ...archives: string[]) =>
  `${name}@${await succeed(['release/push.sh', name, tag, ...archives.map((archive) => join(folder, archive))])}`;

// The base for arm64 runs nowhere here: nothing is in it but the head of a program for that machine in the place of Node.
async function buildBases(): Promise<string> {
  await succeed(['verify/base-image.sh', `${base}:verify`]);
  const container = await succeed(['buildah', 'from', '--platform', 'linux/arm64', 'scratch']);
  const program = join(folder, 'arm64');
  // ELF, 64 bits, little endian; an executable (2) of the machine AArch64 (b7): https://refspecs.linuxfoundation.org/elf/gabi4+/ch4.eheader.html
  await writeFile(program, Buffer.from('7f454c460201010000000000000000000200b700', 'hex'));
  await succeed(['buildah', 'copy', '--quiet', container, program, '/nodejs/bin/node']);
  await succeed(['buildah', 'config', '--arch', 'arm64', container]);
  await succeed(['buildah', 'commit', '--quiet', '--rm', '--timestamp', '0', container, `${base}:arm64`]);
  await run(['buildah', 'manifest', 'rm', `${base}:both`]);
  await succeed(['buildah', 'manifest', 'create', `${base}:both`, `${base}:verify`, `${base}:arm64`]);
  return `${base}:both`;
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'inventory-supply-chain-'));
  registry = await openRegistry();
  repository = `${registry.address}/example/asset-inventory`;
  sbom = join(folder, 'asset-inventory.cdx.json');
  for (const owner of ['ours', 'stranger']) {
    await succeed(['cosign', 'generate-key-pair', '--output-key-prefix', join(folder, owner)]);
  }
  await succeed(['release/build.sh', folder, 'amd64', 'arm64'], { BASE: await buildBases() });
  image = await push(repository, version, 'image-amd64.tar', 'image-arm64.tar');
  await sign('ours', image, sbom);
}, 600_000);
afterAll(async () => {
  await registry?.close();
  await rm(folder, { recursive: true, force: true });
});

async function archiveDigest(architecture: string): Promise<string | undefined> {
  const index = await succeed(['tar', '-xOf', join(folder, `image-${architecture}.tar`), 'index.json']);
  return indexSchema.parse(JSON.parse(index)).manifests[0]?.digest;
}

describe('the image', () => {
  test('is pushed as it was built, for both architectures, under the digest that is signed', async () => {
    const { digest, body } = await registry.manifest('example/asset-inventory', version);
    const { manifests } = indexSchema.parse(body);

    expect(`${repository}@${digest}`).toBe(image);
    expect(manifests.map(({ digest, platform }) => [platform?.architecture, digest])).toEqual([
      ['amd64', await archiveDigest('amd64')],
      ['arm64', await archiveDigest('arm64')],
    ]);
  });

  test('verifies with its bill of materials', async () => {
    expect(await verify('ours', image, sbom)).toMatchObject({ code: 0 });
  });

  test('has a bill of materials that reads back as the one that it carries', async () => {
    const flags = ['--key', join(folder, 'ours.pub'), '--insecure-ignore-tlog', '--type', 'cyclonedx'];
    const stated = await succeed(['cosign', 'verify-attestation', ...flags, image]);
    const { payload } = z.object({ payload: z.base64() }).parse(JSON.parse(stated));
    const { predicate, subject } = z
      .object({ predicate: sbomSchema, subject: z.array(z.object({ digest: z.object({ sha256: z.string() }) })) })
      .parse(JSON.parse(Buffer.from(payload, 'base64').toString('utf8')));
    const show = ['-e', `process.stdout.write(require('node:fs').readFileSync('/app/asset-inventory.cdx.json'))`];
    const limits = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=1024:1024'];
    const container = ['podman', '--runtime', 'runc', 'run', '--rm', '--network', 'host', ...limits];
    const carried = await succeed([
      ...container,
      ...['--entrypoint', '/nodejs/bin/node', 'localhost/asset-inventory:release-amd64', ...show],
    ]);

    expect(predicate).toEqual(JSON.parse(carried));
    expect(subject.map(({ digest }) => `sha256:${digest.sha256}`)).toEqual([image.split('@')[1]]);
  });
});

describe('refused is', () => {
  const refusal = {
    code: expect.any(Number),
    stderr: expect.stringMatching(/no (matching )?(signatures|attestations)|none of/i),
  };
  const expectRefused = (ended: Ended) => {
    expect(ended).toMatchObject(refusal);
    expect(ended.code).not.toBe(0);
  };

  test('an image that nobody signed', async () => {
    const unsigned = await push(`${registry.address}/example/unsigned`, version, 'image-arm64.tar');

    expectRefused(await verify('ours', unsigned));
    expectRefused(await verify('ours', unsigned, sbom));
  });

  test('an image that a stranger signed', async () => {
    const foreign = await push(`${registry.address}/example/foreign`, version, 'image-amd64.tar');
    await sign('stranger', foreign, sbom);

    expect((await verify('stranger', foreign, sbom)).code).toBe(0);
    expect((await verify('ours', foreign)).code).not.toBe(0);
    expect((await verify('ours', foreign, sbom)).code).not.toBe(0);
  });

  test('what a moved tag leads to, while the digest goes on to verify', async () => {
    await push(repository, version, 'image-arm64.tar');
    const { digest } = await registry.manifest('example/asset-inventory', version);

    expect(`${repository}@${digest}`).not.toBe(image);
    expectRefused(await verify('ours', `${repository}@${digest}`));
    expect((await verify('ours', image, sbom)).code).toBe(0);
  });

  test('a tag, for signing and for verifying', async () => {
    expect(await run(['release/sign.sh', `${repository}:${version}`], signingKey('ours'))).toMatchObject({ code: 2 });
    expect(await verify('ours', `${repository}:${version}`)).toMatchObject({ code: 2 });
  });

  test('a bill of materials that is not the stated one, also where a stranger states it', async () => {
    const other = join(folder, 'other.cdx.json');
    const document = sbomSchema.parse(JSON.parse(await readFile(sbom, 'utf8')));
    await writeFile(other, JSON.stringify({ ...document, components: document.components.slice(1) }));
    expectRefused(await verify('ours', image, other));

    await sign('stranger', image, other);

    expectRefused(await verify('ours', image, other));
    expect((await verify('ours', image, sbom)).code).toBe(0);
  });

  test('an image whose Node is for another machine', async () => {
    const container = await succeed(['buildah', 'from', `${base}:verify`]);
    await succeed(['buildah', 'config', '--arch', 'arm64', container]);
    await succeed(['buildah', 'commit', '--quiet', '--rm', container, `${base}:mistaken`]);
    await run(['buildah', 'manifest', 'rm', `${base}:mixed`]);
    await succeed(['buildah', 'manifest', 'create', `${base}:mixed`, `${base}:verify`, `${base}:mistaken`]);

    const ended = await run(['release/build.sh', join(folder, 'mixed'), 'arm64'], { BASE: `${base}:mixed` });

    expect(ended).toMatchObject({
      code: 1,
      stderr: expect.stringMatching(/the Node of .*image-arm64\.tar is of amd64/),
    });
  });
});

describe('the chart', () => {
  let chart: string;
  /** What it renders to, as it is pulled. */
  let rendered: string;
  beforeAll(async () => {
    chart = await succeed(['release/chart.sh', image, version, `oci://${registry.address}/example/charts`]);
    await sign('ours', chart);
    rendered = await renderPulled(chart);
  });

  test('is signed by its digest, and refused where a stranger is asked for', async () => {
    expect(chart).toMatch(/\/example\/charts\/asset-inventory@sha256:[0-9a-f]{64}$/);
    expect(await verify('ours', chart)).toMatchObject({ code: 0 });
    expect((await verify('stranger', chart)).code).not.toBe(0);
  });

  test('runs the verified image, by its digest and nothing else, as it is pulled', async () => {
    const images = parseAllDocuments(rendered).flatMap((document) => findImages(document.toJS()));
    const ours = images.filter((name) => name.includes('asset-inventory'));

    expect(ours.length).toBeGreaterThan(5);
    expect(new Set(ours)).toEqual(new Set([image]));
    expect(images.filter((name) => !/@sha256:[0-9a-f]{64}$/.test(name))).toEqual([]);
    expect((await verify('ours', image, sbom)).code).toBe(0);
  });

  test('passes W2 with what cosign says of its image and the digest of the proxy, and with neither alone', async () => {
    const printed = await succeed([
      'cosign',
      'verify',
      ...['--key', join(folder, 'ours.pub')],
      '--insecure-ignore-tlog',
      image,
    ]);
    const verified = z.array(z.unknown()).min(1).parse(JSON.parse(printed));
    const proxy = `sha256:${'b'.repeat(64)}`;

    expect(await judge(rendered, [...verified, proxy])).toMatchObject({ code: 0 });
    for (const part of [verified, [proxy]]) expect((await judge(rendered, part)).code).toBe(1);
  });

  test('is the same whenever the same commit is released, so that nothing is replaced', async () => {
    const again = await succeed(['release/chart.sh', image, version, `oci://${registry.address}/example/charts`]);
    const { body } = await registry.manifest('example/charts/asset-inventory', version);
    const { annotations } = z.object({ annotations: z.record(z.string(), z.string()) }).parse(body);
    const commitSeconds = Number(await succeed(['git', 'log', '-1', '--format=%ct']));

    expect(again).toBe(chart);
    expect(Date.parse(annotations['org.opencontainers.image.created'] ?? '')).toBe(commitSeconds * 1000);
  });

  test('is not packaged with a tag', async () => {
    const ended = await run(['release/chart.sh', `${repository}:${version}`, version, `oci://${registry.address}/x`]);

    expect(ended).toMatchObject({ code: 2 });
  });
});

/** The chart of the registry, with the values of an installation that says nothing of the image. */
async function renderPulled(chart: string): Promise<string> {
  const { image: _, ...values } = z
    .looseObject({ image: z.unknown() })
    .parse(parse(await readFile(join(root, 'charts/asset-inventory/ci/sidecar-values.yaml'), 'utf8')));
  const file = join(folder, 'values.yaml');
  await writeFile(file, stringify(values));
  const what = ['--values', file, '--kube-version', '1.36.0'];
  return await succeed(['helm', 'template', 'inventory', `oci://${chart}`, '--plain-http', ...what]);
}

/** What W2 says of manifests, in the way of docs/policy.md. */
async function judge(manifests: string, verified: readonly unknown[]): Promise<Ended> {
  const [data, path] = [join(folder, 'verified.json'), join(folder, 'rendered.yaml')];
  await writeFile(data, JSON.stringify({ verified }));
  await writeFile(path, manifests);
  const policies = ['--policy', 'policy/release', '--policy', 'policy/lib', '--namespace', 'release'];
  return await run(['conftest', 'test', ...policies, '--data', data, path]);
}

/** Every `image:` with a text, however deep. */
function findImages(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([key, inner]) =>
    key === 'image' && typeof inner === 'string' ? [inner] : findImages(inner),
  );
}
