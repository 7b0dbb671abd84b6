/** What a closed port answers. RFC 9293 3.10.7.1 (TCP), RFC 792 and RFC 1122 4.1.3.1 (UDP). Pure. */
import { frames, Protocol, type Packet } from './packet.js';
import { Flag, readSegment, writeSegment } from './tcp-connection.js';

const HEADER = 8;
const UNREACHABLE = { type: 3, port: 3 } as const;
/** Bytes of the refused packet's payload that come back with the refusal. */
const PAYLOAD_BACK = 8;

/** The frames that refuse a packet, from where it was sent to; none for what is not refused. */
export function refusal(packet: Packet): Buffer[] {
  const { ethernet, ip, protocol, source, destination, payload, fragment } = packet;
  const macs = Buffer.concat([ethernet.subarray(6, 12), ethernet.subarray(0, 6)]);
  const ends = { source: destination, destination: source };
  if (fragment) return [];
  if (protocol === Protocol.UDP && payload.length >= HEADER) {
    const header = Buffer.from([UNREACHABLE.type, UNREACHABLE.port, 0, 0, 0, 0, 0, 0]);
    return frames(macs, Protocol.ICMP, ends, Buffer.concat([header, ip.subarray(0, ip.length - payload.length + PAYLOAD_BACK)]));
  }
  const segment = protocol === Protocol.TCP ? readSegment(payload) : undefined;
  if (!segment || segment.flags & Flag.RST) return [];
  const { flags, seq, ack } = segment;
  const length = segment.payload.length + (flags & Flag.SYN ? 1 : 0) + (flags & Flag.FIN ? 1 : 0);
  const answer = flags & Flag.ACK ? { seq: ack, ack: 0, flags: Flag.RST } : { seq: 0, ack: (seq + length) >>> 0, flags: Flag.RST | Flag.ACK };
  return frames(macs, Protocol.TCP, ends, writeSegment(payload.readUInt16BE(2), payload.readUInt16BE(0), { ...answer, window: 0, payload: Buffer.alloc(0) }));
}
