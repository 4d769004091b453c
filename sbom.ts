// What the bundle is made of, as CycloneDX: every npm package of which code is in it, by esbuild's account, with version, license and
// hash of the lock file. Scanners find no package in a bundle by themselves, so the image carries this.
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { License } from '@cyclonedx/cyclonedx-library/Contrib';
import { ComponentType, HashAlgorithm, LifecyclePhase } from '@cyclonedx/cyclonedx-library/Enums';
import {
  Bom,
  Component,
  ComponentRepository,
  HashDictionary,
  LicenseRepository,
  Metadata,
  Tools,
} from '@cyclonedx/cyclonedx-library/Models';
import { JSON as BomJson, JsonSerializer } from '@cyclonedx/cyclonedx-library/Serialize';
import { Spec1dot6 } from '@cyclonedx/cyclonedx-library/Spec';
import type { Metafile } from 'esbuild';
import { PackageURL } from 'packageurl-js';
import { z } from 'zod';

// It brings no types.
const parseExpression: (text: string) => unknown = createRequire(import.meta.url)('spdx-expression-parse');
const licenses = new License.Factories.LicenseFactory(parseExpression);

const lockedSchema = z.object({
  version: z.string(),
  integrity: z.string().optional(),
  license: z.string().optional(),
});
type Locked = z.output<typeof lockedSchema>;
const lockSchema = z.object({ name: z.string(), packages: z.record(z.string(), z.unknown()) });

/** The document, the same text for the same input. `root` is the folder of the lock file, `madeAt` the time to put in. */
export async function createSbom(root: string, metafile: Metafile, madeAt?: Date): Promise<string> {
  const { name, packages } = lockSchema.parse(JSON.parse(await readFile(join(root, 'package-lock.json'), 'utf8')));
  const locked = (folder: string): Locked =>
    lockedSchema.parse(packages[folder], { error: () => `not locked: ${folder}` });

  const product = toComponent(name, locked(''), { type: ComponentType.Application });
  const components = new Map([['', product]]);
  const byPurl = new Map<string, Component>();
  for (const folder of bundledFolders(metafile)) {
    const made = toPackage(folder, locked(folder));
    // The same version in two folders is one component.
    const component = byPurl.get(made.bomRef.value ?? '') ?? made;
    byPurl.set(component.bomRef.value ?? '', component);
    components.set(folder, component);
  }
  link(metafile, components);

  const tools = ['esbuild', '@cyclonedx/cyclonedx-library'].map((tool) =>
    toComponent(tool, { version: locked(`node_modules/${tool}`).version }, { type: ComponentType.Application }),
  );
  const metadata = new Metadata({
    component: product,
    tools: new Tools({ components: new ComponentRepository(tools) }),
  });
  metadata.lifecycles.add(LifecyclePhase.Build);
  if (madeAt) metadata.timestamp = madeAt;
  return serialize(new Bom({ metadata, components: new ComponentRepository([...byPurl.values()]) }));
}

// The folder of the package that a file of the metafile is in; our own files are in ''.
function folderOf(path: string): string {
  return /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(path)?.[1] ?? '';
}

/** The folders of the packages that left something in the output. */
function bundledFolders({ outputs }: Metafile): string[] {
  const inputs = Object.values(outputs).flatMap((output) => Object.entries(output.inputs));
  const folders = inputs.filter(([, { bytesInOutput }]) => bytesInOutput > 0).map(([path]) => folderOf(path));
  return [...new Set(folders)].filter((folder) => folder !== '').sort();
}

function link({ inputs }: Metafile, components: ReadonlyMap<string, Component>): void {
  for (const [path, { imports }] of Object.entries(inputs)) {
    const from = components.get(folderOf(path));
    for (const imported of imports) {
      const to = imported.external ? undefined : components.get(folderOf(imported.path));
      if (from && to && from !== to) from.dependencies.add(to.bomRef);
    }
  }
}

function toPackage(folder: string, locked: Locked): Component {
  const name = folder.slice(folder.lastIndexOf('node_modules/') + 'node_modules/'.length);
  const [base = name, scope] = name.split('/').reverse();
  return toComponent(name, locked, {
    type: ComponentType.Library,
    purl: new PackageURL('npm', scope, base, locked.version).toString(),
  });
}

function toComponent(fullName: string, locked: Locked, how: { type: ComponentType; purl?: string }): Component {
  const [name = fullName, group] = fullName.split('/').reverse();
  const component = new Component(how.type, name, {
    bomRef: how.purl ?? `${fullName}@${locked.version}`,
    version: locked.version,
    licenses: new LicenseRepository(locked.license ? [licenses.makeFromString(locked.license)] : []),
  });
  if (group) component.group = group;
  if (how.purl) component.purl = how.purl;
  // npm's integrity is the hash of the package as it was fetched.
  const sha512 = /\bsha512-(\S+)/.exec(locked.integrity ?? '')?.[1];
  if (sha512) {
    component.hashes = new HashDictionary([[HashAlgorithm['SHA-512'], Buffer.from(sha512, 'base64').toString('hex')]]);
  }
  return component;
}

function serialize(bom: Bom): string {
  const serializer = new JsonSerializer(new BomJson.Normalize.Factory(Spec1dot6));
  const text = () => serializer.serialize(bom, { sortLists: true, space: 1 });
  // A number that follows from the content: other documents can name this one, and a new build does not change it.
  const hash = createHash('sha256').update(text()).digest('hex');
  bom.serialNumber = `urn:uuid:${hash.replace(/^(.{8})(.{4}).(.{3}).(.{3})(.{12}).*$/, '$1-$2-8$3-8$4-$5')}`;
  return `${text()}\n`;
}
