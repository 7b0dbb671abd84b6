/** Port forwarding rules of an adapter that is attached to NAT, as VirtualBox has them. Pure. */
import { isIP, isIPv4 } from 'node:net';
import { inUse, invalid, notFound } from '../http/api-error.js';
import type { PortForwardChange, PortForwardRule } from './requests.dto.js';
import type { PortForward } from './settings.js';

/** The most rules that an adapter may have. */
export const forwardsMost = 256;

/**
 * Adds and deletes rules, in this order.
 *
 * @returns the rules by name, as VirtualBox lists them
 * @throws ApiError naming the rule; nothing has changed then
 */
export function changeForwards(slot: number, forwards: readonly PortForward[], changes: readonly PortForwardChange[]): readonly PortForward[] {
  const rules = new Map(forwards.map((forward) => [forward.name, forward]));
  for (const { name, rule } of changes) {
    if (rule === null) {
      if (!rules.delete(name)) throw notFound(`network adapter ${slot} has no port forwarding rule '${name}': it has ${[...rules.keys()].join(', ') || 'none'}`, 'IMachine');
      continue;
    }
    const forward = forwardOf(slot, name, rule);
    // Programs look for these two sentences.
    if (rules.has(forward.name)) throw inUse(`A NAT rule of this name already exists: network adapter ${slot} has '${forward.name}'; delete it first, or give another name`);
    const twin = [...rules.values()].find((other) => samePort(other, forward));
    if (twin) throw inUse(`A NAT rule for this host port and this host IP already exists: '${twin.name}' of network adapter ${slot}; delete it first, or choose another port`);
    rules.set(forward.name, forward);
  }
  if (rules.size > forwardsMost) throw invalid(`network adapter ${slot}: ${rules.size} port forwarding rules are too many: at most ${forwardsMost} are possible`);
  return [...rules.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

const samePort = (a: PortForward, b: PortForward): boolean => a.protocol === b.protocol && a.hostPort === b.hostPort && a.hostAddress === b.hostAddress;

/** A rule without a name is called after its ports. @throws ApiError */
export function forwardOf(slot: number, name: string, { protocol, hostAddress, hostPort, guestAddress, guestPort }: PortForwardRule): PortForward {
  const called = name || `${protocol}_${hostPort}_${guestPort}`;
  const where = `network adapter ${slot}, port forwarding rule '${called}'`;
  if (/[,"\p{Cc}]/u.test(called)) throw invalid(`${where}: its name must not have commas, quotes or control characters`);
  if (hostAddress !== '' && isIP(hostAddress) === 0) throw invalid(`${where}: '${hostAddress}' is no IP address: give one of the host's, or none for all of them`);
  if (guestAddress !== '' && !isIPv4(guestAddress)) throw invalid(`${where}: '${guestAddress}' is no IPv4 address: give the guest's, or none for the one that it is given`);
  return { name: called, protocol, hostAddress, hostPort, guestAddress, guestPort };
}
