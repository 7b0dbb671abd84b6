/**
 * Compression of a section's contents, where the line is slower than the compressor. Pure but for zlib's threads.
 *
 * The first byte says how the rest is written: 0 as it is, 1 raw DEFLATE [RFC1951] after the length it unfolds to (4 bytes).
 * Level 1 is used: on pages of programs it halves them at some 30 to 100 MB/s a core, in zlib's own threads.
 */
import { constants, deflateRaw, inflateRaw } from 'node:zlib';
import { promisify } from 'node:util';
import { WireError } from '@belvedere/wire';

const PLAIN = 0;
const DEFLATE = 1;
const deflate = promisify(deflateRaw);
const inflate = promisify(inflateRaw);

export async function squeeze(contents: Uint8Array): Promise<Uint8Array> {
  const head = Buffer.alloc(5);
  head[0] = DEFLATE;
  head.writeUInt32LE(contents.length, 1);
  const body = await deflate(contents, { level: constants.Z_BEST_SPEED });
  return head.length + body.length < contents.length + 1 ? Buffer.concat([head, body]) : asItIs(contents);
}

export const asItIs = (contents: Uint8Array): Uint8Array => Buffer.concat([Buffer.from([PLAIN]), contents]);

/** What stands before contents that are written as they are. */
export const AS_IT_IS = Uint8Array.of(PLAIN);

/** @param most bytes that the contents may have. @throws WireError */
export async function unfold(bytes: Uint8Array, most: number): Promise<Uint8Array> {
  const [how] = bytes;
  if (how === PLAIN) return bytes.subarray(1);
  if (how !== DEFLATE || bytes.length < 5) throw new WireError('SQUEEZED.encoding', 0, bytes.length === 0 ? 'nothing' : `encoding ${how} in ${bytes.length} bytes`);
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1, true);
  if (length > most) throw new WireError('SQUEEZED.length', 1, `${length} bytes, at most ${most}`);
  let contents: Uint8Array;
  try {
    contents = await inflate(bytes.subarray(5), { maxOutputLength: Math.max(1, length) });
  } catch (cause) {
    throw new WireError('SQUEEZED.body', 5, (cause as Error).message);
  }
  if (contents.length !== length) throw new WireError('SQUEEZED.length', 1, `${length} announced, ${contents.length} found`);
  return contents;
}

/** Weight of what was measured last in the running averages. */
const FRESH = 0.3;
/** A section is tried compressed once in so many, so that the figures stay true. */
const TRY_EVERY = 32;

/** Whether compressing pays: from the rates measured so far, in bytes a millisecond. */
export class SqueezePolicy {
  private lineRate: number | undefined;
  private squeezeRate: number | undefined;
  private ratio = 0.5;
  private count = 0;

  /** @param milliseconds that the line needed for `bytes`, waiting included */
  measuredLine(bytes: number, milliseconds: number): void {
    this.lineRate = average(this.lineRate, bytes / Math.max(milliseconds, 0.001));
  }

  measuredSqueeze(from: number, to: number, milliseconds: number): void {
    this.squeezeRate = average(this.squeezeRate, from / Math.max(milliseconds, 0.001));
    this.ratio = average(this.ratio, to / Math.max(from, 1));
  }

  shouldSqueeze(): boolean {
    this.count++;
    if (this.lineRate === undefined) return false;
    if (this.squeezeRate === undefined) return this.lineRate < SLOW_LINE;
    if (this.lineRate < SLOW_LINE && this.count % TRY_EVERY === 0) return true;
    return 1 / this.squeezeRate + this.ratio / this.lineRate < 1 / this.lineRate;
  }
}

/** Bytes a millisecond below which it may pay at all: 200 MB/s. */
const SLOW_LINE = 200_000;

const average = (old: number | undefined, fresh: number): number => (old === undefined ? fresh : old + FRESH * (fresh - old));
