// Removes secrets from text and JSON before they reach a log, an error, a row or evidence.
import type { Json } from './json.ts';

const mask = '[redacted]';

// Names of members and query parameters whose value is a secret, compared without case, dashes and underscores.
const secretName =
  /(password|passwd|secret|token|apikey|accesskey|privatekey|credential|authorization|cookie|signature|xamzsecuritytoken|clientassertion|samlassertion)/;
// Names that contain one of the words above and are no secrets.
const harmlessName = /^(nexttoken|pagetoken|tokenexpiry|secretname|credentialsource|tokenendpoint)$/;

const textPatterns: readonly (readonly [RegExp, string])[] = [
  // user-info of a URL
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s/@"']+@/gi, `$1${mask}@`],
  // Authorization values, also inside a header dump
  [/\b(bearer|basic|aws4-hmac-sha256)\s+[^\s"',;]{6,}(\s*[^\s"',;]+=[^\s"',;]+,?)*/gi, `$1 ${mask}`],
  // JSON Web Tokens
  [/\beyJ[\w-]{6,}\.[\w-]{6,}\.[\w-]*/g, mask],
  // AWS access key ids and what is assigned to a secret's name
  [/\b(AKIA|ASIA)[A-Z0-9]{16}\b/g, mask],
  [
    /((?:password|passwd|secret|token|api[-_]?key|access[-_]?key(?:[-_]?id)?|private[-_]?key|signature|x-amz-security-token)["']?\s*[=:]\s*["']?)[^\s"'&,;}<]{4,}/gi,
    `$1${mask}`,
  ],
  // PEM blocks
  [/-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(-----END [A-Z ]*PRIVATE KEY-----|$)/g, mask],
];

/** The text without user-info in URLs, authorization values, JSON Web Tokens, key ids, private keys and assignments to secret names. */
export function redactText(text: string): string {
  let redacted = text;
  for (const [pattern, replacement] of textPatterns) redacted = redacted.replace(pattern, replacement);
  return redacted;
}

/** A copy of the JSON value in which every secret member is masked and every string redacted. */
export function redactJson(value: Json): Json {
  if (typeof value === 'string') return redactText(value);
  if (Array.isArray(value)) return value.map(redactJson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, member]) => [
      name,
      isSecretName(name) && member !== null ? mask : redactJson(member),
    ]),
  );
}

/** Whether a member, header or variable of this name holds a secret. */
export function isSecretName(name: string): boolean {
  const plain = name.toLowerCase().replaceAll(/[-_.]/g, '');
  return secretName.test(plain) && !harmlessName.test(plain);
}

/** The message of anything thrown, redacted, cause by cause, on one line. */
export function describeError(error: unknown): string {
  const messages: string[] = [];
  for (let cause = error, depth = 0; cause !== undefined && cause !== null && depth < 5; depth += 1) {
    const message = cause instanceof Error ? cause.message || cause.name : String(cause);
    if (!messages.some((earlier) => earlier.includes(message))) messages.push(message);
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return redactText(messages.join(': ').replaceAll(/\s+/g, ' ')).slice(0, 1000);
}
