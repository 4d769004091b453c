// W2 under conftest, as who deploys a release runs it: what the chart deploys is what was verified, and without anything verified nothing passes.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import { podTemplates, render, template } from './chart.ts';
import { run } from './policy.ts';
import { isMissing } from './tool.ts';

const product = `sha256:${'a'.repeat(64)}`;
const proxy = `sha256:${'b'.repeat(64)}`;

/** What `cosign verify` prints of an image. */
function signed(digest: string): unknown {
  return {
    critical: {
      identity: { 'docker-reference': 'registry.example/asset-inventory' },
      image: { 'docker-manifest-digest': digest },
      type: 'https://sigstore.dev/cosign/sign/v1',
    },
    optional: {},
  };
}

const resultsSchema = z.array(z.object({ failures: z.array(z.object({ msg: z.string() })).default([]) }));

describe.skipIf((await isMissing('conftest', '--version')) || (await isMissing('helm', 'version')))(
  'who deploys a release',
  () => {
    let folder: string;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'inventory-release-'));
      await writeFile(join(folder, 'rendered.yaml'), (await template('sidecar')).stdout);
      return () => rm(folder, { recursive: true });
    });

    /** What W2 says of the chart when these were verified; nothing is said of what was when there is no such list. */
    async function judge(verified?: readonly unknown[]): Promise<string[]> {
      const data = join(folder, 'verified.json');
      await writeFile(data, JSON.stringify({ verified }));
      const libraries = ['--policy', 'policy/release', '--policy', 'policy/lib', '--namespace', 'release'];
      const how = [...libraries, '--data', data, '--output', 'json'];
      const { stdout, stderr } = await run('conftest', 'test', ...how, join(folder, 'rendered.yaml'));
      expect(stderr).toBe('');
      const found = resultsSchema.parse(JSON.parse(stdout)).flatMap(({ failures }) => failures.map(({ msg }) => msg));
      return [...new Set(found)].sort();
    }

    test('passes with its own image signed and that of the proxy looked at', async () => {
      expect(await judge([signed(product), proxy])).toEqual([]);
    });

    test('names every container whose image was not verified', async () => {
      const containers = podTemplates(await render('sidecar')).flatMap(({ spec }) => [
        ...spec.initContainers,
        ...spec.containers,
      ]);
      const others = containers.filter(({ image }) => !image.endsWith(proxy));

      const found = await judge([signed(`sha256:${'c'.repeat(64)}`), proxy]);

      expect(others.length).toBeGreaterThan(0);
      expect(found).toHaveLength(others.length);
      for (const text of found) expect(text).toMatch(/^W2 .+ is none of those that were verified$/);
    });

    test('passes nothing where nothing was verified', async () => {
      expect(await judge()).toContain('W2: nothing was verified: give data.verified');
      expect(await judge([])).not.toEqual([]);
    });
  },
);
