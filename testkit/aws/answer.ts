// What an operation of the fake hands back, and the error by which it refuses.

/** The services that share the one endpoint. */
export type Service = 'organizations' | 'tagging' | 'sts' | 'pod-identity';

/** A JSON object on its way out, keyed as on the wire. */
export type WireObject = Readonly<Record<string, unknown>>;

/** A successful answer. */
export interface Answer {
  readonly body: WireObject;
  /** Ids of the organizations, roots, units and accounts that the answer mentions. */
  readonly subjects: readonly string[];
  /** Where a list goes on, however the service names the member. */
  readonly next_token?: string | undefined;
}

/** A refusal as AWS words it: `name` is the wire's error code. */
export class AwsRefusal extends Error {
  readonly status: number;
  readonly fields: WireObject;

  constructor(code: string, message: string, options: { status?: number; fields?: WireObject } = {}) {
    super(message);
    this.name = code;
    this.status = options.status ?? 400;
    this.fields = options.fields ?? {};
  }
}
