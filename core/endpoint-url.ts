// URLs of endpoints in the one form in which they are compared, stored and asked.
import { z } from 'zod';
import { hashText } from './json.ts';
import { isLoopback } from './local-address.ts';
import { maxUrlLength } from './monitoring.ts';
import { redactText } from './redact.ts';

/** An http or https URL without user, query and fragment; it comes out normalised and without a slash at its end. */
export const baseUrlSchema = z
  .url({ protocol: /^https?$/, error: 'an http or https URL' })
  .refine((text) => !URL.canParse(text) || new URL(text).username + new URL(text).password === '', {
    message: 'holds a user or a password: name them in auth',
  })
  .refine((text) => !URL.canParse(text) || new URL(text).search + new URL(text).hash === '', {
    message: 'has a query or a fragment: name scheme, host, port and path only',
  })
  .transform((text) => (URL.canParse(text) ? withoutSlash(new URL(text).href) : text));

/** Whether what goes to the URL and comes from it cannot be read or changed on the way: https, or this machine. */
export function isSecureUrl({ protocol, href }: URL): boolean {
  return protocol === 'https:' || leadsToLoopback(href);
}

/** The key of an endpoint that was given none: a hash of its normalised URL. */
export function endpointId(url: string): string {
  return hashText(url).slice(0, 32);
}

/** The URL with a path below it. */
export function joinPath(base: string, path = ''): string {
  return withoutSlash(base + path);
}

/** Scheme, host, port and path of a URL that may hold anything; undefined when it is none. */
export function toPlainUrl(text: string): string | undefined {
  if (!URL.canParse(text)) return undefined;
  const { origin, pathname, protocol } = new URL(text);
  return /^https?:$/.test(protocol) ? withoutSlash(origin + pathname) : undefined;
}

/** The same of a URL that somebody else has told, if it is not endless: keys that some servers want in their path are masked. */
export function toToldUrl(text: string): string | undefined {
  const url = toPlainUrl(text);
  return url && url.length <= maxUrlLength ? redactText(url) : undefined;
}

/** Whether a URL leads to the machine that follows it: the same text is another server elsewhere. */
export function leadsToLoopback(url: string): boolean {
  return isLoopback(new URL(url).hostname.replace(/^\[|\]$/g, ''));
}

function withoutSlash(url: string): string {
  let end = url.length;
  while (url[end - 1] === '/') end -= 1;
  return url.slice(0, end);
}
