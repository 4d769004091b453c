// Fails unless one of the attestations on standard input, as `cosign verify-attestation` prints them, states the document in a file:
// node release/states.ts FILE
import { readFile } from 'node:fs/promises';
import { text } from 'node:stream/consumers';
import { isDeepStrictEqual } from 'node:util';

const [file = ''] = process.argv.slice(2);
const document: unknown = JSON.parse(await readFile(file, 'utf8'));

const lines = (await text(process.stdin)).split('\n').filter((line) => line !== '');
const statements = lines.map((line) => JSON.parse(Buffer.from(JSON.parse(line).payload, 'base64').toString('utf8')));
if (!statements.some(({ predicate }) => isDeepStrictEqual(predicate, document))) {
  console.error(`none of ${lines.length} attestations states ${file}`);
  process.exitCode = 1;
}
