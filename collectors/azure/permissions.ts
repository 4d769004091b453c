// The least that the application must be allowed: one custom role per source, assigned at the tenant's root group.
import { type AzureConfig, toScope } from './config.ts';

/** The Azure action that allows each operation. */
export const actions = {
  ListSubscriptions: 'Microsoft.Resources/subscriptions/read',
  GetEntities: 'Microsoft.Management/managementGroups/read',
} as const;

export type Operation = keyof typeof actions;

// The hierarchy shows the subscriptions of a group to whoever may read them there.
const roleActions = [...Object.values(actions), 'Microsoft.Management/managementGroups/subscriptions/read'].sort();

/** What one scope needs: a role in the form of `az role definition create --role-definition`, and its assignment. */
export interface Permission {
  readonly scope: string;
  readonly role: {
    readonly Name: string;
    readonly Description: string;
    readonly Actions: readonly string[];
    readonly NotActions: readonly string[];
    readonly AssignableScopes: readonly string[];
  };
  readonly assignment: { readonly application: string; readonly role: string; readonly scope: string };
}

/** The role and the assignment of every source. */
export function createPermissions(config: AzureConfig): Permission[] {
  return config.sources.map((source) => {
    // The root group's name is the tenant's id.
    const scope = `/providers/Microsoft.Management/managementGroups/${source.tenant_id}`;
    const role = {
      Name: 'Cloud inventory reader',
      Description: 'Lists subscriptions and management groups; reads nothing inside them and changes nothing',
      Actions: roleActions,
      NotActions: [],
      AssignableScopes: [scope],
    };
    return {
      scope: toScope(source),
      role,
      assignment: { application: source.client_id, role: role.Name, scope },
    };
  });
}
