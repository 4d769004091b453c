// Addresses and ranges of them as people write them: 10.0.0.7, 10.0.0.0/8, fd00::/8.
import { BlockList, isIP } from 'node:net';

/** Whether the text is a range. */
export function isRange(text: string): boolean {
  const [address = '', bits = '', ...more] = text.split('/');
  const family = isIP(address);
  return more.length === 0 && family !== 0 && /^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128);
}

/** Whether an address is one of these, or in one of these ranges; whatever else is among them, names say, is passed over. */
export function createRanges(texts: readonly string[]): (address: string) => boolean {
  // One for each family: in a single one ::/0 would hold every IPv4 address too, as it is mapped.
  const lists = { ipv4: new BlockList(), ipv6: new BlockList() };
  for (const text of texts.filter((each) => isRange(each) || isIP(each) !== 0)) {
    const [address = '', bits] = text.split('/');
    const family = familyOf(address);
    lists[family].addSubnet(address, bits === undefined ? (family === 'ipv4' ? 32 : 128) : Number(bits), family);
  }
  return (address) => lists[familyOf(address)].check(address, familyOf(address));
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 6 ? 'ipv6' : 'ipv4';
}
