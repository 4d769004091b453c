// The generated files of the chart, as texts: values, their schema, the README's table, and everything made of the egress contracts.
import { stringify } from 'yaml';
import type { JsonSchema } from './json-schema.ts';
import type { CollectorFacts } from './values-collectors.ts';

const notice = 'Generated from charts/values.ts and the collectors’ egress.ts by `npm run generate`: change those.';

/** values.yaml: every value with its default, and above it what it is for. */
export function toValuesYaml(schema: JsonSchema, values: Readonly<Record<string, unknown>>): string {
  return `# ${notice}\n${toLines(schema, values, '').join('\n')}\n`;
}

function toLines(schema: JsonSchema, values: Readonly<Record<string, unknown>>, indent: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, property]) => {
    const value = values[key];
    if (value === undefined) return [];
    const comment = property.description === undefined ? [] : [`${indent}# ${property.description}`];
    const gap = indent === '' ? [''] : [];
    const isParent = isRecord(value) && property.properties !== undefined && Object.keys(value).length > 0;
    if (!isParent) return [...gap, ...comment, `${indent}${key}: ${toFlow(value)}`];
    return [...gap, ...comment, `${indent}${key}:`, ...toLines(property, value, `${indent}  `)];
  });
}

function toFlow(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0, flowCollectionPadding: true }).trim();
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

interface Row {
  readonly key: string;
  readonly usual: string;
  readonly description: string;
}

/** The README's table of values. Of the collectors the first is told whole, the others where they differ. */
export function toValuesTable(schema: JsonSchema, values: Readonly<Record<string, unknown>>): string {
  const rows = toRows(schema, values, '');
  const [first = ''] = Object.keys(schema.properties?.['collectors']?.properties ?? {});
  const prefix = (key: string) => /^collectors\.[^.]+\./.exec(key)?.[0] ?? '';
  const model = new Map(rows.map((row) => [row.key, row.usual]));
  const told = rows.filter(({ key, usual }) => {
    const own = prefix(key);
    return (
      own === '' || model.get(key.replace(own, `collectors.${first}.`)) !== usual || own === `collectors.${first}.`
    );
  });
  const lines = told.map(({ key, usual, description }) => `| \`${key}\` | \`${usual}\` | ${description} |`);
  return ['| value | default | |', '|---|---|---|', ...lines].join('\n');
}

function toRows(schema: JsonSchema, values: Readonly<Record<string, unknown>>, prefix: string): Row[] {
  return Object.entries(schema.properties ?? {}).flatMap(([key, property]) => {
    const value = values[key];
    if (value === undefined) return [];
    const path = `${prefix}${key}`;
    if (isRecord(value) && property.properties !== undefined && Object.keys(value).length > 0) {
      return toRows(property, value, `${path}.`);
    }
    const words = Array.isArray(property['enum']) ? property['enum'].map((word) => `\`${word}\``).join(', ') : '';
    const description = [property.description, words].filter(Boolean).join(' ').replaceAll('|', '\\|');
    return [{ key: path, usual: JSON.stringify(value).replaceAll('|', '\\|'), description }];
  });
}

/** A text with what is between its two marks replaced. Throws when they are missing. */
export function replaceBetween(text: string, name: string, content: string): string {
  const [begin, end] = [`<!-- ${name}: generated -->`, `<!-- /${name} -->`];
  const from = text.indexOf(begin);
  const to = text.indexOf(end);
  if (from < 0 || to < from) throw new Error(`the marks ${begin} and ${end} are missing`);
  return `${text.slice(0, from + begin.length)}\n${content}\n${text.slice(to)}`;
}

/** What templates and policies look up: by collector, the servers of its clouds and the services of its identities. */
export function toEgressData(collectors: readonly CollectorFacts[]): Readonly<Record<string, unknown>> {
  const entries = collectors.map(({ name, egress: { clouds, identities } }) => {
    const servers = Object.entries(clouds).map(([cloud, peers]) => [
      cloud,
      peers.map(({ host, port }) => ({ host, port })),
    ]);
    const services = Object.entries(identities).map(([provider, entry]) => [
      provider,
      entry.map(({ cidr, ports }) => ({ cidr, ports })),
    ]);
    return [name, { clouds: Object.fromEntries(servers), identities: Object.fromEntries(services) }];
  });
  return { collectors: Object.fromEntries(entries) };
}

/** docs/egress.md. */
export function toEgressPage(collectors: readonly CollectorFacts[]): string {
  return [
    '# Egress',
    '',
    `<!-- ${notice} -->`,
    '',
    'Whom each collector reaches, as its code declares it and its tests compare it with what the SDKs really ask for. The chart makes',
    'NetworkPolicies of it. Besides, every component reaches DNS and its database; the API, its proxy and ingest reach the OpenID Connect',
    'issuer, and the hosts that its discovery document names for keys and tokens.',
    '',
    '**A plain NetworkPolicy cannot name hosts.** With `networkPolicy.flavor: kubernetes` a collector of a cloud may reach *every* public',
    'address on port 443, and private ones only where named: that is no list of hosts. Only `flavor: cilium` holds it to the names below.',
    'With any other network, give it an egress proxy (`proxy`, `egress.inCluster`) or addresses (`egress.cidrs`), and `egress.internet: false`.',
    ...collectors.flatMap(toEgressSection),
    '',
  ].join('\n');
}

function toEgressSection({ name, egress }: CollectorFacts): string[] {
  const servers = Object.entries(egress.clouds).flatMap(([cloud, peers]) =>
    peers.map(({ host, port, purpose }) => `| ${cloud} | \`${host}\` | ${port} | ${purpose} |`),
  );
  const services = Object.entries(egress.identities).flatMap(([provider, entries]) =>
    entries.map(
      ({ cidr, ports, purpose }) => `| identity \`${provider}\` | \`${cidr}\` | ${ports.join(', ')} | ${purpose} |`,
    ),
  );
  const rows = [...servers, ...services];
  const table = rows.length === 0 ? [] : ['| cloud | server | port | for |', '|---|---|---|---|', ...rows, ''];
  return ['', `## ${name}`, '', ...table, `From the configuration: ${egress.configured.join('; ')}.`];
}
