// The rules of the house that can be read off the source text. `architecture.test.ts` applies them to the repository.
import { posix } from 'node:path';

/** A file of the repository: its path from the root, with forward slashes, and its text. */
export interface SourceFile {
  readonly path: string;
  readonly text: string;
}

/** One import of a file: where it leads, and whether it vanishes with the types or waits until it is called. */
export interface Import {
  /** A path from the root for our own files, else the name of a package or `node:` module. */
  readonly target: string;
  readonly isOwn: boolean;
  readonly isTypeOnly: boolean;
  readonly isDynamic: boolean;
}

/** What a room (a folder whose files may import the same) may use. `packages` ending in `/` are prefixes; `*` is any. */
interface Room {
  readonly rooms: readonly string[];
  readonly packages: readonly string[];
}

const anything: Room = { rooms: ['*'], packages: ['*'] };

// A provider folder names its SDK here: it is imported nowhere else.
const providerPackages: Readonly<Record<string, readonly string[]>> = {
  aws: ['@aws-sdk/', '@smithy/'],
  gcp: ['@google-cloud/', 'google-auth-library', '@grpc/grpc-js'],
  azure: ['@azure/'],
  prometheus: ['yaml'],
  ssh: ['ssh2'],
};

// Driven by rows: they lease their work from the store.
const workers = ['ssh', 'heartbeat', 'advisories'];

const serviceRoom: Room = {
  rooms: ['core', 'contracts', 'store', 'services'],
  packages: [
    'hono',
    'hono/',
    '@hono/node-server',
    '@hono/node-server/',
    '@hono/zod-openapi',
    'prom-client',
    'jose',
    'zod',
  ],
};

const rooms: Readonly<Record<string, Room>> = {
  core: { rooms: [], packages: ['zod', 'pino', 'undici', 'undici/', 'yaml'] },
  contracts: { rooms: ['core'], packages: ['zod', 'yaml', 'ajv', 'ajv/'] },
  store: { rooms: ['core', 'contracts'], packages: ['postgres', 'node:sqlite', 'zod'] },
  collectors: { rooms: ['core', 'contracts', 'store'], packages: ['zod'] },
  services: serviceRoom,
  'services/api': serviceRoom,
  'services/console': serviceRoom,
  'services/ingest': serviceRoom,
  cli: {
    rooms: ['core', 'contracts', 'store', 'collectors', 'services'],
    packages: ['commander', 'yaml', 'zod', 'pino', 'undici'],
  },
  // The fakes know the vocabulary; the test database is migrated by the product's own migrations.
  testkit: { rooms: ['core', 'contracts', 'store'], packages: ['*'] },
  bench: anything,
  charts: anything,
  policy: anything,
  e2e: anything,
  release: anything,
  verify: anything,
  '.': anything,
};

/** Whether the production caps and directions do not bind this file. */
function isTest(path: string): boolean {
  return /\.(test|contract)\.ts$/.test(path);
}

/** The room of a file: its folder, two levels deep where providers and services live side by side. */
export function roomOf(path: string): string {
  const [first, second, ...rest] = path.split('/');
  if (first === undefined || second === undefined) return '.';
  return (first === 'collectors' || first === 'services') && rest.length > 0 ? `${first}/${second}` : first;
}

/** The text without comments, so that a rule does not trip over prose. */
function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/(^|\s)\/\/.*$/gm, '$1');
}

/** Every static and dynamic import and re-export of a file. */
export function readImports({ path, text }: SourceFile): Import[] {
  const source = withoutComments(text);
  const statics = /^\s*(?:import|export)\s+(type\s+)?(?:[^'"`;]*?\sfrom\s+)?['"]([^'"]+)['"]/gm;
  const dynamics = /\bimport\(\s*['"`]([^'"`]+)['"`]/g;
  return [
    ...[...source.matchAll(statics)].map(([, type, name = '']) => toImport(path, name, { isTypeOnly: Boolean(type) })),
    ...[...source.matchAll(dynamics)].map(([, name = '']) => toImport(path, name, { isDynamic: true })),
  ];
}

function toImport(path: string, name: string, how: { isTypeOnly?: boolean; isDynamic?: boolean }): Import {
  const isOwn = name.startsWith('.') || name.startsWith('#');
  const target = name.startsWith('#') ? name.slice(1) : posix.join(posix.dirname(path), name);
  return { target: isOwn ? target : name, isOwn, isTypeOnly: false, isDynamic: false, ...how };
}

/** What a file imports against the directions. Tests may import everything but are imported by nobody. */
export function importProblems(file: SourceFile): string[] {
  if (isTest(file.path)) return [];
  const room = roomOf(file.path);
  const allowed = allowedFor(room);
  if (!allowed) return [`${file.path}: no rule says what ${room}/ may import`];
  return readImports(file)
    .filter((entry) => !isAllowed(entry, file.path, { room, allowed }))
    .map(({ target }) => `${file.path}: may not import ${target}`);
}

function allowedFor(room: string): Room | undefined {
  const [parent, name] = room.split('/');
  if (parent !== 'collectors' || name === undefined) return rooms[room];
  const isWorker = workers.includes(name);
  return {
    rooms: isWorker ? ['core', 'contracts', 'store'] : ['core'],
    packages: ['zod', ...(providerPackages[name] ?? [])],
  };
}

function isAllowed(entry: Import, path: string, { room, allowed }: { room: string; allowed: Room }): boolean {
  if (entry.isOwn) return isOwnAllowed(entry, path, { room, allowed });
  // The database driver is a package like any other, though Node brings it.
  if (entry.target.startsWith('node:') && entry.target !== 'node:sqlite')
    return !(entry.target === 'node:child_process' && room.startsWith('collectors'));
  return allowed.packages.some((name) => name === '*' || name === entry.target || isBelow(name, entry.target));
}

function isBelow(prefix: string, name: string): boolean {
  return prefix.endsWith('/') && name.startsWith(prefix);
}

function isOwnAllowed(entry: Import, path: string, { room, allowed }: { room: string; allowed: Room }): boolean {
  const targetRoom = roomOf(entry.target);
  if (isTest(entry.target)) return false;
  // The bundle leaves `#testkit` out, so only what is loaded when the command is called may name it.
  if (room === 'cli' && targetRoom === 'testkit')
    return path === 'cli/sandbox.ts' && (entry.isDynamic || entry.isTypeOnly);
  if (room === 'cli' && targetRoom.startsWith('collectors/')) return entry.isDynamic;
  if (targetRoom === room || targetRoom === '.') return true;
  return allowed.rooms.some((name) => name === '*' || name === targetRoom || targetRoom.startsWith(`${name}/`));
}

/** The import cycles among the files, each as the chain of paths that closes it. Types vanish and close no cycle. */
export function importCycles(files: readonly SourceFile[]): string[] {
  const edges = new Map(files.map((file) => [file.path, valueTargets(file)]));
  const done = new Set<string>();
  const cycles: string[] = [];
  function visit(path: string, chain: readonly string[]): void {
    const start = chain.indexOf(path);
    if (start >= 0) cycles.push([...chain.slice(start), path].join(' -> '));
    if (start >= 0 || done.has(path)) return;
    for (const target of edges.get(path) ?? []) visit(target, [...chain, path]);
    done.add(path);
  }
  for (const path of edges.keys()) visit(path, []);
  return cycles;
}

function valueTargets(file: SourceFile): string[] {
  return readImports(file)
    .filter((entry) => entry.isOwn && !entry.isTypeOnly)
    .map((entry) => entry.target);
}

const maxLines = 300;

// Programs that are started by hand or by npm, outside cli/.
const scripts = ['build.ts', 'contracts/generate.ts', 'charts/generate.ts', 'policy/generate.ts'];

/** What a file does that only `cli/`, tests and stand-alone programs may, or that nobody may. */
export function contentProblems({ path, text }: SourceFile): string[] {
  const source = withoutComments(text);
  const isProgram = isTest(path) || scripts.includes(path) || /^(cli|bench|verify|e2e|release)\//.test(path);
  const problems: string[] = [];
  if (!/^(#!.*\n)?\s*\/[/*]/.test(text)) problems.push('does not open with a comment that says what it is for');
  if (!isTest(path) && text.trimEnd().split('\n').length > maxLines) problems.push(`has more than ${maxLines} lines`);
  if (!isProgram && /\bprocess\.env\b/.test(source)) problems.push('reads process.env');
  if (!isProgram && /\bprocess\.(exit|exitCode|argv|on|once)\b/.test(source)) problems.push('acts on the process');
  if (/^\s*(export\s+)?(declare\s+)?(const\s+)?(enum|namespace)\s+\w/m.test(source)) {
    problems.push('declares what type stripping cannot erase');
  }
  return problems.map((problem) => `${path}: ${problem}`);
}

// Spelt in two halves, so that this file does not contain what it looks for.
const forbiddenTexts = ['/wo' + 'rk/', '/fa' + 'rm/', '../sha' + 'red', 'registry.npm' + 'js', 'npm.pkg.' + 'github'];

/** Traces of the machine it was written on, which mean nothing to a reader and break elsewhere. */
export function forbiddenTextProblems({ path, text }: SourceFile): string[] {
  return forbiddenTexts
    .filter((forbidden) => new RegExp(`(^|[^\\w.-])${forbidden.replaceAll('.', '\\.')}`, 'm').test(text))
    .map((forbidden) => `${path}: contains ${forbidden}`);
}
