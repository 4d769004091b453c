// The chart as Helm renders it, in a form that the checks can ask questions of.
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';
import { z } from 'zod';
import { type Ended, root, startProgram } from './inventory.ts';

const chart = join(root, 'charts/asset-inventory');

/** The values of `ci/`, by their names. */
export const scenarios = globSync('ci/*-values.yaml', { cwd: chart })
  .map((path) => path.slice('ci/'.length, -'-values.yaml'.length))
  .sort();

/** The oldest and the newest Kubernetes that are supported. */
export const kubernetesVersions = ['1.29.0', '1.36.0'] as const;

const labelsSchema = z.record(z.string(), z.string());
const selectorSchema = z.object({ matchLabels: labelsSchema });
const named = z.looseObject({ name: z.string() });
const portSchema = z.looseObject({ name: z.string().optional(), port: z.unknown().optional() });

const containerSchema = z.looseObject({
  name: z.string(),
  image: z.string(),
  args: z.array(z.string()).default([]),
  ports: z.array(z.looseObject({ name: z.string(), containerPort: z.int() })).default([]),
  volumeMounts: z.array(named.extend({ mountPath: z.string(), readOnly: z.boolean().default(false) })).default([]),
  resources: z.looseObject({ requests: labelsSchema, limits: labelsSchema }),
  securityContext: z.looseObject({}),
});
const podSpecSchema = z.looseObject({
  serviceAccountName: z.string(),
  automountServiceAccountToken: z.boolean(),
  securityContext: z.looseObject({}),
  initContainers: z.array(containerSchema).default([]),
  containers: z.array(containerSchema),
  volumes: z.array(named).default([]),
});
export type PodSpec = z.output<typeof podSpecSchema>;

const objectSchema = z.looseObject({
  apiVersion: z.string(),
  kind: z.string(),
  metadata: z.looseObject({
    name: z.string(),
    labels: labelsSchema.default({}),
    annotations: labelsSchema.default({}),
  }),
  spec: z.looseObject({}).default({}),
  data: labelsSchema.default({}),
});
export type KubernetesObject = z.output<typeof objectSchema>;

/** A pod that an object makes. */
export interface PodTemplate {
  readonly owner: string;
  readonly component: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: PodSpec;
}

/** Runs `helm template`. */
export function template(scenario: string, ...flags: readonly string[]): Promise<Ended> {
  return helm('template', join(chart, `ci/${scenario}-values.yaml`), ...flags);
}

/** Runs `helm template` with this file of values, for a release of this name. */
export function templateFile(path: string, release = usual): Promise<Ended> {
  return startProgram({}, ['helm', 'template', release, chart, '--namespace', 'inventory', '--values', path, ...newest])
    .ended;
}

/** Runs `helm lint --strict`. */
export function lint(scenario: string, ...flags: readonly string[]): Promise<Ended> {
  return helm('lint', join(chart, `ci/${scenario}-values.yaml`), '--strict', ...flags);
}

const usual = 'inventory';
/** The flags by which Helm renders for the newest. */
export const newest = ['--kube-version', kubernetesVersions[1]];

function helm(command: 'template' | 'lint', values: string, ...flags: readonly string[]): Promise<Ended> {
  const names = command === 'template' ? [usual, chart, '--namespace', 'inventory'] : [chart];
  const version = flags.includes('--kube-version') ? [] : newest;
  return startProgram({}, ['helm', command, ...names, '--values', values, ...version, ...flags]).ended;
}

/** What a scenario renders to, tests included. Throws when it does not render. */
export async function render(scenario: string, ...flags: readonly string[]): Promise<KubernetesObject[]> {
  const { code, stdout, stderr } = await template(scenario, ...flags);
  if (code !== 0) throw new Error(stderr);
  const documents = parseAllDocuments(stdout).map((document) => document.toJS());
  return documents.filter((document) => document !== null).map((document) => objectSchema.parse(document));
}

/** The objects of one kind. */
export function ofKind(objects: readonly KubernetesObject[], kind: string): KubernetesObject[] {
  return objects.filter((object) => object.kind === kind);
}

const templateSchema = z.looseObject({
  metadata: z.looseObject({ labels: labelsSchema }),
  spec: podSpecSchema,
});
const workloadSchemas = {
  Deployment: z.looseObject({ template: templateSchema }),
  Job: z.looseObject({ template: templateSchema }),
  CronJob: z
    .looseObject({ jobTemplate: z.looseObject({ spec: z.looseObject({ template: templateSchema }) }) })
    .transform(({ jobTemplate }) => ({ template: jobTemplate.spec.template })),
} as const;

/** Every pod template, whatever kind it is in. */
export function podTemplates(objects: readonly KubernetesObject[]): PodTemplate[] {
  return objects.flatMap((object) => {
    const found = toTemplate(object);
    if (found === undefined) return [];
    const { labels } = found.metadata;
    const component = labels['app.kubernetes.io/component'] ?? '';
    return [{ owner: `${object.kind} ${object.metadata.name}`, component, labels, spec: found.spec }];
  });
}

function toTemplate(object: KubernetesObject): z.output<typeof templateSchema> | undefined {
  if (object.kind === 'Pod') return templateSchema.parse(object);
  const schema = Object.entries(workloadSchemas).find(([kind]) => kind === object.kind)?.[1];
  return schema?.parse(object.spec).template;
}

/** Whether a selector of labels, at this place of the object, chooses the labels. */
export function selects(selector: unknown, labels: Readonly<Record<string, string>>): boolean {
  const { matchLabels } = selectorSchema.parse(selector);
  return Object.entries(matchLabels).every(([name, value]) => labels[name] === value);
}

/** The ports of a Service. */
export function servicePorts(service: KubernetesObject): { name: string; targetPort: number }[] {
  const ports = z.array(portSchema.extend({ name: z.string(), targetPort: z.int() }));
  return ports.parse(service.spec['ports']).map(({ name, targetPort }) => ({ name, targetPort }));
}
