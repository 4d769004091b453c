// Accounts of any provider as configurations and labels name them, `aws/111122223333`: what relations lead to.
import { z } from 'zod';
import type { Provider } from './observation.ts';

/** `provider/id`, or `gcp/` and the project's id. */
export const accountReferenceSchema = z
  .string()
  .regex(
    /^(aws\/\d{12}|gcp\/[a-z0-9][a-z0-9:.-]{0,127}|azure\/[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12})$/,
    'provider/id: aws/111122223333, gcp/my-project or azure/00000000-…',
  )
  .transform((text) => text.toLowerCase());

// `project_id` is what Google's managed Prometheus demands: https://cloud.google.com/stackdriver/docs/managed-prometheus/setup-unmanaged.
// An `account_id` is whose form it has; a project's id has none.
const providersByLabel: Readonly<Record<string, readonly Provider[]>> = {
  account_id: ['aws', 'azure'],
  aws_account_id: ['aws'],
  azure_subscription_id: ['azure'],
  cloud_account_id: ['aws', 'azure'],
  gcp_project_id: ['gcp'],
  project_id: ['gcp'],
  subscription_id: ['azure'],
};

/** The accounts that labels name, each with the label that does. */
export function accountsInLabels(labels: Readonly<Record<string, string>>): { to_ref: string; label: string }[] {
  const found = new Map<string, string>();
  for (const [label, providers] of Object.entries(providersByLabel)) {
    for (const provider of providers) {
      const reference = accountReferenceSchema.safeParse(`${provider}/${labels[label] ?? ''}`).data;
      if (reference !== undefined && !found.has(reference)) found.set(reference, label);
    }
  }
  return [...found].map(([to_ref, label]) => ({ to_ref, label }));
}
