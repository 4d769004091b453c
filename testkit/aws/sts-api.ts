// The STS operations of a credential chain: who am I, assume a role, assume one by web identity.
import { z } from 'zod';
import { type Answer, AwsRefusal } from './answer.ts';
import type { ApiCall, ApiContext } from './context.ts';
import { parseInput } from './input.ts';
import { toPartition } from './partitions.ts';
import { stsAudience } from './web-identity.ts';
import { type AwsPrincipal, issueKeys, type KnownRole, parseRoleArn } from './world.ts';

const sessionName = z.string().regex(/^[\w+=,.@-]{2,64}$/);
const durationSeconds = z.coerce.number().int().min(900).max(43_200).optional();

const assumeRoleSchema = z.strictObject({
  RoleArn: z.string().min(20).max(2048),
  RoleSessionName: sessionName,
  DurationSeconds: durationSeconds,
  ExternalId: z
    .string()
    .regex(/^[\w+=,.@:/-]{2,1224}$/)
    .optional(),
  SourceIdentity: sessionName.optional(),
});
const webIdentitySchema = z.strictObject({
  RoleArn: z.string().min(20).max(2048),
  RoleSessionName: sessionName,
  DurationSeconds: durationSeconds,
  WebIdentityToken: z.string().min(4).max(20_000),
});

// AWS caps a session that was made with another role's session at one hour, whatever the role allows.
const chainedSeconds = 3600;

/** Answers a signed call. */
export function answerSts(context: ApiContext, call: ApiCall): Answer {
  if (call.operation === 'AssumeRole') return assumeRole(context, call);
  if (call.operation !== 'GetCallerIdentity') {
    throw new AwsRefusal('UnknownOperationException', `no operation ${call.operation}`);
  }
  parse(z.strictObject({}), call.input);
  const { arn, user_id, account_id } = call.principal;
  return { body: { Arn: arn, UserId: user_id, Account: account_id }, subjects: [] };
}

/** Answers AssumeRoleWithWebIdentity, which is not signed: the token is the credential. */
export function answerWebIdentity(context: ApiContext, call: Pick<ApiCall, 'input'>): Answer {
  const input = parse(webIdentitySchema, call.input);
  const claims = context.issuer.check(input.WebIdentityToken);
  const role = context.world.roles.get(input.RoleArn);
  const trusted = role?.web_identity;
  if (claims.audience !== (trusted?.audience ?? stsAudience)) {
    throw new AwsRefusal('InvalidIdentityToken', 'Incorrect token audience');
  }
  if (role === undefined || trusted?.subject !== claims.subject) {
    throw denied('Not authorized to perform sts:AssumeRoleWithWebIdentity');
  }
  const session = openSession(context, role, { name: input.RoleSessionName, seconds: input.DurationSeconds });
  const identity = { SubjectFromWebIdentityToken: claims.subject, Provider: claims.issuer, Audience: claims.audience };
  return { body: { ...toWireSession(session), ...identity }, subjects: [] };
}

function assumeRole(context: ApiContext, call: ApiCall): Answer {
  const input = parse(assumeRoleSchema, call.input);
  const { principal } = call;
  if (parseRoleArn(input.RoleArn)?.partition !== toPartition(call.region)) {
    throw new AwsRefusal('ValidationError', 'Request ARN is invalid');
  }
  const role = context.world.roles.get(input.RoleArn);
  const mayAssume = role !== undefined && isTrusted(role, principal);
  const hasExternalId = role?.external_id === undefined || role.external_id === input.ExternalId;
  const keepsIdentity = maySetIdentity(role, principal, input.SourceIdentity);
  if (role === undefined || !mayAssume || !hasExternalId || !keepsIdentity) {
    throw denied(`User: ${principal.arn} is not authorized to perform: sts:AssumeRole on resource: ${input.RoleArn}`);
  }
  if (principal.session_token !== null && (input.DurationSeconds ?? 0) > chainedSeconds) {
    const message = 'The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by role chaining';
    throw new AwsRefusal('ValidationError', message);
  }
  const sourceIdentity = principal.source_identity ?? input.SourceIdentity;
  const session = openSession(context, role, {
    name: input.RoleSessionName,
    seconds: input.DurationSeconds,
    ...(sourceIdentity === undefined ? {} : { source_identity: sourceIdentity }),
  });
  const identity = sourceIdentity === undefined ? {} : { SourceIdentity: sourceIdentity };
  return { body: { ...toWireSession(session), ...identity }, subjects: [] };
}

function isTrusted(role: KnownRole, principal: AwsPrincipal): boolean {
  // A session's ARN names the session; trust policies name the role behind it.
  const assumed = /^arn:([^:]+):sts::(\d{12}):assumed-role\/([^/]+)\//.exec(principal.arn);
  const names = [principal.account_id, principal.arn];
  if (assumed !== null) names.push(`arn:${assumed[1]}:iam::${assumed[2]}:role/${assumed[3]}`);
  return role.trusts.some((trusted) => names.includes(trusted));
}

function maySetIdentity(role: KnownRole | undefined, principal: AwsPrincipal, asked: string | undefined): boolean {
  if (asked === undefined) return true;
  // Once set, a source identity stays the same for the rest of a chain.
  const isSame = principal.source_identity === null || principal.source_identity === asked;
  return isSame && role?.allows_source_identity !== false;
}

/** Opens a session of the role; also what the Pod Identity agent does. */
export function openSession(
  context: ApiContext,
  role: KnownRole,
  session: { name: string; seconds: number | undefined; source_identity?: string },
): AwsPrincipal & { expires_at: Date } {
  const seconds = session.seconds ?? 3600;
  if (seconds > (role.max_session_seconds ?? 3600)) {
    throw new AwsRefusal(
      'ValidationError',
      'The requested DurationSeconds exceeds the MaxSessionDuration set for this role.',
    );
  }
  const { partition, account_id, name } = role.parsed_arn;
  const expiresAt = new Date(context.now().getTime() + (context.behaviour.session_seconds ?? seconds) * 1000);
  const principal = issueKeys(context.world, context.random, {
    arn: `arn:${partition}:sts::${account_id}:assumed-role/${name}/${session.name}`,
    account_id,
    partition,
    expires_at: expiresAt,
    session: session.name,
    ...(session.source_identity === undefined ? {} : { source_identity: session.source_identity }),
  });
  return { ...principal, expires_at: expiresAt };
}

function toWireSession(session: AwsPrincipal & { expires_at: Date }) {
  return {
    Credentials: {
      AccessKeyId: session.access_key_id,
      SecretAccessKey: session.secret_access_key,
      SessionToken: session.session_token,
      Expiration: session.expires_at.toISOString(),
    },
    AssumedRoleUser: { Arn: session.arn, AssumedRoleId: session.user_id },
    PackedPolicySize: 0,
  };
}

function denied(message: string): AwsRefusal {
  return new AwsRefusal('AccessDenied', message, { status: 403 });
}

function parse<Schema extends z.ZodType>(schema: Schema, input: unknown): z.output<Schema> {
  return parseInput(schema, input, (issue) => {
    const message = `1 validation error detected: Value at '${issue.path.join('.')}' failed to satisfy constraint`;
    return new AwsRefusal('ValidationError', message);
  });
}
