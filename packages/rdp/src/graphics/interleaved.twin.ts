/**
 * Interleaved RLE, the compressor in plain TypeScript: defines, byte for byte, what the kernel (assembly/interleaved.ts) must compute.
 *
 * [MS-RDPBCGR] 2.2.9.1.1.3.1.2.4. Pure, but for scratch memory that no call leaves anything in. Used by tests and benchmarks alone.
 */
import { bytesPerPel } from './colour.js';
import { Code, type InterleavedDepth, SPECIAL_FGBG_1_MASK, SPECIAL_FGBG_2_MASK, whitePel } from './interleaved.js';

/** Longest run of one order. */
const MAX_RUN = 0xffff;

/** What the compressor weighs. */
const enum Kind {
  LITERAL,
  BACKGROUND,
  FOREGROUND,
  COLOUR,
  DITHERED,
  IMAGE,
  WHITE,
  BLACK,
}

/** A background run this long is taken without looking at anything else. */
const PLAIN_BACKGROUND = 32;
/** A background run this long ends a foreground/background image: leaving and coming back costs two bytes. */
const GAP = 20;
/** Longest foreground/background image that is weighed, so that a rejected one costs no more than this to look at. */
const MAX_IMAGE = 248;

let difference = new Uint32Array(0);

// Writers: each puts its bytes at `at` and returns the position after them.

function putPel(out: Uint8Array, at: number, pel: number, bytes: number): number {
  out[at++] = pel;
  if (bytes > 1) out[at++] = pel >> 8;
  if (bytes > 2) out[at++] = pel >> 16;
  return at;
}

/** Bytes of the header of a run: of the 5-bit forms (`short` 31) or the 4-bit forms (`short` 15). */
const headerBytes = (length: number, short: number): number => (length <= short ? 1 : length <= short + 256 ? 2 : 3);

/** Header of a regular order, 3-bit code and 5-bit length, or of a lite one, 4-bit code and 4-bit length (`short` 31 or 15). */
function putHeader(out: Uint8Array, at: number, code: number, short: 31 | 15, mega: number, length: number): number {
  const first = short === 31 ? code << 5 : code << 4;
  if (length <= short) out[at++] = first | length;
  else if (length <= short + 256) {
    out[at++] = first;
    out[at++] = length - short - 1;
  } else {
    out[at++] = mega;
    out[at++] = length;
    out[at++] = length >> 8;
  }
  return at;
}

/** Bytes of the header of a foreground/background image, whose short forms count in eights. */
const imageHeaderBytes = (length: number, eights: number): number => (length % 8 === 0 && length / 8 <= eights ? 1 : 2);

function putColourImage(out: Uint8Array, at: number, pels: Uint32Array, from: number, to: number, bytes: number): number {
  at = putHeader(out, at, Code.REGULAR_COLOR_IMAGE, 31, Code.MEGA_MEGA_COLOR_IMAGE, to - from);
  if (bytes === 2) {
    for (let i = from; i < to; i++, at += 2) {
      out[at] = pels[i];
      out[at + 1] = pels[i] >> 8;
    }
  } else if (bytes === 3) {
    for (let i = from; i < to; i++, at += 3) {
      out[at] = pels[i];
      out[at + 1] = pels[i] >> 8;
      out[at + 2] = pels[i] >> 16;
    }
  } else for (let i = from; i < to; i++) out[at++] = pels[i];
  return at;
}

/** A foreground/background image. @param set the foreground pel is sent with it. INVARIANT: 0 < length <= 256 */
function putImage(
  out: Uint8Array,
  at: number,
  delta: Uint32Array,
  from: number,
  length: number,
  set: boolean,
  foreground: number,
  bytes: number,
): number {
  const start = at;
  const eights = set ? 15 : 31;
  const code = set ? Code.LITE_SET_FG_FGBG_IMAGE << 4 : Code.REGULAR_FGBG_IMAGE << 5;
  if (length % 8 === 0 && length / 8 <= eights) out[at++] = code | (length / 8);
  else {
    out[at++] = code;
    out[at++] = length - 1;
  }
  if (set) at = putPel(out, at, foreground, bytes);
  for (let i = from, end = from + length; i < end; i += 8) {
    const last = i + 8 < end ? i + 8 : end;
    let mask = 0;
    for (let k = i; k < last; k++) if (delta[k] !== 0) mask |= 1 << (k - i);
    out[at++] = mask;
  }
  if (length !== 8 || set) return at;
  const mask = out[at - 1];
  if (mask !== SPECIAL_FGBG_1_MASK && mask !== SPECIAL_FGBG_2_MASK) return at;
  out[start] = mask === SPECIAL_FGBG_1_MASK ? Code.SPECIAL_FGBG_1 : Code.SPECIAL_FGBG_2;
  return start + 1;
}

/**
 * Compresses a bitmap.
 *
 * @param pels row by row, the bottom row first. INVARIANT: at least width * height of them
 * @param width pels a row. INVARIANT: a multiple of 4
 * @param out receives the stream. INVARIANT: at least width * height * bytes a pel + 8 bytes
 * @returns bytes of the stream; 0 if it would not be shorter than the raw pels
 */
export function compressInterleaved(
  pels: Uint32Array,
  width: number,
  height: number,
  depth: InterleavedDepth,
  out: Uint8Array,
): number {
  const total = width * height;
  const bytes = bytesPerPel(depth);
  const limit = total * bytes;
  const white = whitePel(depth);
  if (difference.length < total) difference = new Uint32Array(total);
  const delta = difference;
  for (let i = 0; i < width; i++) delta[i] = pels[i];
  for (let i = width; i < total; i++) delta[i] = pels[i] ^ pels[i - width];

  let at = 0;
  let foreground = white;
  /** The last order was a background run: another one now would begin with a foreground pel. */
  let afterBackground = false;
  /** First pel that no order covers yet, if a colour image is being collected; otherwise -1. */
  let image = -1;
  let i = 0;

  while (i < total) {
    const end = i < width ? width : total;
    if (i === width) afterBackground = false;

    // How far each order would reach, and what it would cost. Less bytes a pel wins; breaking a colour image costs its next header.
    const first = delta[i];
    const pel = pels[i];
    // Most pels of a photograph: nothing here or next begins anything.
    if (
      image >= 0 &&
      first !== 0 &&
      first !== foreground &&
      i + 2 < end &&
      delta[i + 1] !== 0 &&
      delta[i + 1] !== first &&
      pels[i + 1] !== pel &&
      pels[i + 2] !== pel &&
      i + 1 - image < MAX_RUN
    ) {
      i++;
      continue;
    }
    let gap = i;
    while (gap < end && delta[gap] === 0) gap++;
    const background = gap - i;
    const penalty = image >= 0 ? 1 : 0;

    let kind = Kind.LITERAL;
    let length = 1;
    let cost: number = bytes;
    let newForeground = foreground;

    if (background > 0 && !afterBackground) {
      const run = background > MAX_RUN ? MAX_RUN : background;
      const price = headerBytes(run, 31) + penalty;
      if (price < cost * run) {
        kind = Kind.BACKGROUND;
        length = run;
        cost = price;
      }
    }

    if (kind !== Kind.BACKGROUND || length < PLAIN_BACKGROUND) {
      if (afterBackground && first === foreground) {
        // A background run straight after another one inserts this foreground pel.
        let k = i + 1;
        while (k < end && delta[k] === 0) k++;
        const run = k - i > MAX_RUN ? MAX_RUN : k - i;
        const price = headerBytes(run, 31);
        if (price * length < cost * run) {
          kind = Kind.BACKGROUND;
          length = run;
          cost = price;
        }
      }

      // Colour run and dithered run.
      let k = i + 1;
      while (k < end && pels[k] === pel) k++;
      let run = k - i > MAX_RUN ? MAX_RUN : k - i;
      if (run > 1) {
        const price = headerBytes(run, 31) + bytes + penalty;
        if (price * length < cost * run) {
          kind = Kind.COLOUR;
          length = run;
          cost = price;
        }
      } else if (k + 2 < end && pels[k + 1] === pel && pels[k + 2] === pels[k]) {
        const other = pels[k];
        k = i + 4;
        while (k + 1 < end && pels[k] === pel && pels[k + 1] === other) k += 2;
        run = k - i > 2 * MAX_RUN ? 2 * MAX_RUN : k - i;
        const price = headerBytes(run >> 1, 15) + 2 * bytes + penalty;
        if (price * length < cost * run) {
          kind = Kind.DITHERED;
          length = run;
          cost = price;
        }
      }

      // Foreground run and foreground/background image, with the foreground as it is or set to the first pel that needs it.
      if (gap < end) {
        const needed = delta[gap];
        const set = needed === foreground ? 0 : bytes;
        if (background === 0) {
          k = i + 1;
          while (k < end && delta[k] === needed) k++;
          run = k - i > MAX_RUN ? MAX_RUN : k - i;
          const price = headerBytes(run, set ? 15 : 31) + set + penalty;
          if (price * length < cost * run) {
            kind = Kind.FOREGROUND;
            length = run;
            cost = price;
            newForeground = needed;
          }
        }
        if (background < GAP) {
          const reach = end - i > MAX_IMAGE ? i + MAX_IMAGE : end;
          let used = gap + 1;
          for (k = used; k < reach; k++) {
            const d = delta[k];
            if (d === needed) used = k + 1;
            else if (d !== 0 || k - used >= GAP) break;
          }
          run = used - i;
          // Whole bytes of mask where background pels may fill the last one; or else without the rest.
          const rounded = (run + 7) & ~7;
          if (rounded <= k - i) run = rounded;
          else if (run > 16 && run % 8 < 4) run &= ~7;
          const price = imageHeaderBytes(run, set ? 15 : 31) + ((run + 7) >> 3) + set + penalty;
          if (run > 1 && price * length < cost * run) {
            kind = Kind.IMAGE;
            length = run;
            cost = price;
            newForeground = needed;
          }
        }
      }

      if (kind === Kind.LITERAL && bytes > 1 && image < 0 && (pel === white || pel === 0)) {
        kind = pel === 0 ? Kind.BLACK : Kind.WHITE;
      }
    }

    if (kind === Kind.LITERAL) {
      if (image < 0) image = i;
      i++;
      afterBackground = false;
      if (i - image < MAX_RUN && i < total) continue;
      if (at + (i - image) * bytes + 3 >= limit) return 0;
      at = putColourImage(out, at, pels, image, i, bytes);
      image = -1;
      continue;
    }

    if (image >= 0) {
      if (at + (i - image) * bytes + 3 >= limit) return 0;
      at = putColourImage(out, at, pels, image, i, bytes);
      image = -1;
    }
    if (at + cost >= limit) return 0;
    const set = newForeground !== foreground;
    foreground = newForeground;
    switch (kind) {
      case Kind.BACKGROUND:
        at = putHeader(out, at, Code.REGULAR_BG_RUN, 31, Code.MEGA_MEGA_BG_RUN, length);
        break;
      case Kind.FOREGROUND:
        if (set) {
          at = putHeader(out, at, Code.LITE_SET_FG_FG_RUN, 15, Code.MEGA_MEGA_SET_FG_RUN, length);
          at = putPel(out, at, foreground, bytes);
        } else at = putHeader(out, at, Code.REGULAR_FG_RUN, 31, Code.MEGA_MEGA_FG_RUN, length);
        break;
      case Kind.COLOUR:
        at = putHeader(out, at, Code.REGULAR_COLOR_RUN, 31, Code.MEGA_MEGA_COLOR_RUN, length);
        at = putPel(out, at, pel, bytes);
        break;
      case Kind.DITHERED:
        at = putHeader(out, at, Code.LITE_DITHERED_RUN, 15, Code.MEGA_MEGA_DITHERED_RUN, length >> 1);
        at = putPel(out, at, pel, bytes);
        at = putPel(out, at, pels[i + 1], bytes);
        break;
      case Kind.IMAGE:
        at = putImage(out, at, delta, i, length, set, foreground, bytes);
        break;
      case Kind.WHITE:
        out[at++] = Code.WHITE;
        break;
      default:
        out[at++] = Code.BLACK;
    }
    afterBackground = kind === Kind.BACKGROUND;
    i += length;
  }
  return at < limit ? at : 0;
}
