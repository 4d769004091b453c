// The strict AWS fake: one loopback endpoint for Organizations, STS, Tagging and the EKS Pod Identity agent.

import { createFaults } from '../faults.ts';
import { openLoopbackServer } from '../loopback-server.ts';
import { assertAsPlanned, keepMistakes } from '../mistakes.ts';
import { createPageTokens } from '../page-tokens.ts';
import { createRandom } from '../random.ts';
import { createThrottle } from '../throttle.ts';
import { type AwsBehaviour, strictBehaviour } from './behaviour.ts';
import { createIndexes } from './context.ts';
import type { Faults } from './faults.ts';
import { type HandlerContext, handleRequest } from './handle.ts';
import type { AwsOrganization } from './organization.ts';
import { createPager } from './paging.ts';
import type { Partition } from './partitions.ts';
import type { LoggedRequest } from './request-log.ts';
import { podIdentityPath } from './route.ts';
import { createWebIdentityIssuer, type WebTokenPlan } from './web-identity.ts';
import { type AwsPrincipal, type AwsRole, type AwsWorld, findOrganization, issueKeys, parseRoleArn } from './world.ts';

/** What the fake starts with. */
export interface AwsFakeOptions {
  readonly organizations: readonly AwsOrganization[];
  readonly seed?: number;
  readonly port?: number;
  readonly behaviour?: Partial<AwsBehaviour>;
  /** Signatures are checked against it too: it may run ahead of the clients' clock by minutes only. */
  readonly now?: () => Date;
}

/** A running fake. */
export interface AwsFake {
  /** `endpoint` of every client, or `AWS_ENDPOINT_URL`. */
  readonly url: string;
  /** `AWS_CONTAINER_CREDENTIALS_FULL_URI`. */
  readonly pod_identity_url: string;
  /** Change organizations with `mutations.ts`, at any time. */
  readonly world: AwsWorld;
  /** Switches, to be turned at any time. */
  readonly behaviour: AwsBehaviour;
  readonly faults: Faults;
  /** Every request so far, oldest first. */
  readonly requests: readonly LoggedRequest[];
  /** Keys without a session, of a user in this account; an account of no organization is a standalone one. */
  addUser(accountId: string, partition?: Partition): AwsPrincipal;
  addRole(role: AwsRole): void;
  /** Ends the keys' life: the next request made with them finds them expired. */
  expireSessions(): void;
  issueWebToken(plan: WebTokenPlan): string;
  /** Every secret key, session token, external id and web token so far, for tests that search outputs. */
  secrets(): readonly string[];
  /** Throws when something unknown was asked for, or when a planned fault never happened. */
  assertNoUnexpected(): void;
  close(): Promise<void>;
}

/** Starts the fake on 127.0.0.1. */
export async function openAwsFake(options: AwsFakeOptions): Promise<AwsFake> {
  const closing = new AbortController();
  const context = createContext(options, closing.signal);
  const { world, behaviour, faults, requests, issuer } = context;
  const webTokens: string[] = [];
  const server = await openLoopbackServer({ port: options.port ?? 0 }, (request) =>
    keepMistakes(context, handleRequest(context, request)),
  );
  return {
    url: server.url,
    pod_identity_url: `${server.url}${podIdentityPath}`,
    world,
    behaviour,
    faults,
    requests,
    addUser: (accountId, partition = findOrganization(world, accountId)?.partition ?? 'aws') => {
      const arn = `arn:${partition}:iam::${accountId}:user/inventory`;
      return issueKeys(world, context.random, { arn, account_id: accountId, partition });
    },
    addRole: (role) => {
      const parsed = parseRoleArn(role.arn);
      if (parsed === undefined) throw new RangeError(`${role.arn} is not the ARN of a role`);
      world.roles.set(role.arn, { ...role, parsed_arn: parsed });
    },
    expireSessions: () => expireSessions(world, context.now()),
    issueWebToken: (plan) => {
      const token = issuer.issue(plan);
      webTokens.push(token);
      return token;
    },
    secrets: () => [...webTokens, ...listSecrets(world)],
    assertNoUnexpected: () => assertAsPlanned('AWS', context),
    close: async () => {
      closing.abort();
      await server.close();
    },
  };
}

function createContext(options: AwsFakeOptions, closing: AbortSignal): HandlerContext {
  const now = options.now ?? (() => new Date());
  const random = createRandom(options.seed ?? 1);
  const behaviour: AwsBehaviour = { ...strictBehaviour, ...options.behaviour };
  const tokens = createPageTokens(random, now);
  return {
    world: {
      organizations: new Map(options.organizations.map((organization) => [organization.id, organization])),
      roles: new Map(),
      principals: new Map(),
    },
    behaviour,
    tokens,
    page: createPager(tokens, behaviour, random),
    random,
    issuer: createWebIdentityIssuer(now),
    throttle: createThrottle(now),
    faults: createFaults(),
    requests: [],
    unexpected: [],
    closing,
    now,
    indexOf: createIndexes(),
  };
}

function expireSessions(world: AwsWorld, now: Date): void {
  for (const [id, principal] of world.principals) {
    if (principal.session_token !== null) world.principals.set(id, { ...principal, expires_at: now });
  }
}

function listSecrets({ principals, roles }: AwsWorld): readonly string[] {
  const kept = [...principals.values()].flatMap((held) => [held.secret_access_key, held.session_token]);
  return [...kept, ...[...roles.values()].map((role) => role.external_id)].filter(
    (secret) => typeof secret === 'string',
  );
}
