// The ports of the chart, as its policies and checks know them. Templates cannot import them: `verify/` holds what they render to this.

/** What answers on each. */
export const ports = {
  /** Of a Service: the way in. */
  http: 80,
  /** The API: on loopback behind a sidecar, else for the named proxy. */
  api: 8080,
  ingest: 8081,
  authProxy: 4180,
  ops: 9090,
  authProxyMetrics: 44_180,
} as const;
