// What a server's own configuration says about its place: external labels, remote peers, and where it discovers targets.
import { setImmediate } from 'node:timers/promises';
import { parseDocument, visit } from 'yaml';
import { z } from 'zod';
import { accountReferenceSchema } from '#core/account-reference.ts';
import { toToldUrl } from '#core/endpoint-url.ts';
import { textsSchema } from '#core/json.ts';

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
  global: z.object({ external_labels: z.preprocess(toTexts, textsSchema.nullish()) }).nullish(),
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

/**
 * Throws when the text is no configuration. It is read piece by piece, and others are let in between: a second of parsing per
 * megabyte would be a second in which no other endpoint's answer is heard.
 */
export async function parseServerConfig(text: string): Promise<ServerConfig> {
  let config: z.output<typeof configSchema> = {};
  const jobs: Job[] = [];
  for (const piece of toPieces(text)) {
    await setImmediate();
    const { scrape_configs, ...others } = configSchema.parse(parsePiece(piece) ?? {});
    config = { ...config, ...others };
    for (const job of scrape_configs ?? []) jobs.push(job);
  }
  return {
    external_labels: config.global?.external_labels ?? {},
    remote_write: toUrls(config.remote_write ?? []),
    remote_read: toUrls(config.remote_read ?? []),
    scrape_jobs: jobs.length,
    service_discovery: sorted(jobs.flatMap((job) => Object.keys(job).flatMap(toKind))),
    discovers_in: sorted(jobs.flatMap((job) => Object.entries(job).flatMap(([key, value]) => toAccounts(key, value)))),
  };
}

type Job = Readonly<Record<string, unknown>>;

// Its parts by their keys at the margin, and of scrape jobs as many together as take some hundredths of a second.
function toPieces(text: string): string[] {
  return text.split(/^(?=[^\s#-])/m).flatMap((part) => {
    const [, key = '', indent] = /^(scrape_configs:[^\S\n]*\n)([^\S\n]*)-/.exec(part) ?? [];
    if (indent === undefined) return [part];
    const pieces = [key];
    for (const item of part.slice(key.length).split(new RegExp(`^(?=${indent}-)`, 'm'))) {
      const last = pieces.at(-1) ?? '';
      if (last.length < pieceLength) pieces[pieces.length - 1] = last + item;
      else pieces.push(key + item);
    }
    return pieces;
  });
}

const pieceLength = 30_000;
const maxPieceLength = 1_000_000;

// Servers write out what they were given with aliases. Comparing every key with those before it, and following aliases,
// would take the square of the length.
function parsePiece(piece: string): unknown {
  if (piece.length > maxPieceLength) throw new RangeError('too long a piece of a configuration');
  const document = parseDocument(piece, { uniqueKeys: false, prettyErrors: false });
  visit(document, {
    Alias() {
      throw new SyntaxError('an alias');
    },
  });
  if (document.errors.length > 0) throw new SyntaxError('no YAML');
  return document.toJS();
}

// Servers write numbers and words of YAML without quotes.
function toTexts(labels: unknown): unknown {
  if (typeof labels !== 'object' || labels === null || Array.isArray(labels)) return labels;
  return Object.fromEntries(Object.entries(labels).map(([name, value]) => [name, String(value)]));
}

function toUrls(peers: readonly { readonly url: string }[]): string[] {
  return sorted(peers.flatMap(({ url }) => toToldUrl(url) ?? []));
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
    if (key === 'gce_sd_configs') return accountReferenceSchema.safeParse(`gcp/${project}`).data ?? [];
    return key === 'azure_sd_configs' ? (accountReferenceSchema.safeParse(`azure/${subscription_id}`).data ?? []) : [];
  });
}

function sorted(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}
