/**
 * Pixels to pels of a depth, in place: AssemblyScript, for WebAssembly with SIMD. Its twin is `toPel` in src/graphics/colour.ts.
 */

/** To 16 bits. Words up to 12 bytes past the last are changed. @param total pels */
export function convert16(pels: usize, total: i32): void {
  const red = i32x4.splat(0xf800);
  const green = i32x4.splat(0x7e0);
  const blue = i32x4.splat(0x1f);
  for (let at = pels, end = pels + (<usize>total << 2); at < end; at += 16) {
    const pixel = v128.load(at);
    const high = v128.or(v128.and(i32x4.shr_u(pixel, 8), red), v128.and(i32x4.shr_u(pixel, 5), green));
    v128.store(at, v128.or(high, v128.and(i32x4.shr_u(pixel, 3), blue)));
  }
}

/** To 15 bits. */
export function convert15(pels: usize, total: i32): void {
  const red = i32x4.splat(0x7c00);
  const green = i32x4.splat(0x3e0);
  const blue = i32x4.splat(0x1f);
  for (let at = pels, end = pels + (<usize>total << 2); at < end; at += 16) {
    const pixel = v128.load(at);
    const high = v128.or(v128.and(i32x4.shr_u(pixel, 9), red), v128.and(i32x4.shr_u(pixel, 6), green));
    v128.store(at, v128.or(high, v128.and(i32x4.shr_u(pixel, 3), blue)));
  }
}

/** To 8 bits. @param table palette index of each 15-bit pel, one byte each */
export function convert8(pels: usize, total: i32, table: usize): void {
  convert15(pels, total);
  for (let at = pels, end = pels + (<usize>total << 2); at < end; at += 4) store<u32>(at, load<u8>(table + load<u32>(at)));
}
