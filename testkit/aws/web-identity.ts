// A local OpenID Connect issuer, as a cluster has one for its service accounts, and the check AWS makes of its tokens.
import { createPublicKey, generateKeyPairSync, type KeyObject, sign, verify } from 'node:crypto';
import { z } from 'zod';
import { AwsRefusal } from './answer.ts';

/** The `aud` of tokens for AssumeRoleWithWebIdentity. */
export const stsAudience = 'sts.amazonaws.com';

/** The `aud` of tokens for the EKS Pod Identity agent. */
export const podIdentityAudience = 'pods.eks.amazonaws.com';

/** What a token says; a negative life makes one that has expired. */
export interface WebTokenPlan {
  readonly subject: string;
  readonly audience?: string;
  readonly issuer?: string;
  readonly lives_seconds?: number;
  /** Signed by somebody else's key. */
  readonly forged?: boolean;
}

/** Issues and checks tokens. */
export interface WebIdentityIssuer {
  readonly url: string;
  issue(plan: WebTokenPlan): string;
  /** The subject and audience of a token that holds; else AWS's refusal. */
  check(token: string): { subject: string; audience: string; issuer: string };
}

const claimsSchema = z.object({ iss: z.string(), sub: z.string(), aud: z.array(z.string()), exp: z.number() });

/** An issuer with a key pair of its own. */
export function createWebIdentityIssuer(now: () => Date): WebIdentityIssuer {
  const url = 'https://oidc.eks.eu-central-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE';
  const own = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const foreign = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  return {
    url,
    issue: (plan) => {
      const iat = Math.floor(now().getTime() / 1000);
      const claims = {
        iss: plan.issuer ?? url,
        sub: plan.subject,
        aud: [plan.audience ?? stsAudience],
        iat,
        exp: iat + (plan.lives_seconds ?? 86_400),
      };
      return toJwt(claims, plan.forged === true ? foreign.privateKey : own.privateKey);
    },
    check: (token) => {
      const claims = parseJwt(token, createPublicKey(own.privateKey));
      if (claims?.iss !== url) {
        throw new AwsRefusal('InvalidIdentityToken', 'No OpenIDConnect provider found in your account for the issuer.');
      }
      const seconds = Math.floor(now().getTime() / 1000);
      if (claims.exp <= seconds) {
        const message = `Token expired: current date/time ${seconds} must be before the expiration date/time ${claims.exp}`;
        throw new AwsRefusal('ExpiredTokenException', message);
      }
      return { subject: claims.sub, audience: claims.aud[0] ?? '', issuer: claims.iss };
    },
  };
}

function toJwt(claims: object, key: KeyObject): string {
  const signed = [{ alg: 'ES256', typ: 'JWT', kid: 'fake' }, claims]
    .map((part) => Buffer.from(JSON.stringify(part)).toString('base64url'))
    .join('.');
  return `${signed}.${sign('sha256', Buffer.from(signed), { key, dsaEncoding: 'ieee-p1363' }).toString('base64url')}`;
}

function parseJwt(token: string, key: KeyObject): z.output<typeof claimsSchema> | undefined {
  const [header, payload, signature, ...rest] = token.trim().split('.');
  if (header === undefined || payload === undefined || signature === undefined || rest.length > 0) {
    throw new AwsRefusal('InvalidIdentityToken', 'The ID Token provided is not a valid JWT.');
  }
  const holds = verify(
    'sha256',
    Buffer.from(`${header}.${payload}`),
    { key, dsaEncoding: 'ieee-p1363' },
    Buffer.from(signature, 'base64url'),
  );
  if (!holds) throw new AwsRefusal('InvalidIdentityToken', "Couldn't verify the token's signature.");
  const parsed = claimsSchema.safeParse(JSON.parse(Buffer.from(payload, 'base64url').toString()));
  return parsed.success ? parsed.data : undefined;
}
