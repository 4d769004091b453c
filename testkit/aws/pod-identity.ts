// The EKS Pod Identity agent: a projected service account token in, a role's credentials out.
import { type Answer, AwsRefusal } from './answer.ts';
import type { ApiContext } from './context.ts';
import { openSession } from './sts-api.ts';
import { podIdentityAudience } from './web-identity.ts';

// The agent's sessions last six hours, whatever the role's own limit.
const sessionSeconds = 6 * 3600;

/** Answers `GET /v1/credentials`; the Authorization header is the content of the token file. */
export function answerPodIdentity(context: ApiContext, authorization: string | undefined): Answer {
  if (authorization === undefined) {
    throw new AwsRefusal('AccessDeniedException', 'Service account token cannot be empty');
  }
  const claims = context.issuer.check(authorization);
  if (claims.audience !== podIdentityAudience) {
    throw new AwsRefusal('InvalidTokenException', 'Incorrect token audience');
  }
  const role = context.world.roles.values().find((candidate) => candidate.pod_identity?.subject === claims.subject);
  if (role === undefined) {
    throw new AwsRefusal('ResourceNotFoundException', 'No association for the service account', { status: 404 });
  }
  const longRole = { ...role, max_session_seconds: Math.max(role.max_session_seconds ?? 0, sessionSeconds) };
  const session = openSession(context, longRole, { name: 'eks-fake-pod', seconds: sessionSeconds });
  return {
    body: {
      AccessKeyId: session.access_key_id,
      SecretAccessKey: session.secret_access_key,
      Token: session.session_token,
      AccountId: session.account_id,
      Expiration: session.expires_at.toISOString(),
    },
    subjects: [],
  };
}
