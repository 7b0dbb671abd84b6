/**
 * Keeps repeated acknowledgements from passt.
 *
 * A single one makes it send all again that is under way (RFC 5681 asks for three), each piece of which the guest acknowledges once more: after
 * one such moment a connection carries everything five times. Between the two nothing is lost without passt's own timer noticing. Pure.
 */
import { Protocol, type Packet } from './packet.js';
import { Flag, readSegment } from './tcp-connection.js';

/** Connections whose last acknowledgement is known, at most. */
const CONNECTIONS_MOST = 8192;

export class Acknowledgements {
  readonly #last = new Map<string, string>();

  /** The packet says what the one before it on its connection said, and nothing else. */
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
    const said = `${seq} ${ack} ${window}`;
    const plain = segment.payload.length === 0 && (flags & Flag.FIN) === 0;
    if (plain && this.#last.get(connection) === said) return true;
    if (!this.#last.has(connection) && this.#last.size >= CONNECTIONS_MOST) this.#last.delete(this.#last.keys().next().value!);
    this.#last.set(connection, plain ? said : '');
    return false;
  }
}
