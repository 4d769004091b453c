// W3C trace ids: a run's UUID without its dashes is the trace id of all it does (https://www.w3.org/TR/trace-context/).

/** The 32 hex digits of a UUID. */
export function toTraceId(uuid: string): string {
  return uuid.replaceAll('-', '').toLowerCase();
}

/** The UUID of 32 hex digits. */
export function toRunId(traceId: string): string {
  return traceId.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** The trace id of a `traceparent` header, or undefined when the header is absent or invalid. */
export function parseTraceparent(header: string | undefined): string | undefined {
  // Ids of zeros are invalid, and so is version ff; version 00 ends with the flags, a later one may go on.
  const pattern = /^(?!ff)([0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-.*)?$/;
  const [, version, traceId, more] = pattern.exec(header ?? '') ?? [];
  return version === '00' && more !== undefined ? undefined : traceId;
}
