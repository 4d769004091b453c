// What was asked of the fake and what it answered: the yardstick for call counts and for a record's provenance.

/** The API that a request was for; all but the first give out tokens. */
export type Service = 'resourcemanager' | 'sts' | 'iamcredentials' | 'oauth2' | 'metadata';

/** One request, in the order of arrival; what is only known with the answer is filled in then. */
export interface LoggedRequest {
  readonly at: Date;
  readonly service: Service | null;
  /** Such as `ListProjects`. */
  readonly operation: string | null;
  readonly input: Readonly<Record<string, unknown>>;
  /** The parent named by a list. */
  readonly parent: string | null;
  /** As asked for; null when the server was to choose. */
  readonly page_size: number | null;
  readonly page_token_in: string | null;
  /** 1 for a request without a page token. */
  readonly page: number;
  /** 1 and counting for as long as this very request has not succeeded. */
  readonly attempt: number;
  page_token_out: string | null;
  /** The project that the caller named to take the quota from. */
  readonly quota_project: string | null;
  /** Whose token it bears or was given; `anonymous` where none is asked for. */
  principal: string | null;
  /** The name of the status or OAuth's word, `OK` for a good answer. Null until answered, and for good when reset or left hanging. */
  code: string | null;
  /** Names of organizations, folders and projects that the request named or the answer holds; sorted. */
  subjects: readonly string[];
  /** The faults that were played on it. */
  faults: readonly string[];
}

/** Counts how often a request was made since it last succeeded. */
export interface Attempts {
  next(key: string): number;
  succeed(key: string): void;
}

/** Nothing attempted yet. */
export function createAttempts(): Attempts {
  const made = new Map<string, number>();
  return {
    next: (key) => {
      const attempt = (made.get(key) ?? 0) + 1;
      made.set(key, attempt);
      return attempt;
    },
    succeed: (key) => void made.delete(key),
  };
}
