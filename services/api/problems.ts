// The problems that routes of /api/v1 document.
import { problemSchema } from '#services/problem.ts';

const content = { 'application/problem+json': { schema: problemSchema } };

/** A page of a list, and everything else that can come instead. */
export const commonProblems = {
  304: { description: 'unchanged since the ETag named in If-None-Match' },
  400: { description: 'a parameter is unknown, misspelt, repeated or malformed', content },
  401: { description: 'no token, or one that nobody has', content },
  403: { description: 'the token lacks the scope inventory:read', content },
  406: { description: 'none of the types in Accept is offered', content },
  414: { description: 'the URL is too long', content },
  500: { description: 'a fault of ours', content },
  503: { description: 'the database does not answer', content },
} as const;

/** The same for one record, which may not be there. */
export const recordProblems = {
  ...commonProblems,
  404: { description: "no such record, or another tenant's", content },
} as const;
