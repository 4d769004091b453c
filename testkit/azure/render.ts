// Writes answers and refusals as their service does, with the headers that it puts on each of them.
import type { HttpAnswer } from '../loopback-server.ts';
import { shuffleKeys } from '../random.ts';
import { secretMarker } from '../secrets.ts';
import type { AzureRefusal, Service, WireObject } from './answer.ts';

/** What every answer carries. */
export interface Envelope {
  readonly service: Service | null;
  readonly request_id: string;
  readonly correlation_id: string;
  /** Only Resource Manager counts reads. */
  readonly remaining_reads: number | null;
  readonly at: Date;
}

const json = 'application/json; charset=utf-8';

/** A successful answer; its JSON keys come in another order for another shuffle seed. */
export function renderAnswer(envelope: Envelope, body: WireObject, shuffleSeed: number | null): HttpAnswer {
  return render(envelope, 200, json, JSON.stringify(shuffleSeed === null ? body : shuffleKeys(body, shuffleSeed)));
}

/** A refusal: an OAuth error of the login endpoint, or the error object of Resource Manager. */
export function renderRefusal(envelope: Envelope, refusal: AzureRefusal): HttpAnswer {
  const { name: code, message, options } = refusal;
  const body = envelope.service === 'login' ? toOAuthError(envelope, refusal) : { error: { code, message } };
  const rendered = render(envelope, options.status ?? 400, json, JSON.stringify(body));
  return { ...rendered, headers: { ...rendered.headers, ...options.headers } };
}

/** Any body with the headers of an answer. */
export function render(envelope: Envelope, status: number, contentType: string, body: string): HttpAnswer {
  const { request_id, correlation_id, remaining_reads, at } = envelope;
  const headers = {
    'content-type': contentType,
    'cache-control': 'no-cache',
    'x-ms-request-id': request_id,
    'x-ms-correlation-request-id': correlation_id,
    ...(remaining_reads === null ? {} : { 'x-ms-ratelimit-remaining-tenant-reads': String(remaining_reads) }),
    date: at.toUTCString(),
    // Nobody may keep or print a header that they have no use for.
    'x-fake-internal': `${secretMarker}header`,
  };
  return { status, headers, body };
}

function toOAuthError(envelope: Envelope, { name: code, message, options }: AzureRefusal): WireObject {
  const timestamp = envelope.at
    .toISOString()
    .replace('T', ' ')
    .replace(/\.\d+Z$/, 'Z');
  const number = Number(code.replace('AADSTS', ''));
  return {
    error: options.oauth_error ?? 'invalid_request',
    error_description: `${code}: ${message} Trace ID: ${envelope.request_id} Correlation ID: ${envelope.correlation_id} Timestamp: ${timestamp}`,
    error_codes: Number.isNaN(number) ? [] : [number],
    timestamp,
    trace_id: envelope.request_id,
    correlation_id: envelope.correlation_id,
  };
}
