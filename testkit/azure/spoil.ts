// Plays the planned faults that refuse a request or change a good answer.
import { alterBody, hasEffect } from '../effects.ts';
import { type Answer, AzureRefusal, type Service } from './answer.ts';
import type { FaultEffect } from './faults.ts';
import { refuseSkipToken } from './paging.ts';
import type { LoggedRequest } from './request-log.ts';
import { toNextLink } from './route.ts';

/** The refusal that an effect asks for, if it asks for one. */
export function toRefusal(service: Service, effect: FaultEffect): AzureRefusal | undefined {
  if (effect.kind === 'expired_page_token') return refuseSkipToken();
  if (effect.kind === 'throttle') {
    const code = service === 'login' ? 'AADSTS90055' : 'TooManyRequests';
    return new AzureRefusal(code, 'The request is being throttled.', {
      status: 429,
      // Azure always says when to come back; here it is at once unless told otherwise.
      headers: { 'retry-after': String(effect.retry_after_seconds ?? 0) },
      oauth_error: 'temporarily_unavailable',
    });
  }
  if (effect.kind !== 'error') return undefined;
  const { code, status = 400, message = 'planned by the test', retry_after_seconds: seconds } = effect;
  const headers = seconds === undefined ? {} : { 'retry-after': String(seconds) };
  return new AzureRefusal(code, message, { status, headers });
}

/** The answer with its link to the next page, as the effects leave it. */
export function spoil(
  answer: Answer,
  {
    entry,
    effects,
    origin,
    foreign_url: foreignUrl,
  }: {
    readonly entry: LoggedRequest;
    readonly effects: readonly FaultEffect[];
    readonly origin: string;
    readonly foreign_url: string;
  },
): Answer {
  let { body, next_token: token } = answer;
  if (hasEffect(effects, 'repeat_link')) token = entry.page_token_in ?? token;
  if (token !== undefined) body = { ...body, nextLink: toNextLink(origin, entry.path, token) };
  if (hasEffect(effects, 'foreign_link')) body = { ...body, nextLink: toNextLink(foreignUrl, entry.path, 'foreign') };
  return { body: alterBody(body, effects), next_token: token, subjects: answer.subjects };
}
