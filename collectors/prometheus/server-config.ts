// What a server's own configuration says about its place: external labels, remote peers, and where it discovers targets.
import { parse } from 'yaml';
import { z } from 'zod';
import { toPlainUrl } from '#core/endpoint-url.ts';

/** The parts that are kept. The rest is never stored: passwords are masked in it, but headers and query strings are not. */
export interface ServerConfig {
  readonly external_labels: Readonly<Record<string, string>>;
  readonly remote_write: readonly string[];
  readonly remote_read: readonly string[];
  readonly scrape_jobs: number;
  /** `ec2`, `kubernetes` …; targets that are written down are `static`. */
  readonly service_discovery: readonly string[];
  /** Accounts, projects and subscriptions that targets are discovered in, as `provider/id`. */
  readonly discovers_in: readonly string[];
}

const peersSchema = z.array(z.object({ url: z.string() })).nullish();

const configSchema = z.object({
  global: z.object({ external_labels: z.record(z.string(), z.coerce.string()).nullish() }).nullish(),
  remote_write: peersSchema,
  remote_read: peersSchema,
  scrape_configs: z.array(z.record(z.string(), z.unknown())).nullish(),
});

const discoverySchema = z.array(
  z.object({
    role_arn: z.string().optional(),
    project: z.string().optional(),
    subscription_id: z.string().optional(),
  }),
);

/** Throws what the parser throws when the text is no configuration. */
export function parseServerConfig(text: string): ServerConfig {
  const config = configSchema.parse(parse(text) ?? {});
  const jobs = config.scrape_configs ?? [];
  return {
    external_labels: config.global?.external_labels ?? {},
    remote_write: toUrls(config.remote_write ?? []),
    remote_read: toUrls(config.remote_read ?? []),
    scrape_jobs: jobs.length,
    service_discovery: sorted(jobs.flatMap((job) => Object.keys(job).flatMap(toKind))),
    discovers_in: sorted(jobs.flatMap((job) => Object.entries(job).flatMap(([key, value]) => toAccounts(key, value)))),
  };
}

function toUrls(peers: readonly { readonly url: string }[]): string[] {
  return sorted(peers.flatMap(({ url }) => toPlainUrl(url) ?? []));
}

function toKind(key: string): string[] {
  const kind = /^(\w+?)_(?:sd_)?configs$/.exec(key)?.[1];
  // `relabel_configs` and `metric_relabel_configs` discover nothing.
  return kind === undefined || kind.endsWith('relabel') ? [] : [kind];
}

function toAccounts(key: string, value: unknown): string[] {
  const entries = discoverySchema.safeParse(value).data ?? [];
  return entries.flatMap(({ role_arn, project, subscription_id }) => {
    const account = /^arn:[\w-]+:iam::(\d{12}):/.exec(role_arn ?? '')?.[1];
    if (key === 'ec2_sd_configs' && account !== undefined) return [`aws/${account}`];
    if (key === 'gce_sd_configs' && project) return [`gcp/${project}`];
    return key === 'azure_sd_configs' && subscription_id ? [`azure/${subscription_id.toLowerCase()}`] : [];
  });
}

function sorted(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}
