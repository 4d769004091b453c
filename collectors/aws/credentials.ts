// Whose keys a source uses: IRSA, Pod Identity, plain keys or a profile, and a chain of roles assumed from there.
import {
  AssumeRoleCommand,
  AssumeRoleWithWebIdentityCommand,
  STSClient,
  type STSClientConfig,
} from '@aws-sdk/client-sts';
import { fromNodeProviderChain, fromTokenFile } from '@aws-sdk/credential-providers';
import { ProviderError } from '#core/errors.ts';
import type { AwsSourceConfig, RoleHop } from './config.ts';
import type { Requester } from './requests.ts';

/** Keys, and when they end. */
export interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/** Hands out keys that are still good, new ones when they are about to end or when told to. */
export type KeysProvider = (options?: { readonly forceRefresh?: boolean }) => Promise<Keys>;

/** What credentials are made with. */
export interface CredentialOptions {
  readonly source: AwsSourceConfig;
  readonly run_id: string;
  readonly requester: Requester;
  /** Region, retries, time limits and proxies of every STS client. */
  readonly stsConfig: STSClientConfig;
  now(): Date;
}

const chainedMaxSeconds = 3600;
const renewBeforeMs = 5 * 60_000;

/** The source's keys: its base identity, then one AssumeRole for every hop of its chain. */
export function createCredentials(options: CredentialOptions): { provider: KeysProvider; close(): void } {
  const clients: STSClient[] = [];
  const openClient = (credentials?: KeysProvider | Keys) => {
    const client = new STSClient({ ...options.stsConfig, ...(credentials && { credentials }) });
    options.requester.watch(client);
    clients.push(client);
    return client;
  };
  let provider = renewing(createBase(options, openClient), options.now);
  for (const hop of options.source.role_chain) {
    const from = provider;
    const client = openClient(from);
    provider = renewing(
      async () => assumeRole(options, { client, keys: await from() }, toHopRequest(hop, options.run_id)),
      options.now,
    );
  }
  return {
    provider,
    close() {
      for (const client of clients) client.destroy();
    },
  };
}

type OpenClient = (credentials?: KeysProvider | Keys) => STSClient;

// The SDK's chain finds the base identity; the roles it meets on its way (IRSA, profiles) are assumed here, for session name and evidence.
function createBase(options: CredentialOptions, openClient: OpenClient): () => Promise<Keys> {
  const { source } = options;
  let webIdentityClient: STSClient | undefined;
  const roleAssumerWithWebIdentity = (params: WebIdentityRequest) => {
    webIdentityClient ??= openClient();
    return assumeRoleWithWebIdentity(options, webIdentityClient, params);
  };
  if (source.web_identity !== undefined) {
    const { role_arn, token_file } = source.web_identity;
    // Read again every time: kubelet rotates the file.
    return () => fromTokenFile({ roleArn: role_arn, webIdentityTokenFile: token_file, roleAssumerWithWebIdentity })();
  }
  const init = {
    ...(source.profile && { profile: source.profile }),
    roleAssumerWithWebIdentity,
    roleAssumer: (keys: Keys, params: HopRequest) => assumeRole(options, { client: openClient(keys), keys }, params),
  };
  // A new chain every time, for a chain keeps what it has found.
  return () => fromNodeProviderChain(init)();
}

interface WebIdentityRequest {
  readonly RoleArn: string | undefined;
  readonly RoleSessionName?: string | undefined;
  readonly WebIdentityToken: string | undefined;
}

interface HopRequest {
  readonly RoleArn: string | undefined;
  readonly RoleSessionName?: string | undefined;
  readonly ExternalId?: string | undefined;
  readonly SourceIdentity?: string | undefined;
  readonly DurationSeconds?: number | undefined;
}

function toHopRequest(hop: RoleHop, runId: string): HopRequest {
  return {
    RoleArn: hop.role_arn,
    RoleSessionName: toSessionName(runId, hop.session_name),
    ExternalId: hop.external_id,
    SourceIdentity: hop.source_identity,
    DurationSeconds: hop.duration_seconds,
  };
}

async function assumeRole(
  options: CredentialOptions,
  from: { client: STSClient; keys: Keys },
  params: HopRequest,
): Promise<Keys> {
  const seconds = params.DurationSeconds ?? chainedMaxSeconds;
  const command = new AssumeRoleCommand({
    ...params,
    RoleSessionName: toOwnSessionName(params, options.run_id),
    // A role that assumes a role gets an hour at most, whatever the role allows; asking for more is refused
    // (https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles.html#iam-term-role-chaining).
    DurationSeconds: from.keys.sessionToken === undefined ? seconds : Math.min(seconds, chainedMaxSeconds),
  });
  const question = { operation: 'sts:AssumeRole', client: from.client } as const;
  const { output } = await options.requester.ask(question, (send) => from.client.send(command, send));
  return toKeys(output.Credentials, params.RoleArn);
}

async function assumeRoleWithWebIdentity(
  options: CredentialOptions,
  client: STSClient,
  params: WebIdentityRequest,
): Promise<Keys> {
  const command = new AssumeRoleWithWebIdentityCommand({
    ...params,
    RoleSessionName: toOwnSessionName(params, options.run_id),
  });
  const question = { operation: 'sts:AssumeRoleWithWebIdentity' } as const;
  const { output } = await options.requester.ask(question, (send) => client.send(command, send));
  return toKeys(output.Credentials, params.RoleArn);
}

interface IssuedKeys {
  readonly AccessKeyId: string | undefined;
  readonly SecretAccessKey: string | undefined;
  readonly SessionToken: string | undefined;
  readonly Expiration: Date | undefined;
}

function toKeys(issued: IssuedKeys | undefined, roleArn: string | undefined): Keys {
  if (!issued?.AccessKeyId || !issued.SecretAccessKey || !issued.SessionToken || !issued.Expiration) {
    throw new ProviderError('malformed_answer', `STS answered without keys for ${roleArn ?? 'the role'}`);
  }
  return {
    accessKeyId: issued.AccessKeyId,
    secretAccessKey: issued.SecretAccessKey,
    sessionToken: issued.SessionToken,
    expiration: issued.Expiration,
  };
}

// The run id, so that CloudTrail leads from each call to the run; both fit the 64 characters AWS allows.
function toSessionName(runId: string, prefix = 'inventory'): string {
  return `${prefix}-${runId}`;
}

// A name that a profile or AWS_ROLE_SESSION_NAME gives stays, for a trust policy may ask for it; the SDK's own says nothing.
function toOwnSessionName({ RoleSessionName: given }: Pick<HopRequest, 'RoleSessionName'>, runId: string): string {
  return given === undefined || given.startsWith('aws-sdk-js') ? toSessionName(runId) : given;
}

// One set of keys for all clients: left to themselves, each client would assume the role anew.
function renewing(load: () => Promise<Keys>, now: () => Date): KeysProvider {
  let keys: Keys | undefined;
  let renewAt = Number.POSITIVE_INFINITY;
  let loading: Promise<Keys> | undefined;
  const renew = async () => {
    const loaded = await load();
    const life = (loaded.expiration?.getTime() ?? Number.POSITIVE_INFINITY) - now().getTime();
    renewAt = now().getTime() + life - Math.min(renewBeforeMs, life / 2);
    keys = loaded;
    return loaded;
  };
  return async (options) => {
    if (keys !== undefined && !options?.forceRefresh && now().getTime() < renewAt) return keys;
    loading ??= renew().finally(() => {
      loading = undefined;
    });
    return loading;
  };
}
