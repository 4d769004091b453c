// The SDK clients of one source: their retries, time limits and proxies, in the partition's own regions.
import { Agent } from 'node:https';
import { OrganizationsClient } from '@aws-sdk/client-organizations';
import { ResourceGroupsTaggingAPIClient } from '@aws-sdk/client-resource-groups-tagging-api';
import { STSClient } from '@aws-sdk/client-sts';
import type { ObserveContext } from '#core/collector.ts';
import { type AwsConfig, type AwsSourceConfig, findSource } from './config.ts';
import { createCredentials } from './credentials.ts';
import { partitionOfArn, toDefaultRegion, toOrganizationsRegion, toPartition } from './partitions.ts';
import { createRequester, type Requester } from './requests.ts';

/** One source, opened. */
export interface AwsSession {
  readonly source: AwsSourceConfig;
  readonly context: ObserveContext<AwsConfig>;
  readonly requester: Requester;
  readonly partition: string;
  readonly sts: STSClient;
  readonly organizations: OrganizationsClient;
  readonly tagging: ResourceGroupsTaggingAPIClient;
  close(): void;
}

/** Opens the clients of the context's scope; nothing is asked yet. One client per service, for retry quota and pace live in it. */
export async function openSession(context: ObserveContext<AwsConfig>): Promise<AwsSession> {
  const source = findSource(context.config, context.scope);
  const requester = createRequester({ signal: context.signal, fetched: (request) => context.fetched(request) });
  const shared = toClientConfig(context.proxyEnv);
  const { region, partition } = await readRegion(source);
  const credentials = createCredentials({
    source,
    run_id: context.run_id,
    requester,
    stsConfig: { ...shared, region },
    now: () => context.now(),
  });
  const config = { ...shared, credentials: credentials.provider };
  const organizationsRegion = toOrganizationsRegion(partition, region);
  const sts = new STSClient({ ...config, region });
  const organizations = new OrganizationsClient({ ...config, region: organizationsRegion });
  const tagging = new ResourceGroupsTaggingAPIClient({ ...config, region: organizationsRegion });
  requester.watch(sts);
  requester.watch(organizations);
  requester.watch(tagging);
  return {
    source,
    context,
    requester,
    partition,
    sts,
    organizations,
    tagging,
    close() {
      for (const client of [sts, organizations, tagging]) client.destroy();
      credentials.close();
    },
  };
}

function toClientConfig(proxyEnv: ObserveContext<AwsConfig>['proxyEnv']) {
  return {
    // Adaptive: paced by the throttling it meets, instead of burning its attempts on it.
    retryMode: 'adaptive',
    maxAttempts: 10,
    requestHandler: {
      connectionTimeout: 3_000,
      requestTimeout: 20_000,
      throwOnRequestTimeout: true,
      httpsAgent: new Agent({ keepAlive: true, proxyEnv }),
    },
  };
}

// The roles' own partition decides; a source without roles is where the SDK's variables and profile say.
async function readRegion(source: AwsSourceConfig): Promise<{ region: string; partition: string }> {
  const roleArn = source.role_chain.at(-1)?.role_arn ?? source.web_identity?.role_arn;
  const named = source.partition ?? (roleArn === undefined ? undefined : partitionOfArn(roleArn));
  const region = source.region ?? (await readSdkRegion(source.profile));
  if (named === undefined) return { region: region ?? 'us-east-1', partition: toPartition(region ?? 'us-east-1') };
  const isInside = region !== undefined && toPartition(region) === named;
  return { region: (isInside ? region : toDefaultRegion(named)) ?? region ?? 'us-east-1', partition: named };
}

async function readSdkRegion(profile: string | undefined): Promise<string | undefined> {
  const probe = new STSClient({ ...(profile && { profile }) });
  try {
    return await probe.config.region();
  } catch {
    return undefined; // no region is named anywhere, which is no error where the partition has one
  } finally {
    probe.destroy();
  }
}
