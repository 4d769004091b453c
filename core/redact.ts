// Removes secrets from text and JSON before they reach a log, an error, a row or evidence.
import { inspect } from 'node:util';
import { type Json, type JsonObject, setMember } from './json.ts';

const mask = '[redacted]';

// Words that name a secret.
const secretWord =
  'pass(?:word|wd|phrase)|pwd|secret|token|(?:api|access|account|private)[-_ ]?key|credential|authorization|cookie|signature|assertion|connection[-_ ]?string';
// What may follow such a word and still name the secret itself: `SecretAccessKeyId`, `secret_text`, `tokens`. Anything else
// names something about it: `tokenEndpoint`, `secretName`, `passwordLastUsed`. Digits one by one, for anybody writes these names:
// of a run of them inside the repetition, every way to cut it up would be tried.
const secretSuffix = '(?:s|[-_. ]?(?:id|key|text|string|value|hash|data|pem|\\d))*';

// Not codes that say what is wrong with a secret, in front of the sentence that tells it: `no_credentials: …`, `invalid_token: …`.
const noCode = '(?!(?<=\\b(?:no|invalid)_)\\w+: )';

const secretName = new RegExp(`(?:(?:${secretWord})${secretSuffix}|^sig)$`, 'i');
// Positions in a listing.
const position = '(?:next|page|continuation|sync)[-_]?token';
const harmlessName = new RegExp(`${position}$`, 'i');

// What goes on after the name of an option where nothing is given to it: "--token is missing".
const sentence =
  '(?:is|are|was|were|has|have|must|may|can|cannot|should|needs?|requires?|or|and|not|to|for|from|in|of|on|with|without)(?![^\\s,;.:])';
// Perhaps escaped.
const quote = `\\\\*["']`;
// In quotes, the second group of its pattern, or without.
const given = `(?:(${quote})(?:\\\\.|(?!\\2)[^\\\\])+?\\2|[^\\s"',;}<]+)`;

// Each of the patterns below needs one of these; most texts have none and are left alone after one look.
const suspicious = new RegExp(
  `:\\\\?/|eyJ|AKIA|ASIA|-----BEGIN|bearer|basic|gh[a-z]_|gl(?:sa|c)_|AIza|ya29|xox|8Q~|sig|${secretWord}`,
  'i',
);

const textPatterns: readonly (readonly [RegExp, string])[] = [
  // PEM blocks, also cut off ones
  [/-----BEGIN [A-Z ]*PRIVATE KEY(?: BLOCK)?-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY(?: BLOCK)?-----|$)/g, mask],
  // user-info of a URL, its slashes perhaps escaped
  [/(:\\?\/\\?\/)[^\s/?#"'<>\\]+@/g, `$1${mask}@`],
  // Authorization values: AWS's by its parts, a bearer's without its header too, any with the header's name before it
  [
    /\b(aws4-hmac-sha256)\s+credential=[^\s,"'\\]+,?\s*signedheaders=[^\s,"'\\]+,?\s*signature=[0-9a-f]+/gi,
    `$1 ${mask}`,
  ],
  [
    /\b(bearer)\s+(?!(?:tokens?|auth\w*|schemes?|credentials?|headers?|realm)\b|\[redacted\])[^\s"'\\,;<>]{6,}/gi,
    `$1 ${mask}`,
  ],
  [
    /\b(authorization\\*["']?\s*[=:]\s*\\*["']?)(?!\[redacted\])[^\s"'\\,;<>]+(?:\s+(?!\[redacted\])[^\s"'\\,;<>]{6,})?/gi,
    `$1${mask}`,
  ],
  [/\b((?:set-)?cookie\\*["']?\s*:\s*\\*["']?)[^\r\n"'\\]+/gi, `$1${mask}`],
  // Tokens that are known by their form: JSON Web Tokens; key ids of AWS; GitHub, Grafana, Google, Slack, Entra ID. The first
  // is looked for once in each run of its letters: from every `eyJ` in it, the time would grow with the square of its length.
  [/(?<![\w-])((?:(?!\beyJ)[\w-])*)\beyJ[\w-]{6,}\.[\w-]{6,}(?:\.[\w-]*)*/g, `$1${mask}`],
  [/\b(?:AKIA|ASIA)[A-Z0-9]{16}\b/g, mask],
  [
    /\b(?:gh[a-z]_\w{20,}|gl(?:sa|c)_[\w+/=]{20,}|AIza[\w-]{35}|ya29\.[\w.-]{20,}|xox[a-z]-[\w-]{10,}|\w{3}8Q~[\w.~-]{30,})/g,
    mask,
  ],
  // What an element of a secret's name holds: STS answers with credentials in XML.
  [new RegExp(`((?:${secretWord})${secretSuffix}>)[^<>]+(?=</)`, 'gi'), `$1${mask}`],
  // What a command's option of a secret's name is given
  [
    new RegExp(
      `(?<![\\w-])(--[\\w-]*?(?:${secretWord})${secretSuffix}(?<!${position})(?:=|[ \\t]+(?!-|${sentence})))${given}`,
      'gi',
    ),
    `$1$2${mask}$2`,
  ],
  // The value of a pair
  [
    new RegExp(
      `(\\b(?:name|key)(?:${quote})?\\s*:\\s*${quote}[^"'\\\\]*?(?:${secretWord})${secretSuffix}(?<!${position})${quote}\\s*,\\s*(?:${quote})?value(?:${quote})?\\s*:\\s*)${given}`,
      'gi',
    ),
    `$1$2${mask}$2`,
  ],
  // What is assigned to a secret's name, in quotes, which may be escaped …
  [
    new RegExp(
      `(${noCode}(?:${secretWord}|\\bsig)${secretSuffix}\\\\*["']?\\s*[=:]\\s*)(\\\\*["'])(?:\\\\.|(?!\\2)[^\\\\])+?\\2`,
      'gi',
    ),
    `$1$2${mask}$2`,
  ],
  // … or without; a plain word that another one follows is a sentence: "token: must be set".
  [
    new RegExp(
      `(${noCode}(?:${secretWord}|\\bsig)${secretSuffix}\\\\*["']?(?:\\s*=\\s*|:\\s*(?![a-z]{1,12},? [a-z])))(?!["'\\\\])[^\\s"'&,;}<]{4,}`,
      'gi',
    ),
    `$1${mask}`,
  ],
];

/** The text without user-info in URLs, authorization values, tokens and keys of known form, and assignments to secret names. */
export function redactText(text: string): string {
  if (!suspicious.test(text)) return text;
  let redacted = text.replace(/\b(basic)\s+([a-z0-9+/_-]{6,}={0,2})/gi, maskBasic);
  for (const [pattern, replacement] of textPatterns) redacted = redacted.replace(pattern, replacement);
  return redacted;
}

// "Basic" is a word of many names and plans: only what decodes to a user and a password is one (RFC 7617).
function maskBasic(match: string, scheme: string, encoded: string): string {
  const decoded = Buffer.from(encoded, 'base64').toString();
  const isCredential = encoded.endsWith('=') || /^[^\p{C}\uFFFD]*:[^\p{C}\uFFFD]*$/u.test(decoded);
  return isCredential ? `${scheme} ${mask}` : match;
}

/**
 * A copy of the JSON value in which every string is redacted, and whatever stands under a secret's name is masked, be it a
 * member or a pair: `{"password": "x"}` or `{"name": "password", "value": "x"}`.
 */
export function redactJson(value: Json): Json {
  if (typeof value === 'string') return redactText(value);
  if (Array.isArray(value)) return value.map(redactJson);
  if (typeof value !== 'object' || value === null) return value;
  const redacted: JsonObject = {};
  const valueName = findSecretValue(value);
  for (const name of Object.keys(value)) {
    const member = value[name] ?? null;
    setMember(redacted, name, name === valueName || isSecretName(name) ? maskJson(member) : redactJson(member));
  }
  return redacted;
}

// The member that holds the secret of a pair: environments and settings have `name`, tags of AWS `Key`.
function findSecretValue(object: JsonObject): string | undefined {
  const valueName = object['value'] !== undefined ? 'value' : 'Value';
  if (object[valueName] === undefined) return undefined;
  const names = [object['name'], object['Name'], object['key'], object['Key']];
  return names.some((name) => typeof name === 'string' && isSecretName(name)) ? valueName : undefined;
}

// What kind of thing was there, and whether it was set, stays readable.
function maskJson(value: Json): Json {
  if (Array.isArray(value)) return value.map(maskJson);
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, maskJson(member)]));
  }
  return typeof value === 'boolean' || value === null || value === '' ? value : mask;
}

/** Whether a member, header or variable of this name holds a secret. */
export function isSecretName(name: string): boolean {
  return secretName.test(name) && !harmlessName.test(name);
}

// More of a message is not looked at, and less of it is told.
const maxLooked = 20_000;
const maxTold = 1000;

/** The message of anything thrown, redacted, cause by cause, on one line. */
export function describeError(error: unknown): string {
  const messages: string[] = [];
  for (let cause = error, depth = 0; cause !== undefined && cause !== null && depth < 5; depth += 1) {
    const message = toMessage(cause);
    if (!messages.some((earlier) => earlier.includes(message))) messages.push(message);
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return toTold(messages.join(': ')).slice(0, maxTold).toWellFormed();
}

/** Text of somebody else, redacted, on one line and without characters that a terminal would obey. */
export function toTold(text: string): string {
  return redactText(text.slice(0, maxLooked).replaceAll(/[\s\p{Cc}]+/gu, ' '));
}

function toMessage(thrown: unknown): string {
  if (typeof thrown === 'string') return thrown;
  if (!(thrown instanceof Error)) return inspect(thrown, { depth: 1 });
  if (thrown.message !== '') return thrown.message;
  // Node's "all addresses refused" has no message of its own.
  const parts = thrown instanceof AggregateError ? thrown.errors.filter((part) => part instanceof Error) : [];
  return parts.map((part) => part.message).join(', ') || thrown.name;
}
