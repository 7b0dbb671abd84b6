/**
 * The planar codec, the compressor: AssemblyScript, for WebAssembly with SIMD.
 *
 * [MS-RDPEGDI] 2.2.2.5.1, 3.1.9. Its twin, src/graphics/planar.ts, defines what it must compute, byte for byte, and says why.
 * Positions are byte offsets in memory, pels are 32-bit words.
 */

const RLE: i32 = 0x10;
const NA: i32 = 0x20;
const MAX_RAW: i32 = 15;

/** What changes from `b` to `a` in each byte, sign in the lowest bit. */
function change(a: v128, b: v128): v128 {
  const difference = i8x16.sub(a, b);
  return v128.xor(i8x16.shl(difference, 1), i8x16.shr_s(difference, 7));
}

/** Splits 16 pels into 16 bytes of each plane. */
function split(p0: v128, p1: v128, p2: v128, p3: v128, planes: usize, size: usize): void {
  const bg0 = i8x16.shuffle(p0, p1, 0, 4, 8, 12, 16, 20, 24, 28, 1, 5, 9, 13, 17, 21, 25, 29);
  const bg1 = i8x16.shuffle(p2, p3, 0, 4, 8, 12, 16, 20, 24, 28, 1, 5, 9, 13, 17, 21, 25, 29);
  const r0 = i8x16.shuffle(p0, p1, 2, 6, 10, 14, 18, 22, 26, 30, 2, 6, 10, 14, 18, 22, 26, 30);
  const r1 = i8x16.shuffle(p2, p3, 2, 6, 10, 14, 18, 22, 26, 30, 2, 6, 10, 14, 18, 22, 26, 30);
  v128.store(planes, i64x2.shuffle(r0, r1, 0, 2));
  v128.store(planes + size, i64x2.shuffle(bg0, bg1, 1, 3));
  v128.store(planes + 2 * size, i64x2.shuffle(bg0, bg1, 0, 2));
}

/** Red, green and blue planes, `size` bytes apart: the first row as it is, the others as changes. */
function takePlanes(pels: usize, width: i32, total: i32, planes: usize, size: usize): void {
  const row = <usize>width << 2;
  for (let i = 0; i < width; i += 16) {
    const here = pels + (<usize>i << 2);
    split(v128.load(here), v128.load(here, 16), v128.load(here, 32), v128.load(here, 48), planes + i, size);
  }
  for (let i = width; i < total; i += 16) {
    const here = pels + (<usize>i << 2);
    const above = here - row;
    split(
      change(v128.load(here), v128.load(above)),
      change(v128.load(here, 16), v128.load(above, 16)),
      change(v128.load(here, 32), v128.load(above, 32)),
      change(v128.load(here, 48), v128.load(above, 48)),
      planes + i,
      size,
    );
  }
}

function putRun(at: usize, run: i32): usize {
  while (run > 0) {
    let part = min(run, 47);
    if (run - part == 1 || run - part == 2) part = run - 3;
    store<u8>(at++, <u8>(part >= 32 ? ((part - 32) << 4) | 2 : part >= 16 ? ((part - 16) << 4) | 1 : part));
    run -= part;
  }
  return at;
}

/** Copies up to 16 bytes; as many are written, what is too much is overwritten later. */
function copyShort(at: usize, from: usize): void {
  v128.store(at, v128.load(from));
}

/** Bit k tells whether byte k is equal to byte k + 1, of 16 bytes from `at`. */
function equals(at: usize): i32 {
  return i8x16.bitmask(i8x16.eq(v128.load(at), v128.load(at, 1)));
}

/** First position from `i` on whose byte differs from `value`; `end` if none does. */
function skip(i: usize, end: usize, value: u8): usize {
  const same = i8x16.splat(value);
  while (i < end) {
    const mask = i8x16.bitmask(i8x16.ne(v128.load(i), same));
    if (mask != 0) return min(end, i + ctz(mask));
    i += 16;
  }
  return end;
}

function putRaw(at: usize, raw: usize, count: i32): usize {
  for (; count > MAX_RAW; count -= MAX_RAW) {
    store<u8>(at, MAX_RAW << 4);
    copyShort(at + 1, raw);
    at += 1 + MAX_RAW;
    raw += MAX_RAW;
  }
  if (count > 0) {
    store<u8>(at, <u8>(count << 4));
    copyShort(at + 1, raw);
    at += 1 + count;
  }
  return at;
}

function putRow(at: usize, row: usize, width: i32): usize {
  const end = row + width;
  let i = row;
  let raw = row;
  let last: u8 = 0;
  while (i < end) {
    const value = load<u8>(i);
    let runStart: usize;
    if (raw == i && value == last) runStart = i;
    else {
      // Raw values go on to the next one that three more equal; look for it sixteen at a time.
      const m = equals(i);
      const three = m & (m >> 1) & (m >> 2);
      if (three == 0) {
        // The upper positions are not decided yet: they look past these sixteen.
        i += 14;
        if (i >= end) break;
        // `last` matters only where nothing raw is pending, which is not the case here.
        continue;
      }
      i += ctz(three);
      if (i + 4 > end) break;
      runStart = i + 1;
      last = load<u8>(i);
    }
    const k = skip(runStart, end, last);
    let run = <i32>(k - runStart);
    if (run < 3) {
      i = k;
      continue;
    }
    let count = <i32>(runStart - raw);
    while (count > MAX_RAW) {
      store<u8>(at, MAX_RAW << 4);
      copyShort(at + 1, raw);
      at += 1 + MAX_RAW;
      raw += MAX_RAW;
      count -= MAX_RAW;
    }
    if (count > 0) {
      let part = min(run, MAX_RAW);
      if (run - part == 1 || run - part == 2) part = run - 3;
      store<u8>(at, <u8>((count << 4) | part));
      copyShort(at + 1, raw);
      at += 1 + count;
      run -= part;
    }
    at = putRun(at, run);
    raw = i = k;
  }
  return putRaw(at, raw, <i32>(end - raw));
}

/** Whether two rows of pels are equal. */
function equalRows(here: usize, row: usize): bool {
  for (let at = here, end = here + row; at < end; at += 16) {
    if (v128.any_true(v128.xor(v128.load(at), v128.load(at - row)))) return false;
  }
  return true;
}

/** Red, green and blue planes as they are, and the pad that follows planes without run-length coding. */
function storePlanes(pels: usize, total: i32, start: usize): i32 {
  store<u8>(start, NA);
  const planes = start + 1;
  let i = 0;
  for (; i + 16 <= total; i += 16) {
    const here = pels + (<usize>i << 2);
    split(v128.load(here), v128.load(here, 16), v128.load(here, 32), v128.load(here, 48), planes + i, total);
  }
  for (; i < total; i++) {
    const pel = load<u32>(pels + (<usize>i << 2));
    store<u8>(planes + i, <u8>(pel >> 16));
    store<u8>(planes + total + i, <u8>(pel >> 8));
    store<u8>(planes + 2 * total + i, <u8>pel);
  }
  store<u8>(planes + 3 * total, 0);
  return 3 * total + 2;
}

/**
 * Compresses a bitmap.
 *
 * @param pels bottom row first, with 64 bytes more after them; @param width INVARIANT: a multiple of 4
 * @param scratch room for 4 * (pels + 64) bytes and a byte a row
 * @param start of the stream, with room for the raw pels and 64 bytes more
 * @returns bytes of the stream; 0 if it would not be shorter than the raw pels
 */
export function compressPlanar(pels: usize, width: i32, height: i32, skipAlpha: bool, scratch: usize, start: usize): i32 {
  const total = width * height;
  const stored = skipAlpha ? 3 * total + 2 : 4 * total;
  const limit = start + stored;
  const size: usize = total + 64;
  const alpha = scratch + 3 * size;
  const repeats = alpha + size;
  takePlanes(pels, width, total, scratch, size);
  const row = <usize>width << 2;
  store<u8>(repeats, 0);
  for (let y = 1; y < height; y++) store<u8>(repeats + y, equalRows(pels + row * y, row) ? 1 : 0);
  if (!skipAlpha) memory.fill(alpha, 0xff, width);

  const margin = width + (width + MAX_RAW - 1) / MAX_RAW + 1;
  store<u8>(start, <u8>(RLE | (skipAlpha ? NA : 0)));
  let at = start + 1;
  for (let p = skipAlpha ? 0 : -1; p < 3; p++) {
    const plane = p < 0 ? alpha : scratch + <usize>p * size;
    for (let y = 0; y < height; y++) {
      if (at + margin >= limit) return skipAlpha ? storePlanes(pels, total, start) : 0;
      at = (p < 0 && y > 0) || load<u8>(repeats + y) == 1 ? putRun(at, width) : putRow(at, plane + y * width, width);
    }
  }
  return at < limit ? <i32>(at - start) : skipAlpha ? storePlanes(pels, total, start) : 0;
}
