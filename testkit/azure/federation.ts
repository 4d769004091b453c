// Federated credentials: the check that Entra makes of another issuer's token in place of a client secret.
import { createLocalJWKSet, decodeJwt, errors, type JSONWebKeySet, type JWTPayload, jwtVerify } from 'jose';
import { z } from 'zod';
import { AzureRefusal } from './answer.ts';
import type { AzureApplication } from './world.ts';

/** The `aud` that Entra expects of a foreign token unless the federated credential names another. */
export const tokenExchangeAudience = 'api://AzureADTokenExchange';

const discoverySchema = z.object({ issuer: z.string(), jwks_uri: z.url() });
const keysSchema = z.object({ keys: z.array(z.looseObject({ kty: z.string() })) });
const answersWithinMs = 5_000;

/** Throws unless the assertion is a good token of a federated credential of this application. */
export async function checkAssertion(application: AzureApplication, assertion: string, now: Date): Promise<void> {
  const { iss = '', sub = '' } = decode(assertion);
  const ofIssuer = application.federated_credentials.filter(({ issuer }) => issuer === iss);
  if (ofIssuer.length === 0) throw refuse('AADSTS700211', 'issuer', iss);
  const ofSubject = ofIssuer.filter(({ subject }) => subject === sub);
  if (ofSubject.length === 0) throw refuse('AADSTS700213', 'subject', sub);
  const claims = await verify(assertion, createLocalJWKSet(await readKeys(iss)), now);
  const audiences = [claims.aud ?? []].flat();
  if (!ofSubject.some(({ audience = tokenExchangeAudience }) => audiences.includes(audience))) {
    throw refuse('AADSTS700212', 'audience', audiences.join(' '));
  }
}

/** The keys that the issuer publishes now, found by its discovery document; nothing is kept, so a withdrawn key is gone. */
async function readKeys(issuer: string): Promise<JSONWebKeySet> {
  try {
    const discovery = discoverySchema.parse(await readJson(`${issuer}/.well-known/openid-configuration`));
    return keysSchema.parse(await readJson(discovery.jwks_uri));
  } catch (error) {
    throw refuseAssertion(
      'AADSTS50166',
      `Request to External OIDC endpoint failed: ${String(error)}`,
      'invalid_request',
    );
  }
}

async function readJson(url: string): Promise<unknown> {
  const response = await fetch(url, { signal: AbortSignal.timeout(answersWithinMs) });
  return response.json();
}

function decode(assertion: string): JWTPayload {
  try {
    return decodeJwt(assertion);
  } catch {
    throw refuseAssertion('AADSTS50027', 'JWT token is invalid or malformed.', 'invalid_request');
  }
}

async function verify(assertion: string, keys: ReturnType<typeof createLocalJWKSet>, now: Date): Promise<JWTPayload> {
  try {
    const { payload } = await jwtVerify(assertion, keys, {
      algorithms: ['RS256'],
      currentDate: now,
      requiredClaims: ['exp', 'aud'],
    });
    return payload;
  } catch (error) {
    if (error instanceof errors.JWTExpired || error instanceof errors.JWTClaimValidationFailed) {
      throw refuseAssertion('AADSTS700024', 'Client assertion is not within its valid time range.');
    }
    if (!(error instanceof errors.JOSEError)) throw error;
    throw refuseAssertion('AADSTS700027', 'The certificate or key used to sign the assertion is not registered.');
  }
}

function refuse(code: string, claim: string, value: string): AzureRefusal {
  return refuseAssertion(
    code,
    `No matching federated identity record found for presented assertion ${claim} '${value}'.`,
  );
}

function refuseAssertion(code: string, message: string, oauthError = 'invalid_client'): AzureRefusal {
  return new AzureRefusal(code, message, {
    status: oauthError === 'invalid_client' ? 401 : 400,
    oauth_error: oauthError,
  });
}
