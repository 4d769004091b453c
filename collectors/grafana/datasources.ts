// Data sources as they are stored: where they lead and what they are, without anything that could be a secret.
import { toToldUrl } from '#core/endpoint-url.ts';
import type { JsonObject } from '#core/json.ts';
import { redactText } from '#core/redact.ts';
import type { WireDatasource } from './answers.ts';

/** The data source as details show it. */
export function toDetail({ uid, name, type, access, url, isDefault, readOnly }: WireDatasource): JsonObject {
  return {
    ...(uid !== undefined && { uid }),
    name: redactText(name),
    type,
    url: toAddress(url),
    ...(access !== undefined && { access }),
    ...(isDefault !== undefined && { is_default: isDefault }),
    ...(readOnly !== undefined && { read_only: readOnly }),
  };
}

/** Always in the same order, whatever that of the answer. */
export function inOrder(datasources: readonly WireDatasource[]): WireDatasource[] {
  const nameOf = ({ uid, name }: WireDatasource) => uid ?? name;
  return datasources.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1));
}

// Databases are named by host and port. Of anything else nobody knows which part is the secret.
function toAddress(text: string): string | null {
  const url = toToldUrl(text);
  if (url !== undefined) return url;
  return /^[\w.-]+(:\d{1,5})?$/.test(text) ? text : null;
}
