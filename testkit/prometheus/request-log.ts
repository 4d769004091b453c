// What was asked of the fake and what it answered; never a credential.

/** One request, in the order of arrival. */
export interface LoggedRequest {
  readonly operation: string | null;
  readonly method: string;
  readonly path: string;
  readonly tenant: string | null;
  /** Whether it brought credentials, good ones or not. */
  readonly has_credentials: boolean;
  readonly page: 1;
  /** Null until answered, and for good when the connection was reset or left hanging. */
  http_status: number | null;
  faults: readonly string[];
}
