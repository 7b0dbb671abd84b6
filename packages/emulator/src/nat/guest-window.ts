/**
 * Bounds how much TCP connections send a guest at once.
 *
 * passt sends as much as the guest's windows let it, loses what its socket has no room for (208 KiB on Linux), and gives a connection up that lost
 * something three times. So all connections together have less than that room, and each of many its share. Pure.
 */
import { changedChecksum, Protocol, type Packet } from './packet.js';
import { Flag } from './tcp-connection.js';

const HEADER = 20;
const WINDOW_AT = 14;
const CHECKSUM_AT = 16;
const Option = { END: 0, NOTHING: 1, WINDOW_SCALE: 3 } as const;
/** RFC 7323 2.3 */
const SCALE_MOST = 14;

/** By how many bits the windows of later segments are scaled: the window scale option [RFC 7323 2.2] of a segment with SYN. */
function readScale(payload: Buffer): number {
  const header = Math.min((payload[12]! >> 4) * 4, payload.length);
  for (let at = HEADER; at < header && payload[at] !== Option.END; ) {
    const length = payload[at] === Option.NOTHING ? 1 : (payload[at + 1] ?? 0);
    if (length === 0 || at + length > header) return 0;
    if (payload[at] === Option.WINDOW_SCALE && length === 3) return Math.min(payload[at + 2]!, SCALE_MOST);
    at += length;
  }
  return 0;
}

/** Bytes that all connections of a guest may have under way to it, and what each may have all the same: two segments. */
const TOGETHER = 160 * 1024;
const LEAST = 2 * 1460;
/** Milliseconds after which a connection that acknowledged nothing new has no share. */
const QUIET = 1000;
const CONNECTIONS_MOST = 4096;

export class SharedWindow {
  /** Connections that moved lately, that which moved longest ago first. */
  readonly #moving = new Map<string, { readonly ack: number; readonly at: number }>();
  /** Of the connections that scale their windows, that which was opened first before the others. */
  readonly #scales = new Map<string, number>();

  /** Makes the window of a guest's segment no more than its connection's share, in place. @param now milliseconds of any steady clock */
  limit({ protocol, destination, payload, fragment }: Packet, now: number): void {
    if (protocol !== Protocol.TCP || fragment || payload.length < HEADER) return;
    const connection = `${payload.readUInt32BE(0)} ${destination.readUInt32BE(0)}`;
    const isFirst = (payload[13]! & Flag.SYN) !== 0;
    if (isFirst) this.#opens(connection, readScale(payload));
    const share = this.#share(connection, payload.readUInt32BE(8), now);
    // RFC 7323 2.2: a window beside the option is not scaled itself.
    const most = isFirst ? Math.min(share, 0xffff) : Math.max(1, share >> (this.#scales.get(connection) ?? 0));
    if (payload.readUInt16BE(WINDOW_AT) <= most) return;
    const before = Buffer.from(payload.subarray(WINDOW_AT, WINDOW_AT + 2));
    payload.writeUInt16BE(most, WINDOW_AT);
    payload.writeUInt16BE(changedChecksum(payload.readUInt16BE(CHECKSUM_AT), before, payload.subarray(WINDOW_AT, WINDOW_AT + 2)), CHECKSUM_AT);
  }

  #opens(connection: string, scale: number): void {
    this.#scales.delete(connection);
    if (scale === 0) return;
    if (this.#scales.size >= CONNECTIONS_MOST) this.#scales.delete(this.#scales.keys().next().value!);
    this.#scales.set(connection, scale);
  }

  /** Bytes that a connection may have under way, after this acknowledgement. */
  #share(connection: string, ack: number, now: number): number {
    if (this.#moving.get(connection)?.ack !== ack) {
      this.#moving.delete(connection);
      this.#moving.set(connection, { ack, at: now });
    }
    for (const [oldest, { at }] of this.#moving) {
      if (now - at <= QUIET && this.#moving.size <= CONNECTIONS_MOST) break;
      this.#moving.delete(oldest);
    }
    return Math.max(LEAST, Math.floor(TOGETHER / Math.max(1, this.#moving.size)));
  }
}
