// Writes answers and refusals in the protocol of their service: JSON 1.1, STS's XML, or the agent's plain JSON.

import type { HttpAnswer } from '../loopback-server.ts';
import { shuffleKeys } from '../random.ts';
import { secretMarker } from '../secrets.ts';
import type { AwsRefusal, Service, WireObject } from './answer.ts';

/** What every answer carries. */
export interface Envelope {
  readonly service: Service | null;
  readonly operation: string;
  readonly request_id: string;
  readonly at: Date;
}

const stsNamespace = 'https://sts.amazonaws.com/doc/2011-06-15/';

/** A successful answer; its JSON keys come in another order for another shuffle seed. */
export function renderAnswer(envelope: Envelope, body: WireObject, shuffleSeed: number | null): HttpAnswer {
  const { service, operation, request_id } = envelope;
  if (service !== 'sts') {
    const text = JSON.stringify(shuffleSeed === null ? body : shuffleKeys(body, shuffleSeed));
    return render(envelope, 200, service === 'pod-identity' ? 'application/json' : 'application/x-amz-json-1.1', text);
  }
  const result = toXml({ [`${operation}Result`]: body, ResponseMetadata: { RequestId: request_id } });
  const text = `<${operation}Response xmlns="${stsNamespace}">${result}</${operation}Response>`;
  return render(envelope, 200, 'text/xml', text);
}

/** A refusal. */
export function renderRefusal(envelope: Envelope, refusal: AwsRefusal): HttpAnswer {
  const { name: code, message, status, fields } = refusal;
  if (envelope.service === 'sts') {
    const type = status < 500 ? 'Sender' : 'Receiver';
    const error = toXml({ Error: { Type: type, Code: code, Message: message }, RequestId: envelope.request_id });
    return render(envelope, status, 'text/xml', `<ErrorResponse xmlns="${stsNamespace}">${error}</ErrorResponse>`);
  }
  if (envelope.service === 'pod-identity') return render(envelope, status, 'text/plain', `(${code}): ${message}`);
  const text = JSON.stringify({ __type: code, Message: message, ...fields });
  return render(envelope, status, 'application/x-amz-json-1.1', text);
}

/** Any body with the headers of an answer. */
export function render(envelope: Envelope, status: number, contentType: string, body: string): HttpAnswer {
  const headers = {
    'content-type': contentType,
    'x-amzn-requestid': envelope.request_id,
    date: envelope.at.toUTCString(),
    // Nobody may keep or print a header that they have no use for.
    'x-fake-internal': `${secretMarker}header`,
  };
  return { status, headers, body };
}

function toXml(value: unknown): string {
  if (typeof value !== 'object' || value === null) {
    return String(value ?? '').replace(/[&<>]/g, (character) => `&#${character.charCodeAt(0)};`);
  }
  return Object.entries(value)
    .map(([name, member]) => `<${name}>${toXml(member)}</${name}>`)
    .join('');
}
