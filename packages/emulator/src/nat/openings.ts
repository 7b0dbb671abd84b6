/**
 * Keeps repetitions of a guest's first segment from passt, which takes one for the third step of opening a connection, and breaks it off.
 *
 * A guest on a busy host looks at an answer later than the second after which it asks again [RFC 6298 2.1]. It gets the answer that there was
 * already, or waits for the one that passt is about to have. Pure.
 */
import { Protocol, type Packet } from './packet.js';
import { Flag } from './tcp-connection.js';

const HEADER = 20;
/** Connections that are being opened, at most; the oldest is forgotten. */
const OPENINGS_MOST = 4096;

interface Opening {
  readonly seq: number;
  /** The frame that answered. */
  answer?: Buffer;
}

export class Openings {
  readonly #openings = new Map<string, Opening>();

  /** Undefined for what passt is to hear; else the frames that the guest gets instead. */
  repeats(packet: Packet): readonly Buffer[] | undefined {
    if (!isSegment(packet)) return undefined;
    const { payload, destination } = packet;
    const key = `${payload.readUInt32BE(0)} ${destination.readUInt32BE(0)}`;
    const seq = payload.readUInt32BE(4);
    const opening = this.#openings.get(key);
    if (opening?.seq === seq && isFirst(payload)) return opening.answer ? [opening.answer] : [];
    this.#openings.delete(key);
    if (!isFirst(payload)) return undefined;
    if (this.#openings.size >= OPENINGS_MOST) this.#openings.delete(this.#openings.keys().next().value!);
    this.#openings.set(key, { seq });
    return undefined;
  }

  /** @param packet what passt sends in `frame` */
  answered(packet: Packet, frame: Buffer): void {
    if (!isSegment(packet)) return;
    const { payload, source } = packet;
    const key = `${((payload.readUInt16BE(2) << 16) | payload.readUInt16BE(0)) >>> 0} ${source.readUInt32BE(0)}`;
    const opening = this.#openings.get(key);
    if (!opening) return;
    // What refuses ends it: the same first segment may come anew.
    if (payload[13]! & Flag.RST) this.#openings.delete(key);
    else opening.answer ??= Buffer.from(frame);
  }
}

const isSegment = ({ protocol, payload, fragment }: Packet): boolean => protocol === Protocol.TCP && !fragment && payload.length >= HEADER;

const isFirst = (payload: Buffer): boolean => (payload[13]! & (Flag.SYN | Flag.ACK | Flag.RST)) === Flag.SYN;
