// What was asked of the fake and what it answered: the yardstick for call counts and for a record's provenance.
import { z } from 'zod';
import type { Service } from './answer.ts';

/** One request, in the order of arrival; what is only known with the answer is filled in then. */
export interface LoggedRequest {
  readonly at: Date;
  readonly request_id: string;
  readonly service: Service | null;
  readonly operation: string | null;
  readonly region: string | null;
  readonly access_key_id: string | null;
  readonly input: Readonly<Record<string, unknown>>;
  readonly page_token_in: string | null;
  /** 1 for a request without a page token. */
  readonly page: number;
  page_token_out: string | null;
  /** Null until answered, and for good when the connection was reset or left hanging. */
  http_status: number | null;
  error_code: string | null;
  /** Ids of organizations, roots, units and accounts that the request named or the answer mentioned; sorted. */
  subjects: readonly string[];
  /** The faults that were played on it. */
  faults: readonly string[];
}

const namedSchema = z.object({
  ParentId: z.string().optional(),
  ResourceId: z.string().optional(),
  AccountId: z.string().optional(),
  OrganizationalUnitId: z.string().optional(),
  ResourceARNList: z.array(z.string()).optional(),
});

/** Ids that a request names; an ARN counts as the id it ends with. */
export function listNamed(input: Readonly<Record<string, unknown>>): readonly string[] {
  const parsed = namedSchema.safeParse(input);
  if (!parsed.success) return [];
  const { ResourceARNList: arns = [], ...ids } = parsed.data;
  return [
    ...Object.values(ids).filter((id) => id !== undefined),
    ...arns.map((arn) => arn.slice(arn.lastIndexOf('/') + 1)),
  ];
}
