// checkov over what the chart renders, the Dockerfile and the workflows; and what it wants otherwise, with the reason why it does not get it.
import { cp, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { z } from 'zod';
import type { KubernetesObject } from './chart.ts';
import { root, startProgram } from './inventory.ts';

/** A check that does not hold for some objects, and why. */
interface Exception {
  readonly check: string;
  readonly because: string;
  readonly holdsFor: (object: KubernetesObject, text: string) => boolean;
}

const isWorkload = ({ kind }: KubernetesObject) => /^(Deployment|CronJob|Job|Pod)$/.test(kind);

export const exceptions: readonly Exception[] = [
  {
    check: 'CKV_K8S_11',
    because: 'a throttled probe looks like a dead process; memory is limited',
    holdsFor: isWorkload,
  },
  {
    check: 'CKV_K8S_35',
    because:
      'what others read from variables alone: the SDKs, oauth2-proxy; each by a secretKeyRef. The product reads files',
    holdsFor: (object, text) => isWorkload(object) && text.includes('secretKeyRef'),
  },
  {
    check: 'CKV_K8S_8',
    because: 'runs once and ends: nothing to restart',
    holdsFor: ({ kind }) => kind === 'Pod',
  },
  {
    check: 'CKV_K8S_9',
    because: 'runs once and ends: nothing waits for it',
    holdsFor: ({ kind }) => kind === 'Pod',
  },
];

/** The object as it is installed, in its namespace, with its exceptions where checkov looks for them. */
export function annotate(object: KubernetesObject, namespace: string): unknown {
  const text = JSON.stringify(object);
  const skips = exceptions
    .filter(({ holdsFor }) => holdsFor(object, text))
    .map(({ check, because }, index) => [`checkov.io/skip${index + 1}`, `${check}=${because}`]);
  const annotations = { ...object.metadata.annotations, ...Object.fromEntries(skips) };
  return { ...object, metadata: { ...object.metadata, namespace, annotations } };
}

const findingSchema = z.looseObject({ check_id: z.string(), resource: z.string(), file_path: z.string() });
const reportSchema = z.looseObject({
  check_type: z.string(),
  results: z.looseObject({
    passed_checks: z.array(findingSchema),
    failed_checks: z.array(findingSchema),
    skipped_checks: z.array(findingSchema),
    parsing_errors: z.array(z.string()),
  }),
});
export type CheckovReport = z.output<typeof reportSchema>;

/** Writes into the folder what is checked: manifests by their names, and the repository's own files. */
export async function writeInput(
  folder: string,
  manifests: Readonly<Record<string, readonly unknown[]>>,
): Promise<void> {
  for (const [name, objects] of Object.entries(manifests)) {
    await writeFile(join(folder, `${name}.yaml`), objects.map((object) => stringify(object)).join('---\n'));
  }
  await cp(join(root, 'Dockerfile'), join(folder, 'Dockerfile'));
  await mkdir(join(folder, '.github'));
  await cp(join(root, '.github/workflows'), join(folder, '.github/workflows'), { recursive: true });
}

/** A report for each framework. Nothing is fetched and nothing sent: all checks are in the package. */
export async function runCheckov(folder: string): Promise<readonly CheckovReport[]> {
  const frameworks = ['kubernetes', 'dockerfile', 'github_actions'].flatMap((name) => ['--framework', name]);
  const command = ['checkov', '--directory', folder, ...frameworks, '--skip-download', '--compact', '--soft-fail'];
  const { stdout, stderr } = await startProgram({}, [...command, '--output', 'json'], folder).ended;
  const answer: unknown = JSON.parse(stdout || JSON.stringify({ error: stderr }));
  return z.array(reportSchema).parse(answer);
}
