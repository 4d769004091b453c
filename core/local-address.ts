// Which hosts of a pasted URL are this machine's own business: loopback, link-local and the metadata services of clouds.
import { isIP, isIPv4 } from 'node:net';
import { z } from 'zod';
import { createRanges, isRange } from './address-ranges.ts';

/** A host that is allowed all the same: an address, a range (`127.0.0.0/8`) or a name. */
export const allowedHostSchema = z
  .string()
  .transform((text) => text.toLowerCase())
  .refine((text) => isRange(text) || isIP(text) !== 0 || /^[a-z0-9]([a-z0-9.-]*[a-z0-9])?$/.test(text), {
    error: 'must be an address, a range such as 127.0.0.0/8, or a host name',
  });

/** Whether an address or name means the machine that uses it. Names that only look so (127.0.0.1.example) do not. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || (isIPv4(host) && host.startsWith('127.'));
}

/** Whether the host of a URL, as the URL parser spells it, is refused. Names are not looked up, for nothing is asked for. */
export type HostGuard = (hostname: string) => boolean;

// Loopback and whatever else a kernel takes for itself; link-local; the metadata of AWS, Google Cloud and Azure (169.254/16,
// fd00:ec2::/32 and fd20:ce::254), of Azure's host (168.63.129.16), Alibaba (100.100.100.200) and Oracle (192.0.0.192,
// fd00:c1::a9fe:a9fe).
const guardedRanges = [
  ...['0.0.0.0/8', '127.0.0.0/8', '169.254.0.0/16', '100.100.100.200/32', '168.63.129.16/32', '192.0.0.192/32'],
  ...['::/128', '::1/128', 'fe80::/10', 'fd00:ec2::/32', 'fd20:ce::254/128', 'fd00:c1::a9fe:a9fe/128'],
];

const guardedNames =
  /^(localhost|(.+\.)?localhost|localhost\.localdomain|ip6-(localhost|loopback)|metadata|metadata\.(google\.internal|goog)|instance-data(\.ec2\.internal)?)$/;

/** The guard, with the exceptions that the configuration makes. */
export function createHostGuard(allowed: readonly string[]): HostGuard {
  const isGuarded = createRanges(guardedRanges);
  const isAllowed = createRanges(allowed);
  return (hostname) => {
    const host = hostname
      .replace(/^\[|\]$/g, '')
      .replace(/\.+$/, '')
      .toLowerCase();
    if (allowed.includes(host)) return false;
    if (isIP(host) === 0) return guardedNames.test(host);
    return addressesIn(host).some((address) => isGuarded(address) && !isAllowed(address));
  };
}

// The address, and the IPv4 address that packets to it end at: mapped, compatible, translated (RFC 2765, 6052, 8215) and 6to4.
function addressesIn(address: string): string[] {
  if (isIP(address) === 4) return [address];
  const groups = toGroups(address);
  const hex = groups.map((group) => group.toString(16)).join(':');
  const last = toIPv4(groups[6], groups[7]);
  if (/^(0:0:0:0:(0:0|0:ffff|ffff:0)|64:ff9b:(0:0:0:0|1:.+)):/.test(hex)) return [address, last];
  return hex.startsWith('2002:') ? [address, toIPv4(groups[1], groups[2])] : [address];
}

// The URL parser has written a dotted end as two groups already.
function toGroups(address: string): number[] {
  const [head = '', tail] = address.split('::');
  const parse = (part: string | undefined) => (part ? part.split(':').map((group) => Number.parseInt(group, 16)) : []);
  const [before, after] = [parse(head), parse(tail)];
  return [...before, ...Array<number>(8 - before.length - after.length).fill(0), ...after];
}

function toIPv4(high = 0, low = 0): string {
  return [high >> 8, high & 255, low >> 8, low & 255].join('.');
}
