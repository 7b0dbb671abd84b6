/** Who counts as one guesser: an IPv4 address, or the /64 that one IPv6 subscriber commonly has to himself. RFC 4291, RFC 6177. Pure. */
import { isIPv4, isIPv6 } from 'node:net';

/** The key of `address`. What is no IP address is its own key. */
export function addressKey(address: string): string {
  const bare = address.replace(/^\[|\]$/g, '').replace(/%.*$/, '').toLowerCase();
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/.exec(bare)?.[1];
  if (mapped && isIPv4(mapped)) return mapped;
  if (!isIPv6(bare) || bare === '::1') return bare.slice(0, 256);
  const [head, tail] = bare.split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail ? tail.split(':') : [];
  // An IPv4 tail stands for two groups; only the first four groups are wanted, so any two will do.
  const rightGroups = right.length + (right.at(-1)?.includes('.') ? 1 : 0);
  const groups = tail === undefined ? left : [...left, ...Array<string>(Math.max(0, 8 - left.length - rightGroups)).fill('0'), ...right];
  return `${groups.slice(0, 4).map((group) => parseInt(group, 16).toString(16)).join(':')}::/64`;
}
