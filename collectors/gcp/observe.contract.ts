// A fake organization of Google Cloud and the source that reads it, for the tests of the collector.
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { createOrganization, type OrganizationPlan } from '#testkit/gcp/create-organization.ts';
import { type GcpFake, type GcpFakeOptions, openGcpFake } from '#testkit/gcp/fake.ts';
import type { GcpOrganization } from '#testkit/gcp/organization.ts';
import { type Observed, type ObserveOptions, observeSource } from '../observe.contract.ts';
import { collector } from './collector.ts';

/** A fake with its first organization, and a source that reads it. */
export interface Started {
  readonly fake: GcpFake;
  readonly organization: GcpOrganization;
  readonly source: Record<string, unknown>;
}

const plan = { id: '123456789012', projects: 45, folders: 12 };

/** 45 projects in twelve folders, unless told otherwise, behind quick pages. */
export async function startGcp(
  options: Partial<GcpFakeOptions> & { plan?: Partial<OrganizationPlan> } = {},
): Promise<Started> {
  const organization = options.organizations?.[0] ?? createOrganization({ ...plan, ...options.plan });
  const fake = await openGcpFake({ organizations: [organization], ...options });
  onTestFinished(async () => {
    await fake.close();
    fake.assertNoUnexpected();
  });
  return { fake, organization, source: sourceOf(fake, organization.name) };
}

/** A source that reads the root. */
export function sourceOf(fake: GcpFake, root: string): Record<string, unknown> {
  return { name: 'main', root, endpoint: fake.url, credentials_file: writeKeyFile() };
}

const { privateKey } = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

/** The principal of the key file. */
export const reader = 'reader@tools-project.iam.gserviceaccount.com';

/** A service account's key; tokens are signed with it, so that nobody needs to be asked for one. */
export function writeKeyFile(): string {
  return writeFile({ type: 'service_account', client_email: reader, private_key: privateKey, private_key_id: 'k1' });
}

/** A file with this document. */
export function writeFile(document: unknown): string {
  const folder = mkdtempSync(join(tmpdir(), 'gcp-credentials-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const path = join(folder, 'credentials.json');
  writeFileSync(path, typeof document === 'string' ? document : JSON.stringify(document));
  return path;
}

/** Reads the source. */
export function observe({
  source,
  ...options
}: ObserveOptions & { readonly source: Record<string, unknown> }): Promise<Observed> {
  return observeSource(collector, source, options);
}
