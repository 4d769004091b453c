// The clouds of Azure: where tokens come from, what they are good for, and where data stays.

/** Azure's clouds, and `custom` for Azure Stack and the like, whose endpoints the configuration names. */
export const cloudNames = ['public', 'usgov', 'china', 'custom'] as const;
export type CloudName = (typeof cloudNames)[number];

/** Where one cloud is asked. */
export interface Endpoints {
  readonly authority_host: string;
  readonly arm_endpoint: string;
  /** The scope of the tokens that this Resource Manager accepts. */
  readonly token_scope: string;
}

const known: Readonly<Record<CloudName, { authority_host: string; arm_endpoint: string; residency: string | null }>> = {
  public: {
    authority_host: 'https://login.microsoftonline.com',
    arm_endpoint: 'https://management.azure.com',
    residency: 'global',
  },
  usgov: {
    authority_host: 'https://login.microsoftonline.us',
    arm_endpoint: 'https://management.usgovcloudapi.net',
    residency: 'us',
  },
  china: {
    authority_host: 'https://login.chinacloudapi.cn',
    arm_endpoint: 'https://management.chinacloudapi.cn',
    residency: 'cn',
  },
  custom: { authority_host: '', arm_endpoint: '', residency: null },
};

/** The endpoints of a source: its own where it names some, else its cloud's. */
export function toEndpoints(source: {
  readonly cloud: CloudName;
  readonly authority_host?: string | undefined;
  readonly arm_endpoint?: string | undefined;
  readonly audience?: string | undefined;
}): Endpoints {
  const arm = source.arm_endpoint ?? known[source.cloud].arm_endpoint;
  return {
    authority_host: source.authority_host ?? known[source.cloud].authority_host,
    arm_endpoint: arm,
    token_scope: `${source.audience ?? arm}/.default`,
  };
}

/** Where data of a cloud stays, as far as the cloud itself tells. */
export function toResidency(cloud: CloudName): string | null {
  return known[cloud].residency;
}
