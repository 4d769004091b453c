// The clouds of Azure as a token names them: each has its own Resource Manager, and a token is good for one alone.

/** Resource Managers that every login endpoint of the fake issues tokens for, whether or not the fake accepts them. */
export const resourceManagers = {
  public: 'https://management.azure.com',
  us_government: 'https://management.usgovcloudapi.net',
  china: 'https://management.chinacloudapi.cn',
} as const;

/** The audience as it is compared: a scope may end with one slash more, and the token then repeats it. */
export function toAudience(resource: string): string {
  return resource.toLowerCase().replace(/\/+$/, '');
}
