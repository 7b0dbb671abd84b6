/**
 * Ethernet frames with IPv4 inside, as far as a NAT looks into them.
 *
 * RFC 791 (IPv4), RFC 768 (UDP), RFC 9293 3.1 (TCP), RFC 1624 (changing a checksum). Pure; bytes in network order, addresses as four of them.
 */
export const ETHERNET = 14;
const IPV4_HEADER = 20;
export const EtherType = { IPV4: 0x0800, ARP: 0x0806 } as const;
export const Protocol = { ICMP: 1, TCP: 6, UDP: 17 } as const;

/** Where a protocol keeps its checksum, from its header's start. */
const CHECKSUM_AT: Readonly<Record<number, number>> = { [Protocol.ICMP]: 2, [Protocol.TCP]: 16, [Protocol.UDP]: 6 };
const MORE_FRAGMENTS = 0x2000;
const FRAGMENT_OFFSET = 0x1fff;
/** Bytes of one packet's payload, at most, a multiple of 8. */
const PAYLOAD_MOST = 1480;

/** An IPv4 packet inside its frame; all parts are views. */
export interface Packet {
  readonly ethernet: Buffer;
  /** Header and payload, without the padding of a short frame. */
  readonly ip: Buffer;
  readonly protocol: number;
  readonly source: Buffer;
  readonly destination: Buffer;
  readonly payload: Buffer;
  /** A piece of a larger one: its payload need not begin with a header. */
  readonly fragment: boolean;
}

export const etherType = (frame: Buffer): number => (frame.length < ETHERNET ? 0 : frame.readUInt16BE(12));

/** Undefined for what is no whole IPv4 packet. */
export function readPacket(frame: Buffer): Packet | undefined {
  if (etherType(frame) !== EtherType.IPV4 || frame.length < ETHERNET + IPV4_HEADER) return undefined;
  const header = (frame[ETHERNET]! & 0x0f) * 4;
  const total = frame.readUInt16BE(ETHERNET + 2);
  if (frame[ETHERNET]! >> 4 !== 4 || header < IPV4_HEADER || total < header || ETHERNET + total > frame.length) return undefined;
  const ip = frame.subarray(ETHERNET, ETHERNET + total);
  return {
    ethernet: frame.subarray(0, ETHERNET),
    ip,
    protocol: ip[9]!,
    source: ip.subarray(12, 16),
    destination: ip.subarray(16, 20),
    payload: ip.subarray(header),
    fragment: (ip.readUInt16BE(6) & (MORE_FRAGMENTS | FRAGMENT_OFFSET)) !== 0,
  };
}

/** The ones' complement sum of 16-bit words; an odd byte at the end counts as a word's first. */
function sum(bytes: Buffer, begin = 0): number {
  let total = begin;
  const even = bytes.length & ~1;
  for (let at = 0; at < even; at += 2) total += (bytes[at]! << 8) | bytes[at + 1]!;
  if (even < bytes.length) total += bytes[even]! << 8;
  while (total > 0xffff) total = (total & 0xffff) + Math.floor(total / 0x10000);
  return total;
}

const complement = (total: number): number => ~total & 0xffff;

export interface Ends {
  readonly source: Uint8Array;
  readonly destination: Uint8Array;
}

/** Fills in the checksum of a TCP, UDP or ICMP payload, whose field is zero. */
function seal(protocol: number, { source, destination }: Ends, payload: Buffer): void {
  const at = CHECKSUM_AT[protocol]!;
  const pseudo = protocol === Protocol.ICMP ? 0 : sum(Buffer.from([...source, ...destination, 0, protocol, payload.length >> 8, payload.length & 0xff]));
  const value = complement(sum(payload, pseudo));
  // RFC 768: a sum of zero is sent as all ones.
  payload.writeUInt16BE(protocol === Protocol.UDP && value === 0 ? 0xffff : value, at);
}

let identification = 0;

/**
 * The frames of one IPv4 packet, in pieces where it is longer than a frame.
 *
 * @param macs receiver's and sender's, twelve bytes
 * @param payload with a header of its protocol whose checksum is zero
 */
export function frames(macs: Uint8Array, protocol: number, ends: Ends, payload: Buffer): Buffer[] {
  seal(protocol, ends, payload);
  identification = (identification + 1) & 0xffff;
  const pieces: Buffer[] = [];
  for (let at = 0; at < payload.length; at += PAYLOAD_MOST) {
    const piece = payload.subarray(at, at + PAYLOAD_MOST);
    const frame = Buffer.alloc(ETHERNET + IPV4_HEADER + piece.length);
    frame.set(macs, 0);
    frame.writeUInt16BE(EtherType.IPV4, 12);
    const ip = frame.subarray(ETHERNET);
    ip[0] = 0x45;
    ip.writeUInt16BE(ip.length, 2);
    ip.writeUInt16BE(identification, 4);
    ip.writeUInt16BE((at >> 3) | (at + piece.length < payload.length ? MORE_FRAGMENTS : 0), 6);
    ip[8] = 64;
    ip[9] = protocol;
    ip.set(ends.source, 12);
    ip.set(ends.destination, 16);
    ip.writeUInt16BE(complement(sum(ip.subarray(0, IPV4_HEADER))), 10);
    ip.set(piece, IPV4_HEADER);
    pieces.push(frame);
  }
  return pieces;
}

/** RFC 1624, equation 3: a checksum after bytes that it covers have changed, whole 16-bit words of them. */
export function changedChecksum(checksum: number, before: Uint8Array, after: Uint8Array): number {
  return complement(sum(Buffer.from([...after, ...Array.from(before, (byte) => ~byte & 0xff)]), complement(checksum)));
}

/** Puts another address into a packet, in place. @param which its source or its destination */
export function readdress({ ip, protocol, payload, fragment, ...packet }: Packet, which: 'source' | 'destination', address: Uint8Array): void {
  const field = packet[which];
  ip.writeUInt16BE(changedChecksum(ip.readUInt16BE(10), field, address), 10);
  const at = CHECKSUM_AT[protocol];
  if (!fragment && at !== undefined && protocol !== Protocol.ICMP && payload.length >= at + 2) {
    const before = payload.readUInt16BE(at);
    // RFC 768: zero says that there is none.
    if (protocol === Protocol.TCP || before !== 0) payload.writeUInt16BE(changedChecksum(before, field, address), at);
  }
  field.set(address);
}

/** RFC 792: the answer to an echo request, made of the request. */
export function echoReply({ ethernet, source, destination, payload }: Packet): Buffer[] {
  const answer = Buffer.from(payload);
  answer[0] = 0;
  answer.writeUInt16BE(0, 2);
  return frames(Buffer.concat([ethernet.subarray(6, 12), ethernet.subarray(0, 6)]), Protocol.ICMP, { source: destination, destination: source }, answer);
}
