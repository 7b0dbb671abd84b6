/**
 * Static virtual channels: a message in chunks, each behind a header of its own.
 *
 * [MS-RDPBCGR] 2.2.6.1 (PDU), 3.1.5.2.2 (chunks). Pure.
 */
import { pdu, rest, u32le, WireError } from '@belvedere/wire';

/** Bytes of a chunk's data, where client and server have not agreed on more. [MS-RDPBCGR] 2.2.7.1.10 */
export const CHANNEL_CHUNK_LENGTH = 1600;

/** `flags` of CHANNEL_PDU_HEADER. */
export const ChannelFlag = {
  CHANNEL_FLAG_FIRST: 0x00000001,
  CHANNEL_FLAG_LAST: 0x00000002,
  CHANNEL_FLAG_SHOW_PROTOCOL: 0x00000010,
  CHANNEL_PACKET_COMPRESSED: 0x00200000,
} as const;

/** A chunk behind its CHANNEL_PDU_HEADER, whose `length` is that of the whole message. */
export const CHANNEL_PDU = pdu('CHANNEL_PDU_HEADER', '[MS-RDPBCGR] 2.2.6.1.1', { length: u32le, flags: u32le, virtualChannelData: rest });

/** A message that comes in parts, of which no more is held than was believed at its beginning. State: the parts so far. */
export class Assembly {
  private readonly bytes: Uint8Array;
  private filled = 0;

  /**
   * @param total bytes of the whole, as its first part says
   * @param limit the most that is believed
   * @param where names the field that `total` is from
   */
  constructor(
    private readonly total: number,
    limit: number,
    private readonly where: string,
  ) {
    if (total > limit) throw new WireError(where, 0, `a message of ${total} bytes, at most ${limit} are taken`);
    this.bytes = new Uint8Array(total);
  }

  get complete(): boolean {
    return this.filled === this.total;
  }

  /** The message, once it is complete. */
  get message(): Uint8Array {
    return this.bytes;
  }

  add(part: Uint8Array): void {
    if (this.filled + part.length > this.total) throw new WireError(this.where, 0, `${this.filled + part.length} bytes of a message of ${this.total}`);
    this.bytes.set(part, this.filled);
    this.filled += part.length;
  }
}

/** Puts together what comes in one static channel, in one direction. State: the message in progress. */
export class ChunkReader {
  private assembly: Assembly | undefined;

  /** @param limit bytes of the longest message that is taken */
  constructor(private readonly limit: number) {}

  /** @returns a whole message, once its last chunk is there. @throws WireError */
  take(length: number, flags: number, chunk: Uint8Array): Uint8Array | undefined {
    const fail = (problem: string): never => {
      throw new WireError('CHANNEL_PDU_HEADER.flags', 4, problem);
    };
    if (flags & ChannelFlag.CHANNEL_PACKET_COMPRESSED) fail('a compressed chunk, but no compression was agreed on');
    const first = (flags & ChannelFlag.CHANNEL_FLAG_FIRST) !== 0;
    if (first === (this.assembly !== undefined)) fail(first ? 'a first chunk before the last one of the message in front' : 'a chunk of a message that has not begun');
    this.assembly ??= new Assembly(length, this.limit, 'CHANNEL_PDU_HEADER.length');
    this.assembly.add(chunk);
    if (!(flags & ChannelFlag.CHANNEL_FLAG_LAST)) return undefined;
    const { assembly } = this;
    if (!assembly.complete) fail('the last chunk of a message that is not complete');
    this.assembly = undefined;
    return assembly.message;
  }
}

/** A message as values of CHANNEL_PDU. @param showProtocol the client has asked to see the headers: CHANNEL_OPTION_SHOW_PROTOCOL */
export function chunks(message: Uint8Array, showProtocol = false): { length: number; flags: number; virtualChannelData: Uint8Array }[] {
  const parts: { length: number; flags: number; virtualChannelData: Uint8Array }[] = [];
  let at = 0;
  do {
    const virtualChannelData = message.subarray(at, at + CHANNEL_CHUNK_LENGTH);
    const flags = (at === 0 ? ChannelFlag.CHANNEL_FLAG_FIRST : 0) | (showProtocol ? ChannelFlag.CHANNEL_FLAG_SHOW_PROTOCOL : 0);
    at += CHANNEL_CHUNK_LENGTH;
    parts.push({ length: message.length, flags: flags | (at >= message.length ? ChannelFlag.CHANNEL_FLAG_LAST : 0), virtualChannelData });
  } while (at < message.length);
  return parts;
}
