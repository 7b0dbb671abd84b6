/**
 * Keeps the first repeated acknowledgements from passt.
 *
 * A single one makes it send all again that is under way, each piece of which the guest acknowledges once more: after one such moment a
 * connection carries everything five times. The third goes on, as RFC 5681 3.2 has it, and none after that. Pure.
 */
import { Protocol, type Packet } from './packet.js';
import { Flag, readSegment } from './tcp-connection.js';

/** Connections whose last acknowledgement is known, at most. */
const CONNECTIONS_MOST = 8192;
/** The repetition that says that something was lost. */
const LOST = 3;

interface Said {
  readonly what: string;
  repetitions: number;
}

export class Acknowledgements {
  readonly #last = new Map<string, Said>();

  /** The packet says what the one before it on its connection said and nothing else, and passt is not to hear it. */
  repeats({ protocol, destination, payload, fragment }: Packet): boolean {
    if (protocol !== Protocol.TCP || fragment) return false;
    const segment = readSegment(payload);
    if (!segment) return false;
    const { seq, ack, flags, window } = segment;
    const connection = `${payload.readUInt32BE(0)} ${destination.readUInt32BE(0)}`;
    if (flags & (Flag.SYN | Flag.RST)) {
      this.#last.delete(connection);
      return false;
    }
    // One that asks whether the other end is there stands one byte back.
    const what = `${seq} ${ack} ${window}`;
    const plain = segment.payload.length === 0 && (flags & Flag.FIN) === 0;
    const last = this.#last.get(connection);
    if (plain && last?.what === what) return ++last.repetitions !== LOST;
    if (!this.#last.has(connection) && this.#last.size >= CONNECTIONS_MOST) this.#last.delete(this.#last.keys().next().value!);
    this.#last.set(connection, { what: plain ? what : '', repetitions: 0 });
    return false;
  }
}
