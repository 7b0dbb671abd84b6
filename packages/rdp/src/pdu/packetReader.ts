/**
 * Cuts a stream of bytes into packets, and holds no more of it than one packet needs.
 *
 * [T123] 8, [MS-RDPBCGR] 2.2.8.1.2. State: the bytes that are no whole packet yet. Packets are views that stay valid.
 */
import { WireError } from '@belvedere/wire';
import { type Packet, packetLength } from './x224.js';

/** Pieces that are kept apart; more are joined, so that a sender of single bytes costs no more memory than any other. */
const MAX_PIECES = 64;

export class PacketReader {
  private pieces: Uint8Array[] = [];
  private size = 0;
  /** Bytes without which there is nothing new to say. */
  private needed = 1;

  /** @param limit bytes of the longest packet that is taken; it can be raised */
  constructor(public limit: number) {}

  push(bytes: Uint8Array): void {
    this.pieces.push(bytes);
    this.size += bytes.length;
    if (this.pieces.length > MAX_PIECES) this.pieces = [Buffer.concat(this.pieces)];
  }

  /**
   * The next whole packet, or `undefined` if more bytes are needed. Throws `WireError` if the bytes start no packet, or one that is too
   * long.
   */
  next(): Packet | undefined {
    if (this.size < this.needed) return undefined;
    const bytes = this.joined();
    const header = packetLength(bytes);
    if (!header) {
      this.needed = this.size + 1;
      return undefined;
    }
    if (header.length > this.limit)
      throw new WireError('TPKT.length', 0, `a packet of ${header.length} bytes, at most ${this.limit} are taken`);
    if (header.length > bytes.length) {
      this.needed = header.length;
      return undefined;
    }
    this.pieces = bytes.length > header.length ? [bytes.subarray(header.length)] : [];
    this.size -= header.length;
    this.needed = 1;
    return { kind: header.kind, bytes: bytes.subarray(0, header.length) };
  }

  /** Takes out what is left. */
  drain(): Uint8Array {
    const bytes = this.joined();
    this.pieces = [];
    this.size = 0;
    this.needed = 1;
    return bytes;
  }

  private joined(): Uint8Array {
    if (this.pieces.length !== 1) this.pieces = [Buffer.concat(this.pieces)];
    return this.pieces[0];
  }
}
