// Whether an attestation states a document is decided by what is in it, whatever the order of its keys.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const sbom = { bomFormat: 'CycloneDX', components: [{ name: 'zod', version: '4.6.7' }] };
const attestation = (predicate: unknown) =>
  JSON.stringify({ payload: Buffer.from(JSON.stringify({ predicate })).toString('base64') });

async function states(...lines: string[]): Promise<{ stdout: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'inventory-states-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const file = join(folder, 'sbom.json');
  await writeFile(file, JSON.stringify(sbom));
  const running = promisify(execFile)(process.execPath, [join(import.meta.dirname, 'states.ts'), file], {
    timeout: 30_000,
  });
  running.child.stdin?.end(lines.map((line) => `${line}\n`).join(''));
  return await running;
}

test('one of several attestations is enough, with its keys in another order', async () => {
  const reordered = { components: [{ version: '4.6.7', name: 'zod' }], bomFormat: 'CycloneDX' };

  await expect(states(attestation({ bomFormat: 'SPDX' }), attestation(reordered))).resolves.toMatchObject({
    stdout: '',
  });
});

test('none at all and one of another document are refused', async () => {
  const other = { ...sbom, components: [{ name: 'zod', version: '4.6.8' }] };

  await expect(states()).rejects.toMatchObject({ code: 1 });
  await expect(states(attestation(other))).rejects.toMatchObject({ code: 1 });
});
