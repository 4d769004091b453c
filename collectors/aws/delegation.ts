// Which accounts administer which AWS services for the whole organization.
import {
  ListDelegatedAdministratorsCommand,
  ListDelegatedServicesForAccountCommand,
} from '@aws-sdk/client-organizations';
import { z } from 'zod';
import { ProviderError } from '#core/errors.ts';
import type { JsonObject } from '#core/json.ts';
import type { Request } from '#core/provenance.ts';
import type { AwsSession } from './clients.ts';
import { isProviderError } from './errors.ts';
import { listPages, maxResults } from './paging.ts';

/** A delegated administrator's services, sorted, and the requests that told them. */
export interface Delegation {
  readonly services: readonly string[];
  readonly requests: readonly Request[];
}

const administratorSchema = z.object({ Id: z.string().min(1) });
const serviceSchema = z.object({ ServicePrincipal: z.string().min(1) });

/** Every delegated administrator by account id; undefined, and skipped by name, when they may not be read. */
export async function readDelegations(session: AwsSession): Promise<ReadonlyMap<string, Delegation> | undefined> {
  try {
    const delegations = new Map<string, Delegation>();
    for (const [accountId, request] of await readAdministrators(session)) {
      const { services, requests } = await readServices(session, accountId);
      delegations.set(accountId, { services, requests: [request, ...requests] });
    }
    return delegations;
  } catch (error) {
    if (!isProviderError(error, 'access_denied')) throw error;
    session.context.skip({ what: 'delegated administrators' }, error);
    return undefined;
  }
}

async function readAdministrators(session: AwsSession): Promise<ReadonlyMap<string, Request>> {
  const administrators = new Map<string, Request>();
  const pages = listPages(session, {
    operation: 'organizations:ListDelegatedAdministrators',
    member: 'DelegatedAdministrators',
    send: (NextToken, options) =>
      session.organizations.send(
        new ListDelegatedAdministratorsCommand({ MaxResults: maxResults, NextToken }),
        options,
      ),
  });
  for await (const { items, request } of pages) {
    for (const item of items) administrators.set(parse(administratorSchema, item, request).Id, request);
  }
  return administrators;
}

async function readServices(session: AwsSession, accountId: string): Promise<Delegation> {
  const services = new Set<string>();
  const requests: Request[] = [];
  const input = { AccountId: accountId, MaxResults: maxResults };
  const pages = listPages(session, {
    operation: 'organizations:ListDelegatedServicesForAccount',
    member: 'DelegatedServices',
    send: (NextToken, options) =>
      session.organizations.send(new ListDelegatedServicesForAccountCommand({ ...input, NextToken }), options),
  });
  try {
    for await (const { items, request } of pages) {
      requests.push(request);
      for (const item of items) services.add(parse(serviceSchema, item, request).ServicePrincipal);
    }
  } catch (error) {
    // No administrator any more since the listing.
    if (!isProviderError(error, 'not_found')) throw error;
  }
  return { services: [...services].sort(), requests };
}

function parse<Schema extends z.ZodType>(schema: Schema, item: JsonObject, request: Request): z.output<Schema> {
  const parsed = schema.safeParse(item);
  if (!parsed.success)
    throw new ProviderError('malformed_answer', `${request.operation} answered an item without its id`);
  return parsed.data;
}
