/**
 * The addresses of a NAT network, as VirtualBox gives them out: the gateway is host 2, the name server host 3, the guest host 15. Pure.
 */

/** Bytes of an Ethernet frame's payload. */
export const MTU = 1500;

/** Addresses are four bytes. */
export interface NatNetwork {
  /** Bits of the network's part. */
  readonly prefix: number;
  readonly guest: Buffer;
  readonly gateway: Buffer;
  readonly dns: Buffer;
  /** The gateway's card. */
  readonly mac: Buffer;
}

/** Room for host 15, and no more than a class A network. */
const PREFIX = { min: 8, max: 27 };

/** The network of an adapter for which none is set: 10.0.2.0/24 for the first, 10.0.3.0/24 for the second. */
export const usualNetwork = (slot: number): string => `10.0.${slot + 1}.0/24`;

/** @param text such as `10.0.2.0/24`. @throws Error for what is no such network */
export function natNetwork(text: string): NatNetwork {
  const [, address = '', bits = ''] = /^([0-9.]+)\/([0-9]{1,2})$/.exec(text) ?? [];
  const base = parseAddress(address);
  const prefix = Number(bits);
  if (!base || prefix < PREFIX.min || prefix > PREFIX.max) {
    throw new Error(`'${text}' is no network for NAT: give an address and ${PREFIX.min} to ${PREFIX.max} bits, such as 10.0.2.0/24`);
  }
  const number = base.readUInt32BE(0);
  const host = 2 ** (32 - prefix) - 1;
  if ((number & host) !== 0) throw new Error(`'${text}' is a host's address in its network: give the network's own`);
  if (base[0] === 0 || base[0] === 127 || base[0]! >= 224) throw new Error(`'${text}' is reserved for other things: give a private network such as 10.0.2.0/24`);
  const at = (index: number): Buffer => {
    const bytes = Buffer.alloc(4);
    bytes.writeUInt32BE(number + index);
    return bytes;
  };
  return { prefix, gateway: at(2), dns: at(3), guest: at(15), mac: Buffer.concat([Buffer.from([0x52, 0x55]), at(2)]) };
}

/** Undefined for what is not four numbers of one byte. */
export function parseAddress(text: string): Buffer | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) <= 255)) return undefined;
  return Buffer.from(parts.map(Number));
}

export const formatAddress = (address: Uint8Array): string => address.join('.');
