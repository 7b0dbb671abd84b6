/**
 * Interleaved RLE: the lossless bitmap codec of 8, 15, 16 and 24 bits a pixel.
 *
 * [MS-RDPBCGR] 2.2.9.1.1.3.1.2.4 (orders), 3.1.9 (decoder). Pure. Here are the orders and the decoder; the compressor is a kernel
 * (assembly/interleaved.ts).
 *
 * Each pel is coded by what it differs from the pel above it, exclusive or: nothing (background), the foreground pel (foreground), or
 * anything else. On the first line "above" is black, so one rule serves all lines; what does differ there is that an order which looks up
 * must end with the line, because decoders choose between the two cases once an order.
 */
import { WireError } from '@belvedere/wire';
import { bytesPerPel, type ColourDepth } from './colour.js';

/** Depths that this codec knows; 32 bits have the planar codec. */
export type InterleavedDepth = Exclude<ColourDepth, 32>;

/** Code identifiers, as they stand in the first byte of an order. */
export const Code = {
  REGULAR_BG_RUN: 0x0,
  REGULAR_FG_RUN: 0x1,
  REGULAR_FGBG_IMAGE: 0x2,
  REGULAR_COLOR_RUN: 0x3,
  REGULAR_COLOR_IMAGE: 0x4,
  LITE_SET_FG_FG_RUN: 0xc,
  LITE_SET_FG_FGBG_IMAGE: 0xd,
  LITE_DITHERED_RUN: 0xe,
  MEGA_MEGA_BG_RUN: 0xf0,
  MEGA_MEGA_FG_RUN: 0xf1,
  MEGA_MEGA_FGBG_IMAGE: 0xf2,
  MEGA_MEGA_COLOR_RUN: 0xf3,
  MEGA_MEGA_COLOR_IMAGE: 0xf4,
  MEGA_MEGA_SET_FG_RUN: 0xf6,
  MEGA_MEGA_SET_FGBG_IMAGE: 0xf7,
  MEGA_MEGA_DITHERED_RUN: 0xf8,
  SPECIAL_FGBG_1: 0xf9,
  SPECIAL_FGBG_2: 0xfa,
  WHITE: 0xfd,
  BLACK: 0xfe,
} as const;

/** Masks of the two orders that carry theirs in the code. */
export const SPECIAL_FGBG_1_MASK = 0x03;
export const SPECIAL_FGBG_2_MASK = 0x05;

/** The foreground pel at the start and the pel of a WHITE order. */
export const whitePel = (depth: InterleavedDepth): number => (depth === 15 ? 0x7fff : 2 ** depth - 1);

/**
 * Decompresses a bitmap.
 *
 * @returns width * height pels, the bottom row first
 * @throws WireError if the stream ends early, goes on too long, has an unknown order, or fills more or less than the bitmap
 */
export function decompressInterleaved(stream: Uint8Array, width: number, height: number, depth: InterleavedDepth): Uint32Array {
  const total = width * height;
  const bytes = bytesPerPel(depth);
  const white = whitePel(depth);
  const pels = new Uint32Array(total);
  let from = 0;
  let to = 0;
  let foreground = white;
  let afterBackground = false;
  let firstLine = true;

  const fail = (problem: string): never => {
    throw new WireError('RLE_BITMAP_STREAM', from, problem);
  };
  const byte = (): number => (from < stream.length ? stream[from++] : fail(`need 1 byte, have 0`));
  const word = (): number => byte() | (byte() << 8);
  const readPel = (): number => (bytes === 1 ? byte() : bytes === 2 ? word() : word() | (byte() << 16));
  const claim = (length: number): number => {
    if (length === 0) fail('order of length 0');
    if (to + length > total) fail(`order of ${length} pels, but ${total - to} are left`);
    return to + length;
  };
  const above = (): number => (firstLine ? 0 : pels[to - width]);

  while (from < stream.length) {
    const header = stream[from++];
    if (firstLine && to >= width) {
      firstLine = false;
      afterBackground = false;
    }
    const { code, length } = readHeader(header, byte, word, fail);
    const insert = afterBackground;
    afterBackground = code === Code.MEGA_MEGA_BG_RUN;
    switch (code) {
      case Code.MEGA_MEGA_BG_RUN: {
        const end = claim(length);
        if (insert) {
          pels[to] = above() ^ foreground;
          to++;
        }
        for (; to < end; to++) pels[to] = above();
        break;
      }
      case Code.MEGA_MEGA_FG_RUN:
      case Code.MEGA_MEGA_SET_FG_RUN: {
        if (code === Code.MEGA_MEGA_SET_FG_RUN) foreground = readPel();
        for (const end = claim(length); to < end; to++) pels[to] = above() ^ foreground;
        break;
      }
      case Code.MEGA_MEGA_COLOR_RUN: {
        const pel = readPel();
        for (const end = claim(length); to < end; to++) pels[to] = pel;
        break;
      }
      case Code.MEGA_MEGA_DITHERED_RUN: {
        const one = readPel();
        const two = readPel();
        for (const end = claim(2 * length); to < end; to += 2) {
          pels[to] = one;
          pels[to + 1] = two;
        }
        break;
      }
      case Code.MEGA_MEGA_COLOR_IMAGE:
        for (const end = claim(length); to < end; to++) pels[to] = readPel();
        break;
      case Code.MEGA_MEGA_FGBG_IMAGE:
      case Code.MEGA_MEGA_SET_FGBG_IMAGE:
      case Code.SPECIAL_FGBG_1:
      case Code.SPECIAL_FGBG_2: {
        if (code === Code.MEGA_MEGA_SET_FGBG_IMAGE) foreground = readPel();
        const end = claim(length);
        while (to < end) {
          const mask = code === Code.SPECIAL_FGBG_1 ? SPECIAL_FGBG_1_MASK : code === Code.SPECIAL_FGBG_2 ? SPECIAL_FGBG_2_MASK : byte();
          for (let bit = 0; bit < 8 && to < end; bit++, to++) pels[to] = mask & (1 << bit) ? above() ^ foreground : above();
        }
        break;
      }
      default:
        claim(1);
        pels[to++] = code === Code.WHITE ? white : 0;
    }
  }
  if (to < total) fail(`${total - to} of ${total} pels are missing`);
  return pels;
}

/** Reads an order's header. @returns the code of its extended form, and its length in pels (in pairs for a dithered run) */
function readHeader(
  header: number,
  byte: () => number,
  word: () => number,
  fail: (problem: string) => never,
): { code: number; length: number } {
  if (header < 0xa0) {
    const code = header >> 5;
    const short = header & 0x1f;
    if (code === Code.REGULAR_FGBG_IMAGE) return { code: Code.MEGA_MEGA_FGBG_IMAGE, length: short ? 8 * short : byte() + 1 };
    return { code: 0xf0 + code, length: short || byte() + 32 };
  }
  if (0xc0 <= header && header < 0xf0) {
    const short = header & 0xf;
    switch (header >> 4) {
      case Code.LITE_SET_FG_FG_RUN:
        return { code: Code.MEGA_MEGA_SET_FG_RUN, length: short || byte() + 16 };
      case Code.LITE_SET_FG_FGBG_IMAGE:
        return { code: Code.MEGA_MEGA_SET_FGBG_IMAGE, length: short ? 8 * short : byte() + 1 };
      default:
        return { code: Code.MEGA_MEGA_DITHERED_RUN, length: short || byte() + 16 };
    }
  }
  switch (header) {
    case Code.SPECIAL_FGBG_1:
    case Code.SPECIAL_FGBG_2:
      return { code: header, length: 8 };
    case Code.WHITE:
    case Code.BLACK:
      return { code: header, length: 1 };
    case Code.MEGA_MEGA_BG_RUN:
    case Code.MEGA_MEGA_FG_RUN:
    case Code.MEGA_MEGA_FGBG_IMAGE:
    case Code.MEGA_MEGA_COLOR_RUN:
    case Code.MEGA_MEGA_COLOR_IMAGE:
    case Code.MEGA_MEGA_SET_FG_RUN:
    case Code.MEGA_MEGA_SET_FGBG_IMAGE:
    case Code.MEGA_MEGA_DITHERED_RUN:
      return { code: header, length: word() };
    default:
      return fail(`unknown order 0x${header.toString(16)}`);
  }
}
