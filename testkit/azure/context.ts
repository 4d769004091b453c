// What the operations of the fake work with.
import type { Random } from '../random.ts';
import type { AzureBehaviour } from './behaviour.ts';
import type { Pager } from './paging.ts';
import type { AzureTenant, TenantIndex } from './tenant.ts';
import type { AzureAccess, AzureApplication, AzureWorld } from './world.ts';

/** Lent to every operation. */
export interface ApiContext {
  readonly world: AzureWorld;
  readonly behaviour: AzureBehaviour;
  readonly page: Pager;
  readonly random: Random;
  /** The audience that tokens must have; null stands for the fake's own origin. */
  readonly audience: string | null;
  now(): Date;
  indexOf(tenant: AzureTenant): TenantIndex;
}

/** Who calls, after the token has been found to hold. */
export interface Caller {
  readonly tenant: AzureTenant;
  readonly application: AzureApplication;
  readonly access: AzureAccess;
}

/** One request to Resource Manager by a known caller. */
export interface ArmCall extends Caller {
  readonly operation: string;
  readonly skip_token: string | undefined;
}
