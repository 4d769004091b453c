// What Gatekeeper runs: for each policy a ConstraintTemplate with the same Rego, and a Constraint for the product's namespace.
import { stringify } from 'yaml';
import { type PolicyParams, toStructuralSchema } from './params.ts';
import type { Library, Policy } from './rule-files.ts';

/** Where docs/deploy.md installs the product. */
export const usualNamespace = 'inventory';

const notice = '# Generated from the policies by `npm run generate`: change those.\n';

/** The kind of a policy's Constraints: `InventoryNetpolEgress`. */
export function kindOf({ name }: Policy): string {
  return `Inventory${name.replace(/(^|_)([a-z])/g, (_, __, letter: string) => letter.toUpperCase())}`;
}

/** The ConstraintTemplate of a policy. */
export function toTemplate(policy: Policy, params: PolicyParams, libraries: readonly Library[]): string {
  const kind = kindOf(policy);
  const { title, rego, inventory } = policy;
  const required = JSON.stringify(inventory.map((entry) => [entry]));
  return toYaml({
    apiVersion: 'templates.gatekeeper.sh/v1',
    kind: 'ConstraintTemplate',
    metadata: {
      // Gatekeeper wants the kind in small letters.
      name: kind.toLowerCase(),
      annotations: {
        'metadata.gatekeeper.sh/title': title,
        description: Object.entries(policy.rules)
          .map(([rule, reason]) => `${rule}: ${reason}`)
          .join('\n'),
        ...(inventory.length > 0 && { 'metadata.gatekeeper.sh/requires-sync-data': required }),
      },
    },
    spec: {
      crd: { spec: { names: { kind }, validation: { openAPIV3Schema: toStructuralSchema(params) } } },
      targets: [
        {
          target: 'admission.k8s.gatekeeper.sh',
          // Without `version: v1` the text would be read as the Rego of before OPA 1.0.
          code: [{ engine: 'Rego', source: { version: 'v1', rego, libs: libraries.map((library) => library.rego) } }],
        },
      ],
    },
  });
}

/** The Constraint of a policy, for one namespace. One that looks at other objects only reports: at admission they may not be there yet. */
export function toConstraint(policy: Policy, { value }: PolicyParams, namespace = usualNamespace): string {
  return toYaml({
    apiVersion: 'constraints.gatekeeper.sh/v1beta1',
    kind: kindOf(policy),
    metadata: { name: 'asset-inventory' },
    spec: {
      enforcementAction: policy.isCombined ? 'dryrun' : 'deny',
      // What is in no namespace would match any.
      match: { scope: 'Namespaced', kinds: policy.kinds, namespaces: [namespace] },
      parameters: value,
    },
  });
}

/** What Gatekeeper has to keep at hand for the policies that look at other objects. */
export function toSyncSet(policies: readonly Policy[]): string {
  const gvks = policies.flatMap(({ inventory }) =>
    inventory.flatMap(({ groups, versions, kinds }) =>
      groups.flatMap((group) => versions.flatMap((version) => kinds.map((kind) => ({ group, version, kind })))),
    ),
  );
  const unique = new Map(gvks.map((gvk) => [JSON.stringify(gvk), gvk]));
  return toYaml({
    apiVersion: 'syncset.gatekeeper.sh/v1alpha1',
    kind: 'SyncSet',
    metadata: { name: 'asset-inventory' },
    spec: { gvks: [...unique.values()] },
  });
}

function toYaml(object: unknown): string {
  return notice + stringify(object, { lineWidth: 0, aliasDuplicateObjects: false });
}
