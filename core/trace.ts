// W3C trace ids: a run's UUID without its dashes is the trace id of all it does (https://www.w3.org/TR/trace-context/).

/** The 32 hex digits of a UUID. */
export function toTraceId(uuid: string): string {
  return uuid.replaceAll('-', '').toLowerCase();
}

/** The trace id of a `traceparent` header, or undefined when the header is absent, malformed or all zeros. */
export function parseTraceparent(header: string | undefined): string | undefined {
  const match = /^[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}$/.exec(header ?? '');
  const traceId = match?.[1];
  return traceId === undefined || /^0+$/.test(traceId) || header?.startsWith('ff') ? undefined : traceId;
}
