// The four kinds of failure a caller can act on; anything else that is thrown is a bug.

interface ErrorOptions {
  readonly cause?: unknown;
}

/** One thing wrong with the configuration: where, and what the operator can do about it. Never the offending value. */
export interface ConfigProblem {
  readonly key: string;
  readonly remedy: string;
}

/** The operator must act: exit code 2. All problems are reported at once. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code: string;
  readonly problems: readonly ConfigProblem[];

  constructor(code: string, problems: readonly ConfigProblem[], options: ErrorOptions = {}) {
    super(problems.map((problem) => `${problem.key}: ${problem.remedy}`).join('\n'), options);
    this.code = code;
    this.problems = problems;
  }
}

/** The outside said no: the scope fails, or a part of it is skipped. `status` is the HTTP status, where there was one. */
export class ProviderError extends Error {
  override readonly name = 'ProviderError';
  readonly code: string;
  readonly status: number | undefined;
  readonly retryable: boolean;

  constructor(
    code: string,
    message: string,
    options: ErrorOptions & { readonly status?: number | undefined; readonly retryable?: boolean } = {},
  ) {
    super(message, options);
    this.code = code;
    this.status = options.status;
    this.retryable = options.retryable ?? false;
  }
}

/** The database said no. `retryable` is true for lost connections, deadlocks, serialization failures and shutdowns (SQLSTATE 08, 40, 53, 57). */
export class StoreError extends Error {
  override readonly name = 'StoreError';
  readonly code: string;
  readonly retryable: boolean;

  constructor(code: string, message: string, options: ErrorOptions & { readonly retryable?: boolean } = {}) {
    super(message, options);
    this.code = code;
    this.retryable = options.retryable ?? false;
  }
}

/** The caller's mistake: becomes a problem+json answer (RFC 9457) with this HTTP status. */
export class RequestError extends Error {
  override readonly name = 'RequestError';
  readonly code: string;
  readonly status: 400 | 401 | 403 | 404 | 406 | 409 | 410 | 413 | 414 | 415 | 422 | 429;

  constructor(status: RequestError['status'], code: string, message: string, options: ErrorOptions = {}) {
    super(message, options);
    this.status = status;
    this.code = code;
  }
}
