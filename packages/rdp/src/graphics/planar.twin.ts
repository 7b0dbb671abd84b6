/**
 * The planar codec, the compressor in plain TypeScript: defines, byte for byte, what the kernel (assembly/planar.ts) must compute.
 *
 * [MS-RDPEGDI] 2.2.2.5.1, 3.1.9. Pure, but for scratch memory that no call leaves anything in. Used by tests and benchmarks alone.
 */
import { FormatHeader } from './planar.js';

/** Raw values that one segment can hold. */
const MAX_RAW = 15;

/** Deltas of the rows of one plane, in order. */
let plane = new Uint8Array(0);
/** Rows equal to the one before: in every plane they are one run of zeroes. */
let repeats = new Uint8Array(0);

/**
 * Compresses a bitmap. Planes are run-length coded, or stored where that is shorter and the client takes bitmaps without an alpha plane
 * (stored planes with one would be longer than the pixels themselves).
 *
 * @param pels 0x00RRGGBB, row by row, the bottom row first. INVARIANT: at least width * height of them
 * @param skipAlpha the client takes bitmaps without an alpha plane (DRAW_ALLOW_SKIP_ALPHA); for others it is sent, opaque
 * @param target receives the stream. INVARIANT: at least 4 * width * height + 8 bytes
 * @returns bytes of the stream; 0 if it would not be shorter than the raw pels
 */
export function compressPlanar(pels: Uint32Array, width: number, height: number, skipAlpha: boolean, target: Uint8Array): number {
  const total = width * height;
  const stored = skipAlpha ? 3 * total + 2 : 4 * total;
  if (plane.length < total) plane = new Uint8Array(total);
  if (repeats.length < height) repeats = new Uint8Array(height);
  markRepeats(pels, width, height);
  target[0] = FormatHeader.RLE | (skipAlpha ? FormatHeader.NA : 0);
  let at = 1;
  for (let shift = skipAlpha ? 16 : 24; shift >= 0 && at > 0; shift -= 8) {
    if (shift === 24) plane.fill(0xff, 0, width).fill(0, width, total);
    else takePlane(pels, width, height, shift);
    at = putPlane(plane, width, height, target, at, stored);
  }
  if (at > 0 && at < stored) return at;
  return skipAlpha && stored < 4 * total ? storePlanes(pels, total, target) : 0;
}

function markRepeats(pels: Uint32Array, width: number, height: number): void {
  repeats[0] = 0;
  for (let row = 1, i = width; row < height; row++) {
    const end = i + width;
    let k = i;
    while (k < end && pels[k] === pels[k - width]) k++;
    repeats[row] = k === end ? 1 : 0;
    i = end;
  }
}

/** One channel: the first row as it is, the others as what is added to the row before, sign in the lowest bit. [MS-RDPEGDI] 3.1.9.2.1 */
function takePlane(pels: Uint32Array, width: number, height: number, shift: number): void {
  const to = plane;
  for (let i = 0; i < width; i++) to[i] = pels[i] >> shift;
  for (let row = 1; row < height; row++) {
    if (repeats[row] === 1) continue;
    for (let i = row * width, end = i + width; i < end; i++) {
      const change = (((pels[i] >> shift) - (pels[i - width] >> shift)) << 24) >> 24;
      to[i] = (change << 1) ^ (change >> 31);
    }
  }
}

/** Writes a run of `run` values as segments without raw values. INVARIANT: run >= 3 @returns the position after them */
function putRun(target: Uint8Array, at: number, run: number): number {
  while (run > 0) {
    let part = run < 47 ? run : 47;
    // What is left must not be a run of one or two: there is none.
    if (run - part === 1 || run - part === 2) part = run - 3;
    target[at++] = part >= 32 ? ((part - 32) << 4) | 2 : part >= 16 ? ((part - 16) << 4) | 1 : part;
    run -= part;
  }
  return at;
}

/** Writes a plane's rows as segments. @returns the position after them; 0 once it might pass `limit` */
function putPlane(values: Uint8Array, width: number, height: number, target: Uint8Array, start: number, limit: number): number {
  let at = start;
  for (let row = 0; row < height; row++) {
    // A row never takes more than its values and a control byte for each fifteen of them.
    if (at + width + Math.ceil(width / MAX_RAW) + 1 >= limit) return 0;
    if (repeats[row] === 1 && width >= 3) {
      at = putRun(target, at, width);
      continue;
    }
    let i = row * width;
    const end = i + width;
    let last = 0; // a run at the start of a row repeats this
    let raw = i; // first value that no segment holds yet
    while (i < end) {
      const value = values[i];
      // The run proper: the first of the equal values is raw, unless the value is already the one a run would repeat.
      const runStart = value === last && raw === i ? i : i + 1;
      let k = i + 1;
      while (k < end && values[k] === value) k++;
      let run = k - runStart;
      if (run >= 3) {
        let count = runStart - raw;
        for (; count > MAX_RAW; count -= MAX_RAW) {
          target[at++] = MAX_RAW << 4;
          for (const to = raw + MAX_RAW; raw < to; ) target[at++] = values[raw++];
        }
        if (count > 0) {
          let part = run < MAX_RAW ? run : MAX_RAW;
          if (run - part === 1 || run - part === 2) part = run - 3;
          target[at++] = (count << 4) | part;
          while (raw < runStart) target[at++] = values[raw++];
          run -= part;
        }
        at = putRun(target, at, run);
        raw = k;
      }
      i = k;
      last = value;
    }
    while (raw < end) {
      const count = end - raw < MAX_RAW ? end - raw : MAX_RAW;
      target[at++] = count << 4;
      for (const to = raw + count; raw < to; ) target[at++] = values[raw++];
    }
  }
  return at;
}

function storePlanes(pels: Uint32Array, total: number, target: Uint8Array): number {
  target[0] = FormatHeader.NA;
  let at = 1;
  for (let shift = 16; shift >= 0; shift -= 8) for (let i = 0; i < total; i++) target[at++] = pels[i] >> shift;
  target[at++] = 0; // the pad that follows planes without run-length coding
  return at;
}
