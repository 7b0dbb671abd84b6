/**
 * Bounds how much TCP connections send a guest at once.
 *
 * passt sends as much as the guest's windows let it, loses what its socket has no room for (208 KiB on Linux), and gives a connection up that lost
 * something three times. Without the window scale option [RFC 7323 2.2] a window is at most 64 KiB, which the way through here fills many times a
 * second; of many connections each has its share. Pure.
 */
import { changedChecksum, Protocol, type Packet } from './packet.js';
import { Flag } from './tcp-connection.js';

const HEADER = 20;
const WINDOW_AT = 14;
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

/** Bytes that all connections of a guest may have under way to it, and what each may have all the same: two segments. */
const TOGETHER = 96 * 1024;
const LEAST = 2 * 1460;
/** Milliseconds after which a connection that acknowledged nothing new has no share. */
const QUIET = 1000;
const CONNECTIONS_MOST = 4096;

export class SharedWindow {
  /** Connections that moved lately, that which moved longest ago first. */
  readonly #moving = new Map<string, { readonly ack: number; readonly at: number }>();

  /** Makes the window of a guest's segment no more than its connection's share, in place. @param now milliseconds of any steady clock */
  limit({ protocol, destination, payload, fragment }: Packet, now: number): void {
    if (protocol !== Protocol.TCP || fragment || payload.length < HEADER) return;
    const connection = `${payload.readUInt32BE(0)} ${destination.readUInt32BE(0)}`;
    const ack = payload.readUInt32BE(8);
    if (this.#moving.get(connection)?.ack !== ack) {
      this.#moving.delete(connection);
      this.#moving.set(connection, { ack, at: now });
    }
    for (const [oldest, { at }] of this.#moving) {
      if (now - at <= QUIET && this.#moving.size <= CONNECTIONS_MOST) break;
      this.#moving.delete(oldest);
    }
    const share = Math.max(LEAST, Math.floor(TOGETHER / Math.max(1, this.#moving.size)));
    if (payload.readUInt16BE(WINDOW_AT) <= share) return;
    const before = Buffer.from(payload.subarray(WINDOW_AT, WINDOW_AT + 2));
    payload.writeUInt16BE(share, WINDOW_AT);
    payload.writeUInt16BE(changedChecksum(payload.readUInt16BE(CHECKSUM_AT), before, payload.subarray(WINDOW_AT, WINDOW_AT + 2)), CHECKSUM_AT);
  }
}
