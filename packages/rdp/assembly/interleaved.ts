/**
 * Interleaved RLE, the compressor: AssemblyScript, for WebAssembly with SIMD.
 *
 * [MS-RDPBCGR] 2.2.9.1.1.3.1.2.4. Its twin, src/graphics/interleaved.ts, defines what it must compute, byte for byte, and says why;
 * here are only the same decisions over raw memory. Positions are byte offsets in memory, pels are 32-bit words.
 */

const PLAIN_BACKGROUND: i32 = 32;
const GAP: i32 = 20;
const MAX_IMAGE: i32 = 248;
const MAX_RUN: i32 = 0xffff;

const BG_RUN: i32 = 0x0;
const FG_RUN: i32 = 0x1;
const FGBG_IMAGE: i32 = 0x2;
const COLOR_RUN: i32 = 0x3;
const COLOR_IMAGE: i32 = 0x4;
const SET_FG_FG_RUN: i32 = 0xc;
const SET_FG_FGBG_IMAGE: i32 = 0xd;
const DITHERED_RUN: i32 = 0xe;
const MEGA_BG_RUN: i32 = 0xf0;
const MEGA_FG_RUN: i32 = 0xf1;
const MEGA_COLOR_RUN: i32 = 0xf3;
const MEGA_COLOR_IMAGE: i32 = 0xf4;
const MEGA_SET_FG_RUN: i32 = 0xf6;
const MEGA_DITHERED_RUN: i32 = 0xf8;
const SPECIAL_FGBG_1: i32 = 0xf9;
const SPECIAL_FGBG_2: i32 = 0xfa;
const WHITE: i32 = 0xfd;
const BLACK: i32 = 0xfe;

const KIND_LITERAL: i32 = 0;
const KIND_BACKGROUND: i32 = 1;
const KIND_FOREGROUND: i32 = 2;
const KIND_COLOUR: i32 = 3;
const KIND_DITHERED: i32 = 4;
const KIND_IMAGE: i32 = 5;
const KIND_WHITE: i32 = 6;
const KIND_BLACK: i32 = 7;

function word(base: usize, index: i32): i32 {
  return load<i32>(base + (<usize>index << 2));
}

function putPel(at: usize, pel: i32, bytes: i32): usize {
  // A word may reach past the pel: what follows overwrites it, and memory after the stream has room.
  store<i32>(at, pel);
  return at + bytes;
}

function headerBytes(length: i32, short: i32): i32 {
  return length <= short ? 1 : length <= short + 256 ? 2 : 3;
}

function imageHeaderBytes(length: i32, eights: i32): i32 {
  return (length & 7) == 0 && length >> 3 <= eights ? 1 : 2;
}

function putHeader(at: usize, code: i32, short: i32, mega: i32, length: i32): usize {
  const first = short == 31 ? code << 5 : code << 4;
  if (length <= short) {
    store<u8>(at, <u8>(first | length));
    return at + 1;
  }
  if (length <= short + 256) {
    store<u8>(at, <u8>first);
    store<u8>(at, <u8>(length - short - 1), 1);
    return at + 2;
  }
  store<u8>(at, <u8>mega);
  store<u16>(at, <u16>length, 1);
  return at + 3;
}

function putColourImage(at: usize, pels: usize, from: i32, to: i32, bytes: i32): usize {
  at = putHeader(at, COLOR_IMAGE, 31, MEGA_COLOR_IMAGE, to - from);
  for (let i = from; i < to; i++) at = putPel(at, word(pels, i), bytes);
  return at;
}

function putImage(at: usize, delta: usize, from: i32, length: i32, set: bool, foreground: i32, bytes: i32): usize {
  const start = at;
  const eights = set ? 15 : 31;
  const code = set ? SET_FG_FGBG_IMAGE << 4 : FGBG_IMAGE << 5;
  if ((length & 7) == 0 && length >> 3 <= eights) store<u8>(at++, <u8>(code | (length >> 3)));
  else {
    store<u8>(at, <u8>code);
    store<u8>(at, <u8>(length - 1), 1);
    at += 2;
  }
  if (set) at = putPel(at, foreground, bytes);
  const end = from + length;
  for (let i = from; i < end; i += 8) {
    const low = i32x4.bitmask(i32x4.ne(v128.load(delta + (<usize>i << 2)), i32x4.splat(0)));
    const high = i32x4.bitmask(i32x4.ne(v128.load(delta + (<usize>i << 2), 16), i32x4.splat(0)));
    let mask = low | (high << 4);
    if (end - i < 8) mask &= (1 << (end - i)) - 1;
    store<u8>(at++, <u8>mask);
  }
  if (length != 8 || set) return at;
  const mask = load<u8>(at - 1);
  if (mask != 0x03 && mask != 0x05) return at;
  store<u8>(start, mask == 0x03 ? SPECIAL_FGBG_1 : SPECIAL_FGBG_2);
  return start + 1;
}

/** First index from `i` on whose word differs from `value`; `end` if none does. Words up to 16 bytes past `end` are read. */
function skip(base: usize, i: i32, end: i32, value: i32): i32 {
  const same = i32x4.splat(value);
  while (i + 4 <= end) {
    const mask = i32x4.bitmask(i32x4.ne(v128.load(base + (<usize>i << 2)), same));
    if (mask != 0) return i + ctz(mask);
    i += 4;
  }
  while (i < end && word(base, i) == value) i++;
  return i;
}

/**
 * Compresses a bitmap.
 *
 * @param pels bottom row first; @param delta room for as many words, and 32 bytes more; @param start of the stream, with room for the raw
 * pels and 64 bytes more
 * @returns bytes of the stream; 0 if it would not be shorter than the raw pels
 */
export function compressInterleaved(pels: usize, width: i32, height: i32, bytes: i32, white: i32, delta: usize, start: usize): i32 {
  const total = width * height;
  const limit = start + total * bytes;
  for (let i = 0; i < width; i++) store<i32>(delta + (<usize>i << 2), word(pels, i));
  for (let i = width; i < total; i += 4) {
    const here = pels + (<usize>i << 2);
    v128.store(delta + (<usize>i << 2), v128.xor(v128.load(here), v128.load(here - (<usize>width << 2))));
  }

  let at = start;
  let foreground = white;
  let afterBackground = false;
  let image = -1;
  let i = 0;

  while (i < total) {
    const end = i < width ? width : total;
    if (i == width) afterBackground = false;
    const first = word(delta, i);
    const pel = word(pels, i);
    // Most pels of a photograph: neither here nor next begins an order that would pay. The twin weighs them all, and comes to the same.
    if (image >= 0 && first != foreground && i + 2 < end && i + 1 - image < MAX_RUN && word(pels, i + 1) != pel && word(pels, i + 2) != pel) {
      const second = word(delta, i + 1);
      const third = word(delta, i + 2);
      const nothing =
        first != 0
          ? second != first && (second != 0 || (third != 0 && third != first))
          : bytes < 3 && second != 0 && second != foreground && third != 0 && third != second;
      if (nothing) {
        i++;
        continue;
      }
    }
    const gap = first == 0 ? skip(delta, i, end, 0) : i;
    const background = gap - i;
    const penalty = image >= 0 ? 1 : 0;

    let kind = KIND_LITERAL;
    let length = 1;
    let cost = bytes;
    let newForeground = foreground;

    if (background > 0 && !afterBackground) {
      const run = min(background, MAX_RUN);
      const price = headerBytes(run, 31) + penalty;
      if (price < cost * run) {
        kind = KIND_BACKGROUND;
        length = run;
        cost = price;
      }
    }

    if (kind != KIND_BACKGROUND || length < PLAIN_BACKGROUND) {
      if (afterBackground && first == foreground) {
        const run = min(skip(delta, i + 1, end, 0) - i, MAX_RUN);
        const price = headerBytes(run, 31);
        if (price * length < cost * run) {
          kind = KIND_BACKGROUND;
          length = run;
          cost = price;
        }
      }

      let k = skip(pels, i + 1, end, pel);
      let run = min(k - i, MAX_RUN);
      if (run > 1) {
        const price = headerBytes(run, 31) + bytes + penalty;
        if (price * length < cost * run) {
          kind = KIND_COLOUR;
          length = run;
          cost = price;
        }
      } else if (k + 2 < end && word(pels, k + 1) == pel && word(pels, k + 2) == word(pels, k)) {
        const other = word(pels, k);
        k = i + 4;
        while (k + 1 < end && word(pels, k) == pel && word(pels, k + 1) == other) k += 2;
        run = min(k - i, 2 * MAX_RUN);
        const price = headerBytes(run >> 1, 15) + 2 * bytes + penalty;
        if (price * length < cost * run) {
          kind = KIND_DITHERED;
          length = run;
          cost = price;
        }
      }

      if (gap < end) {
        const needed = word(delta, gap);
        const set = needed == foreground ? 0 : bytes;
        if (background == 0) {
          run = min(skip(delta, i + 1, end, needed) - i, MAX_RUN);
          const price = headerBytes(run, set ? 15 : 31) + set + penalty;
          if (price * length < cost * run) {
            kind = KIND_FOREGROUND;
            length = run;
            cost = price;
            newForeground = needed;
          }
        }
        if (background < GAP) {
          const reach = min(end, i + MAX_IMAGE);
          let used = gap + 1;
          for (k = used; k < reach; k++) {
            const d = word(delta, k);
            if (d == needed) used = k + 1;
            else if (d != 0 || k - used >= GAP) break;
          }
          run = used - i;
          const rounded = (run + 7) & ~7;
          if (rounded <= k - i) run = rounded;
          else if (run > 16 && (run & 7) < 4) run &= ~7;
          const price = imageHeaderBytes(run, set ? 15 : 31) + ((run + 7) >> 3) + set + penalty;
          if (run > 1 && price * length < cost * run) {
            kind = KIND_IMAGE;
            length = run;
            cost = price;
            newForeground = needed;
          }
        }
      }

      if (kind == KIND_LITERAL && bytes > 1 && image < 0 && (pel == white || pel == 0)) kind = pel == 0 ? KIND_BLACK : KIND_WHITE;
    }

    if (kind == KIND_LITERAL) {
      if (image < 0) image = i;
      i++;
      afterBackground = false;
      if (i - image < MAX_RUN && i < total) continue;
      if (at + (i - image) * bytes + 3 >= limit) return 0;
      at = putColourImage(at, pels, image, i, bytes);
      image = -1;
      continue;
    }

    if (image >= 0) {
      if (at + (i - image) * bytes + 3 >= limit) return 0;
      at = putColourImage(at, pels, image, i, bytes);
      image = -1;
    }
    if (at + cost >= limit) return 0;
    const set = newForeground != foreground;
    foreground = newForeground;
    switch (kind) {
      case KIND_BACKGROUND:
        at = putHeader(at, BG_RUN, 31, MEGA_BG_RUN, length);
        break;
      case KIND_FOREGROUND:
        if (set) at = putPel(putHeader(at, SET_FG_FG_RUN, 15, MEGA_SET_FG_RUN, length), foreground, bytes);
        else at = putHeader(at, FG_RUN, 31, MEGA_FG_RUN, length);
        break;
      case KIND_COLOUR:
        at = putPel(putHeader(at, COLOR_RUN, 31, MEGA_COLOR_RUN, length), pel, bytes);
        break;
      case KIND_DITHERED:
        at = putPel(putHeader(at, DITHERED_RUN, 15, MEGA_DITHERED_RUN, length >> 1), pel, bytes);
        at = putPel(at, word(pels, i + 1), bytes);
        break;
      case KIND_IMAGE:
        at = putImage(at, delta, i, length, set, foreground, bytes);
        break;
      case KIND_WHITE:
        store<u8>(at++, WHITE);
        break;
      default:
        store<u8>(at++, BLACK);
    }
    afterBackground = kind == KIND_BACKGROUND;
    i += length;
  }
  return at < limit ? <i32>(at - start) : 0;
}
