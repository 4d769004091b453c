// What every route documents as its refusals.
import { problemSchema } from './problem.ts';

/** The content of every refusal. */
export const problem = { 'application/problem+json': { schema: problemSchema } };

/** What can come instead of any answer of the service. */
export const commonResponses = {
  400: { description: 'the URL, or a parameter of it, is unknown, misspelt, repeated or malformed', content: problem },
  414: { description: 'the URL is too long', content: problem },
  431: { description: 'URL and headers are too large together', content: problem },
  500: { description: 'a fault of ours', content: problem },
} as const;

const challenge = { description: 'how to authenticate (RFC 6750)', schema: { type: 'string' } } as const;

/** What can come where a token with a scope is asked for. */
export function authResponses(scope: string) {
  return {
    401: {
      description: 'no token, or one that proves nothing',
      headers: { 'WWW-Authenticate': challenge },
      content: problem,
    },
    403: {
      description: `the token lacks the scope ${scope}`,
      headers: { 'WWW-Authenticate': challenge },
      content: problem,
    },
    503: { description: 'the database, or the issuer of tokens, does not answer', content: problem },
  } as const;
}
