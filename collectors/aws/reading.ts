// What the parts of one reading share: the open session, the organization, and what is known of its tree and tags.
import type { AwsSession } from './clients.ts';
import type { Organization } from './organization.ts';
import type { TagReader } from './tags.ts';
import type { Tree } from './tree.ts';

/** One scope's reading of one organization. */
export interface Reading {
  readonly session: AwsSession;
  readonly organization: Organization;
  readonly tree: Tree;
  readonly tags: TagReader;
}
