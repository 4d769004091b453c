// Who the credentials are and which organization they answer for: asked before anything else is read.
import { DescribeOrganizationCommand } from '@aws-sdk/client-organizations';
import { GetCallerIdentityCommand } from '@aws-sdk/client-sts';
import { z } from 'zod';
import { ProviderError } from '#core/errors.ts';
import type { Request } from '#core/provenance.ts';
import type { AwsSession } from './clients.ts';
import { partitionOfArn } from './partitions.ts';
import { sdkOf } from './requests.ts';

/** The organization that is read. */
export interface Organization {
  readonly id: string;
  readonly management_account_id: string;
  /** The request that told, part of the management account's evidence. */
  readonly request: Request;
}

const bodySchema = z.object({
  Organization: z.object({
    Id: z.string().regex(/^o-[a-z0-9]{10,32}$/),
    MasterAccountId: z.string().regex(/^\d{12}$/),
  }),
});

/** Asks, and has the context compare; throws before anything was yielded when it is another organization or none. */
export async function identifyOrganization(session: AwsSession): Promise<Organization> {
  const { requester, source, context } = session;
  const principal = await readPrincipal(session);
  requester.setPrincipal(principal);
  const { body, request } = await requester.ask(
    { operation: 'organizations:DescribeOrganization', client: session.organizations },
    (options) => session.organizations.send(new DescribeOrganizationCommand({}), options),
  );
  const answered = bodySchema.safeParse(body).data?.Organization;
  if (answered === undefined) {
    throw new ProviderError('malformed_answer', 'organizations:DescribeOrganization answered without an organization');
  }
  context.identify({ root: answered.Id, configured: source.organization_id, principal, sdk: sdkOf.organizations });
  return { id: answered.Id, management_account_id: answered.MasterAccountId, request };
}

async function readPrincipal(session: AwsSession): Promise<string> {
  const { output } = await session.requester.ask(
    { operation: 'sts:GetCallerIdentity', client: session.sts },
    (options) => session.sts.send(new GetCallerIdentityCommand({}), options),
  );
  const arn = output.Arn;
  if (!arn) throw new ProviderError('malformed_answer', 'sts:GetCallerIdentity answered without an ARN');
  const partition = partitionOfArn(arn);
  if (partition !== session.partition) {
    throw new ProviderError(
      'wrong_partition',
      `the credentials are of the partition ${partition}, not ${session.partition}: set \`partition\` or \`region\` of the source`,
    );
  }
  return arn;
}
