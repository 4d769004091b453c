// What was asked of the fake and what it answered: the yardstick for call counts and for a record's provenance.
import type { Service } from './answer.ts';

/** One request, in the order of arrival; what is only known with the answer is filled in then. */
export interface LoggedRequest {
  readonly at: Date;
  readonly request_id: string;
  readonly correlation_id: string;
  /** The id that the SDK gave it: one for all attempts at a page. */
  readonly client_request_id: string | null;
  readonly service: Service | null;
  readonly operation: string | null;
  readonly method: string;
  /** With its query, in which no secret ever travels; bodies and headers are not kept. */
  readonly path: string;
  readonly cache_control: string | null;
  /** The tenant of the token, or the one whose token was asked for. */
  tenant_id: string | null;
  /** The application, once it has proved who it is. */
  client_id: string | null;
  readonly page_token_in: string | null;
  /** 1 for a request without a skip token. */
  readonly page: number;
  page_token_out: string | null;
  /** Null until answered, and for good when the connection was reset or left hanging. */
  http_status: number | null;
  error_code: string | null;
  /** Ids of tenants and subscriptions (in lower case) and names of groups that the answer is about; sorted. */
  subjects: readonly string[];
  /** The faults that were played on it. */
  faults: readonly string[];
}
