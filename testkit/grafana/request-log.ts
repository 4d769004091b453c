// What was asked of the fake and what it answered; never a credential.

/** One request, in the order of arrival. */
export interface LoggedRequest {
  /** Null for a path that the fake does not know. */
  readonly operation: string | null;
  readonly method: string;
  readonly path: string;
  /** Whether it brought credentials, good ones or not. */
  readonly has_credentials: boolean;
  readonly page: 1;
  /** Null until answered, and for good when the connection was reset or left hanging. */
  http_status: number | null;
  faults: readonly string[];
}
