/**
 * Pixels into and out of a display's frame: AssemblyScript, for WebAssembly with SIMD.
 *
 * Positions are byte offsets in memory, strides are in words. src/graphics/frame.test.ts and kernels.test.ts say in plain TypeScript what
 * these must do.
 */

/**
 * Copies a part of a screen into the frame, the unused byte of each pixel cleared.
 *
 * @param from, to first pixel of the part on either side; @param width, height at most 64
 * @returns the box of the pixels that differ from before, relative to the part, packed as in src/graphics/tiles.ts; 0 if none does
 */
export function absorb(from: usize, fromStride: i32, to: usize, toStride: i32, width: i32, height: i32): u32 {
  const colour = i32x4.splat(0xffffff);
  let left = width;
  let right = 0;
  let top = -1;
  let bottom = 0;
  for (let y = 0; y < height; y++) {
    let first = -1;
    let last = -1;
    let x = 0;
    for (; x + 4 <= width; x += 4) {
      const at = <usize>x << 2;
      const pixels = v128.and(v128.load(from + at), colour);
      const mask = i32x4.bitmask(i32x4.ne(pixels, v128.load(to + at)));
      if (mask == 0) continue;
      v128.store(to + at, pixels);
      if (first < 0) first = x + ctz(mask);
      last = x + 31 - clz(mask);
    }
    for (; x < width; x++) {
      const at = <usize>x << 2;
      const pixel = load<i32>(from + at) & 0xffffff;
      if (pixel == load<i32>(to + at)) continue;
      store<i32>(to + at, pixel);
      if (first < 0) first = x;
      last = x;
    }
    if (first >= 0) {
      left = min(left, first);
      right = max(right, last + 1);
      if (top < 0) top = y;
      bottom = y + 1;
    }
    from += <usize>fromStride << 2;
    to += <usize>toStride << 2;
  }
  return top < 0 ? 0 : <u32>(left | (top << 8) | (right << 16) | (bottom << 24));
}

/**
 * Copies a rectangle as a bitmap of the wire has it: the bottom row first, each row `padded` pels long and filled up with its last one.
 *
 * @param from first pixel of the rectangle's top row; @param pels receives padded * height words, and 12 bytes more may be written
 */
export function gather(from: usize, stride: i32, width: i32, height: i32, padded: i32, pels: usize): void {
  let row = from + (<usize>stride << 2) * (height - 1);
  for (let y = 0; y < height; y++) {
    memory.copy(pels, row, <usize>width << 2);
    for (let x = width; x < padded; x++) store<u32>(pels + (<usize>x << 2), load<u32>(pels + (<usize>(width - 1) << 2)));
    pels += <usize>padded << 2;
    row -= <usize>stride << 2;
  }
}

/** Raw pels, `bytes` each, little-endian. @param to with room for them and 3 bytes more */
export function pack(pels: usize, total: i32, bytes: i32, to: usize): void {
  for (let at = pels, end = pels + (<usize>total << 2); at < end; at += 4) {
    store<u32>(to, load<u32>(at));
    to += bytes;
  }
}
