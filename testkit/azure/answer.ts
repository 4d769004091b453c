// What an operation of the fake hands back, and the error by which it refuses.

/** The two services that share the one endpoint. */
export type Service = 'login' | 'arm';

/** A JSON object on its way out, keyed as on the wire. */
export type WireObject = Readonly<Record<string, unknown>>;

/** A successful answer. */
export interface Answer {
  readonly body: WireObject;
  /** Ids of the tenants and subscriptions, and names of the groups, that the answer mentions. */
  readonly subjects: readonly string[];
  /** The skip token of the page after this one. */
  readonly next_token?: string | undefined;
}

/** What a refusal may say beyond code and message. */
export interface RefusalOptions {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** The OAuth word of a refusal by the login endpoint. */
  readonly oauth_error?: string;
  /** The fake does not know what was asked for: a mistake of the client or of the test, never Azure's. */
  readonly is_unexpected?: boolean;
}

/** A refusal as Azure words it: `name` is the error code of Resource Manager, or `AADSTS…` of the login endpoint. */
export class AzureRefusal extends Error {
  readonly options: RefusalOptions;

  constructor(code: string, message: string, options: RefusalOptions = {}) {
    super(message);
    this.name = code;
    this.options = options;
  }
}
