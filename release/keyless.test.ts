// What cosign is asked without a key, which only GitHub can try in earnest: one identity and one issuer, each in full, nothing waived.
import { execFile } from 'node:child_process';
import { chmod, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { promisify } from 'node:util';
import { expect, onTestFinished, test } from 'vitest';

const image = `ghcr.io/example/asset-inventory@sha256:${'a'.repeat(64)}`;
const who = {
  IDENTITY: 'https://github.com/example/asset-inventory/.github/workflows/release.yml@refs/tags/v1.2.3',
  ISSUER: 'https://token.actions.githubusercontent.com',
};

/** Runs a script with a cosign that writes down what it is asked; answers that, a line for each time. */
async function ask(
  script: string,
  parameters: readonly string[],
  variables: Record<string, string>,
): Promise<string[]> {
  const folder = await mkdtemp(join(tmpdir(), 'inventory-keyless-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const [program, log] = [join(folder, 'cosign'), join(folder, 'log')];
  await writeFile(program, `#!/bin/sh\necho "$*" >>'${log}'\n`);
  await chmod(program, 0o755);
  await promisify(execFile)('bash', [join(import.meta.dirname, script), ...parameters], {
    env: { PATH: [folder, process.env['PATH']].join(delimiter), ...variables },
    timeout: 30_000,
  });
  return (await readFile(log, 'utf8')).trimEnd().split('\n');
}

test('signing asks for no confirmation and leaves nothing out of the log', async () => {
  expect(await ask('sign.sh', [image, 'sbom.cdx.json'], {})).toEqual([
    `sign --yes ${image}`,
    `attest --yes --type cyclonedx --predicate sbom.cdx.json ${image}`,
  ]);
});

test('verifying names identity and issuer in full', async () => {
  expect(await ask('verify.sh', [image], who)).toEqual([
    `verify --certificate-identity ${who.IDENTITY} --certificate-oidc-issuer ${who.ISSUER} ${image}`,
  ]);
});

test('nothing is verified without an identity, without an issuer, or by a tag', async () => {
  await expect(ask('verify.sh', [image], { ISSUER: who.ISSUER })).rejects.toThrow('IDENTITY');
  await expect(ask('verify.sh', [image], { IDENTITY: who.IDENTITY })).rejects.toThrow('ISSUER');
  await expect(ask('verify.sh', ['ghcr.io/example/asset-inventory:1.2.3'], who)).rejects.toThrow('is no digest');
});
