// What a token of an OpenID Connect issuer proves: who its bearer is, for which tenant, and with which rights.
import { errors, type JWTPayload, type JWTVerifyOptions, type JWTVerifyResult, jwtVerify } from 'jose';
import { z } from 'zod';
import type { Clock } from '#core/clock.ts';
import { type OidcConfig, tenantSchema } from '#core/config.ts';
import { ProviderError } from '#core/errors.ts';
import type { Logger } from '#core/log.ts';
import type { Identity } from './env.ts';
import type { IssuerKeys } from './issuer-keys.ts';

/** Why a token is refused, in words that its bearer may read: nothing of the token is in them. */
export interface Refusal {
  readonly refused: string;
}

/** Throws ProviderError when nobody can tell, because the issuer cannot be asked. */
export type VerifyToken = (token: string) => Promise<Identity | Refusal>;

export interface TokenVerifierOptions {
  readonly keys: IssuerKeys;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The verifier of one issuer's tokens. */
export function createTokenVerifier(config: OidcConfig, { keys, clock, log }: TokenVerifierOptions): VerifyToken {
  const options = {
    issuer: config.issuer,
    audience: config.audience,
    algorithms: config.algorithms,
    clockTolerance: config.clock_skew / 1000,
    requiredClaims: ['sub', 'exp'],
  } satisfies JWTVerifyOptions;
  return async (token) => {
    if (!isSpeltRight(token)) return { refused: notAToken };
    try {
      const verified = await jwtVerify(token, keys.find, { ...options, currentDate: clock.now() });
      return misuseOf(verified) ?? toIdentity(verified.payload, config);
    } catch (error) {
      if (error instanceof errors.JOSEError) return { refused: toReason(error) };
      if (error instanceof ProviderError) throw error;
      // Of what went in, only the issuer's key was not looked at before: it is too short, or not what it says it is.
      log.error(
        { event: 'issuer_key_unusable', issuer: config.issuer, err: error },
        'a key of the issuer is of no use',
      );
      throw new ProviderError('issuer_key_unusable', `a key of ${config.issuer} is of no use`, { cause: error });
    }
  };
}

const notAToken = 'this is not a signed JSON Web Token';

// A decoder forgives padding, spaces and bits that nobody reads at the end: the same signature would have many spellings
// (RFC 4648 §3.5). Header and payload have one, for they are signed as they are spelt.
function isSpeltRight(token: string): boolean {
  const signature = token.slice(token.lastIndexOf('.') + 1);
  return Buffer.from(signature, 'base64url').toString('base64url') === signature;
}

// Access tokens (RFC 9068 §2.1) and ID tokens; the name may be the short form of a media type (RFC 7515 §4.1.9).
const typeSchema = z
  .string()
  .regex(/^(application\/)?(at\+)?jwt$/i)
  .optional();

/** Other things that the same keys sign must not pass for a token (RFC 8725 §3.11), nor one that asks for more than to be borne. */
function misuseOf({ protectedHeader, payload }: JWTVerifyResult): Refusal | undefined {
  if (!typeSchema.safeParse(protectedHeader.typ).success) return { refused: 'this is another type of token' };
  // Security events and logout tokens (RFC 8417 §2.2), which older issuers give no type of their own.
  if ('events' in payload) return { refused: 'the token tells an event and grants nothing' };
  // Bound to a key (RFC 7800), whose possession a mere bearer does not prove.
  if ('cnf' in payload) return { refused: 'the token is bound to a key and no bearer token' };
  return undefined;
}

const subjectSchema = z.object({ sub: z.string().min(1), exp: z.number() });
// Stored and indexed as who did it: what a database would cut, strip or refuse could pass for somebody else.
const nameSchema = z.string().regex(/^[^\p{Cc}\p{Cs}]{1,512}$/u);

function toIdentity(payload: JWTPayload, config: OidcConfig): Identity | Refusal {
  const subject = subjectSchema.safeParse(payload);
  if (!subject.success) return { refused: 'the token has no subject' };
  const { sub: name, exp } = subject.data;
  if (!nameSchema.safeParse(name).success) {
    return { refused: 'the subject of the token must be at most 512 characters, none of them a control character' };
  }
  const tenant = tenantSchema.safeParse(translate(config.tenants, payload[config.tenant_claim]));
  if (!tenant.success) return { refused: 'the token names no tenant of this inventory' };
  const expires_ms = exp * 1000 + config.clock_skew;
  return { name, tenant_id: tenant.data, scopes: scopesOf(payload, config), expires_ms };
}

// Without a table a value means itself.
function translate<Meaning>(table: Readonly<Record<string, Meaning>> | undefined, value: unknown): unknown {
  if (table === undefined) return value;
  return typeof value === 'string' && Object.hasOwn(table, value) ? table[value] : undefined;
}

// Words between spaces (RFC 8693 §4.2), or a list, as groups and roles come.
const wordsSchema = z.union([z.string().transform((text) => text.split(' ')), z.array(z.string())]).catch([]);

function scopesOf(payload: JWTPayload, { scopes_claim, scopes }: OidcConfig): readonly string[] {
  const words = scopes_claim.flatMap((claim) => wordsSchema.parse(payload[claim])).filter((word) => word !== '');
  if (scopes === undefined) return words;
  return words.flatMap((word) => (Object.hasOwn(scopes, word) ? (scopes[word] ?? []) : []));
}

function toReason(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return 'the token has expired';
  if (error instanceof errors.JWTClaimValidationFailed) return toClaimReason(error);
  if (error instanceof errors.JWSSignatureVerificationFailed) return 'the signature of the token does not hold';
  if (error instanceof errors.JOSEAlgNotAllowed) return 'the token is signed with an algorithm that is not accepted';
  if (error instanceof errors.JWKSNoMatchingKey) return 'the token is signed with a key that its issuer does not have';
  if (error instanceof errors.JWKSMultipleMatchingKeys) return 'the token does not say which key it is signed with';
  return notAToken;
}

function toClaimReason({ claim }: errors.JWTClaimValidationFailed): string {
  if (claim === 'iss') return 'the token is of another issuer';
  if (claim === 'aud') return 'the token is meant for somebody else';
  if (claim === 'nbf') return 'the token does not hold yet';
  if (claim === 'exp') return 'the token never expires';
  return claim === 'sub' ? 'the token has no subject' : 'a claim of the token is malformed';
}
