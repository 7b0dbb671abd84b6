/**
 * Bounds how much a TCP connection sends a guest at once.
 *
 * passt sends as much as the guest's window lets it, and loses what its socket has no room for (208 KiB on Linux). Without the window scale
 * option [RFC 7323 2.2] a window is at most 64 KiB, which the way through here fills many times a second. Pure.
 */
import { changedChecksum, Protocol, type Packet } from './packet.js';
import { Flag } from './tcp-connection.js';

const HEADER = 20;
const CHECKSUM_AT = 16;
const Option = { END: 0, NOTHING: 1, WINDOW_SCALE: 3 } as const;

/** Takes the window scale option out of a segment that opens a connection, in place; other packets stay as they are. */
export function limitWindow({ protocol, payload, fragment }: Packet): void {
  if (protocol !== Protocol.TCP || fragment || payload.length < HEADER || (payload[13]! & Flag.SYN) === 0) return;
  const header = Math.min((payload[12]! >> 4) * 4, payload.length);
  for (let at = HEADER; at < header && payload[at] !== Option.END; ) {
    const length = payload[at] === Option.NOTHING ? 1 : (payload[at + 1] ?? 0);
    if (length === 0 || at + length > header) return;
    if (payload[at] === Option.WINDOW_SCALE) {
      const [begin, end] = [at & ~1, (at + length + 1) & ~1];
      const before = Buffer.from(payload.subarray(begin, end));
      payload.fill(Option.NOTHING, at, at + length);
      payload.writeUInt16BE(changedChecksum(payload.readUInt16BE(CHECKSUM_AT), before, payload.subarray(begin, end)), CHECKSUM_AT);
    }
    at += length;
  }
}
