/** Where a target's remote display is, as it tells a source: where its viewers are relayed to, and what address they are told. Pure but for names. */
import { lookup } from 'node:dns/promises';
import { isIP } from 'node:net';

export interface Whereabouts {
  readonly port: number;
  /** It listens on these; none: on every address of its host. */
  readonly addresses: readonly string[];
  /** The SHA-256 of its certificate, in hexadecimal; without it there is no TLS, and nobody is relayed. */
  readonly certificate: string | null;
  /** What viewers are to be told, where an administrator has said it: an address or a name. */
  readonly viewerAddress: string | null;
}

/** The target's answer, as far as it makes sense. */
export function readWhereabouts(answer: unknown): Whereabouts | undefined {
  const display = isRecord(answer) ? answer['display'] : undefined;
  if (!isRecord(display)) return undefined;
  const { port, addresses, certificate, viewerAddress } = display;
  if (!Number.isInteger(port) || (port as number) < 1 || (port as number) > 65535) return undefined;
  if (!Array.isArray(addresses) || addresses.length > 64 || !addresses.every((address) => typeof address === 'string' && isIP(address) !== 0)) return undefined;
  if (certificate !== null && !(typeof certificate === 'string' && /^[0-9a-f]{64}$/.test(certificate))) return undefined;
  if (viewerAddress !== null && !(typeof viewerAddress === 'string' && viewerAddress.length > 0 && viewerAddress.length <= 253)) return undefined;
  return { port: port as number, addresses: addresses as string[], certificate, viewerAddress };
}

const isRecord = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

const isEverywhere = (address: string): boolean => address === '0.0.0.0' || address === '::';
export const isLoopback = (address: string): boolean => address === '::1' || /^(::ffff:)?127\./.test(address);

/** Addresses that lead from this host to that display, the best first. @param host where the machine went */
export async function reachable({ addresses }: Whereabouts, host: string): Promise<readonly string[]> {
  const there = await addressOf(host);
  const own = addresses.filter((address) => !isEverywhere(address));
  if (own.length === 0 || own.length < addresses.length) return [there];
  // A loopback address of another host is one of this host to whoever connects from here.
  const usable = own.filter((address) => isLoopback(address) === isLoopback(there) || !isLoopback(address));
  return [...usable].sort((a, b) => Number(b === there) - Number(a === there));
}

/**
 * What viewers are told: the administrator's word, else an address that the display listens on alone, else where the machine went.
 * @returns the address, and the name that it was told as, if it is one
 */
export async function toldToViewers(where: Whereabouts, host: string): Promise<{ readonly address: string; readonly hostName?: string }> {
  const own = where.addresses.filter((address) => !isEverywhere(address));
  const said = where.viewerAddress ?? (own.length > 0 && own.length === where.addresses.length ? own[0] : host);
  const address = await addressOf(said);
  return isIP(said) === 0 ? { address, hostName: said } : { address };
}

const addressOf = async (host: string): Promise<string> => (isIP(host) === 0 ? (await lookup(host)).address : host);
