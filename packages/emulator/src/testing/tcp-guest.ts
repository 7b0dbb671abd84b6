/**
 * A guest's end of TCP connections, for tests: it waits for them, takes what comes in order and sends back what it is told to.
 *
 * RFC 9293, as simply as it can be had: nothing is kept that comes out of order, and all is sent again when `tick` says so.
 */
import { Flag, readSegment, type Segment, writeSegment } from '../nat/tcp-connection.js';

const plus = (seq: number, count: number): number => (seq + count) >>> 0;
const MSS = 1000;

export class TcpGuest {
  received = Buffer.alloc(0);
  ended = false;
  reset = false;
  /** Bytes that it says it takes. */
  window = 0xffff;
  /** How often bytes came that were there already. */
  repetitions = 0;
  readonly #initial = 0xfffffff0;
  #expected = 0;
  #sent = Buffer.alloc(0);
  #una = 0;
  #next = 0;
  #ending = false;
  #peerWindow = 0;
  #open = false;

  /** @param transmit sends a segment to the host */
  constructor(private readonly transmit: (segment: Segment) => void) {}

  /** Everything that was sent has been acknowledged, the end too. */
  get done(): boolean {
    return this.#una === this.#sent.length + (this.#ending ? 1 : 0);
  }

  receive({ seq, ack, flags, window, payload }: Segment): void {
    if (flags & Flag.RST) {
      this.reset = true;
      return;
    }
    if (flags & Flag.SYN) {
      this.#expected = plus(seq, 1);
      this.#open = true;
      return this.#send(Flag.SYN | Flag.ACK, this.#initial);
    }
    if (!this.#open) return;
    this.#peerWindow = window;
    if (flags & Flag.ACK) this.#una = Math.max(this.#una, (ack - plus(this.#initial, 1)) | 0);
    if (payload.length > 0 || flags & Flag.FIN) this.#take(seq, payload, (flags & Flag.FIN) !== 0);
    this.#sendOn();
  }

  write(bytes: Buffer): void {
    this.#sent = Buffer.concat([this.#sent, bytes]);
    this.#sendOn();
  }

  end(): void {
    this.#ending = true;
    this.#sendOn();
  }

  /** Time has passed: what is not acknowledged is sent again, and what it takes is said again. */
  tick(): void {
    if (!this.#open || this.reset) return;
    this.#next = this.#una;
    this.#sendOn();
    this.#send(Flag.ACK, this.#at(this.#next));
  }

  #take(seq: number, payload: Buffer, fin: boolean): void {
    const known = (this.#expected - seq) | 0;
    if (known >= 0 && !this.ended) {
      if (known > 0 && payload.length > 0) this.repetitions++;
      const fresh = payload.subarray(Math.min(known, payload.length));
      if (fresh.length > this.window) throw new Error(`${fresh.length} bytes were sent into a window of ${this.window}`);
      this.received = Buffer.concat([this.received, fresh]);
      this.#expected = plus(this.#expected, fresh.length);
      if (fin && this.#expected === plus(seq, payload.length)) {
        this.#expected = plus(this.#expected, 1);
        this.ended = true;
      }
    }
    this.#send(Flag.ACK, this.#at(this.#next));
  }

  #sendOn(): void {
    while (this.#next < this.#sent.length && this.#next < this.#una + this.#peerWindow) {
      const end = Math.min(this.#next + MSS, this.#sent.length, this.#una + this.#peerWindow);
      this.#send(Flag.ACK, this.#at(this.#next), this.#sent.subarray(this.#next, end));
      this.#next = end;
    }
    if (this.#ending && this.#next === this.#sent.length && this.#una <= this.#sent.length) {
      this.#send(Flag.ACK | Flag.FIN, this.#at(this.#next));
      this.#next++;
    }
  }

  /** The sequence number of a byte, after the one that the SYN has. */
  #at(offset: number): number {
    return plus(this.#initial, 1 + offset);
  }

  #send(flags: number, seq: number, payload: Buffer = Buffer.alloc(0)): void {
    // As on a line: another's bytes, and none of its objects.
    this.transmit(readSegment(writeSegment(80, 50000, { seq, ack: this.#expected, flags, window: this.window, payload }))!);
  }
}
