// What is outside of the cluster, on this machine: PostgreSQL, a strict AWS fake, and an issuer that is not ours.
import { createRoles } from '#store/migrate.ts';
import { createOrganization } from '#testkit/aws/create-organization.ts';
import { type AwsFake, openAwsFake } from '#testkit/aws/fake.ts';
import type { AwsOrganization } from '#testkit/aws/organization.ts';
import { createCertificate, trustInThisProcess } from '#testkit/certificate.ts';
import { openPostgresCluster, type PostgresCluster } from '#testkit/postgres.ts';
import { type IndependentProvider, openProvider } from '../verify/oidc-provider.ts';
import { type Forwarder, openForwarder } from './forward.ts';

/** The one address by which pods reach this machine. */
export const host = process.env['E2E_HOST'] ?? '';

/** How it is to be. */
export interface OutsideOptions {
  /** Accounts of the organization. */
  readonly accounts: number;
  /** The tenant that tokens are of now; `default` unless said. */
  readonly tenant?: () => string;
}

/** All of it, running. */
export interface Outside {
  /** With an empty database `inventory`, and the roles. */
  readonly postgres: PostgresCluster;
  readonly aws: AwsFake;
  readonly organization: AwsOrganization;
  /** By https, with a certificate of an authority that nobody else knows. */
  readonly issuer: IndependentProvider;
  readonly issuerCa: string;
  /** Where pods find database and fake. */
  readonly ports: { readonly postgres: number; readonly aws: number };
  close(): Promise<void>;
}

/** Starts all of it. */
export async function openOutside({ accounts, tenant = () => 'default' }: OutsideOptions): Promise<Outside> {
  const postgres = await openPostgresCluster();
  await createRoles({ url: await postgres.createDatabase('inventory') });
  const organization = createOrganization({
    id: 'o-e2e0000000',
    accounts,
    organizational_units: Math.ceil(accounts / 12),
  });
  const aws = await openAwsFake({ organizations: [organization] });
  const certificate = await createCertificate([host]);
  const distrust = trustInThisProcess(certificate.certificate_pem);
  const issuer = await openProvider({
    redirectUri: 'http://127.0.0.1/callback',
    claimsOf: () => ({ tenant: tenant() }),
    livesSeconds: 1800,
    at: { address: host, certificate },
  });
  const toPostgres: Forwarder = await openForwarder(host, postgres.port);
  const toAws: Forwarder = await openForwarder(host, Number(new URL(aws.url).port));
  return {
    ...{ postgres, aws, organization, issuer, issuerCa: certificate.certificate_pem },
    ports: { postgres: toPostgres.port, aws: toAws.port },
    async close() {
      await Promise.all([toAws.close(), toPostgres.close(), issuer.close()]);
      distrust();
      await aws.close();
      await postgres.close();
    },
  };
}
