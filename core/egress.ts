// What a collector may reach: declared beside the code that reaches it. Network rules and their documentation are made from it.

/** A server outside the cluster. */
export interface Peer {
  /** A name, or a pattern in which `*` stands for anything within one label: `sts.*.amazonaws.com`. */
  readonly host: string;
  readonly port: number;
  readonly purpose: string;
}

/** A service on the node that hands out identities, reached by an address that leads nowhere else. */
export interface IdentityService {
  readonly cidr: string;
  readonly ports: readonly number[];
  readonly purpose: string;
}

/** The egress contract of one collector. */
export interface Egress {
  /** By the provider's separate clouds (partition, cloud, universe); the first is the usual one. Empty where only the configuration names servers. */
  readonly clouds: Readonly<Record<string, readonly Peer[]>>;
  /** By the way in which pods get their identity; the others need no service on the node. */
  readonly identities: Readonly<Record<string, readonly IdentityService[]>>;
  /** What the configuration adds to the peers, in words: such servers are named to the chart too. */
  readonly configured: readonly string[];
}

/** Whether a host is declared by a name or a pattern. */
export function isDeclared(peers: readonly Peer[], host: string): boolean {
  return peers.some((peer) => toPattern(peer.host).test(host));
}

function toPattern(host: string): RegExp {
  const labels = host.split('*').map((part) => part.replaceAll('.', '\\.'));
  return new RegExp(`^${labels.join('[a-z0-9-]+')}$`);
}
