/**
 * Colour depths of a session: BGRX to 8, 15, 16, 24 and 32 bits a pixel, and back as clients show them.
 *
 * [MS-RDPBCGR] 2.2.7.1.1 (depths), 2.2.9.1.1.3.1.1.2 (palette). Pure. A pixel in memory is a 32-bit number 0x00RRGGBB, which is BGRX in bytes;
 * a pixel on the wire is called a pel: the number whose little-endian bytes are sent.
 */

/** Bits a pixel that a session can have. */
export type ColourDepth = 8 | 15 | 16 | 24 | 32;

/** Bytes of a pel. */
export const bytesPerPel = (depth: ColourDepth): 1 | 2 | 3 | 4 => (depth === 15 ? 2 : ((depth / 8) as 1 | 2 | 3 | 4));

/** A five-bit channel as eight bits. */
const widen5 = (value: number): number => (value << 3) | (value >> 2);

function makePalette(): Uint32Array {
  const colours = new Set<number>();
  // The sixteen colours of text modes, where dark yellow is brown.
  for (let i = 0; i < 16; i++) {
    const low = i & 8 ? 0x55 : 0;
    const channel = (bit: number): number => (i & bit ? 0xaa : 0) + low;
    colours.add(i === 6 ? 0xaa5500 : (channel(4) << 16) | (channel(2) << 8) | channel(1));
  }
  // The sixteen colours of old desktops.
  for (let i = 1; i < 8; i++) colours.add((i & 4 ? 0x800000 : 0) | (i & 2 ? 0x8000 : 0) | (i & 1 ? 0x80 : 0));
  colours.add(0xc0c0c0);
  const levels = [0, 51, 102, 153, 204, 255];
  for (const r of levels) for (const g of levels) for (const b of levels) colours.add((r << 16) | (g << 8) | b);
  // What is left goes to greys between those above.
  for (const step of [2, 3, 4, 5, 7, 8, 9, 13, 14, 15, 17, 22, 23, 26, 27, 28, 29, 30]) colours.add(0x010101 * widen5(step));
  return Uint32Array.from(colours);
}

/**
 * The 256 colours of an 8-bit session, 0x00RRGGBB: the 6x6x6 cube, the colours of text modes and of old desktops exactly, and greys.
 * INVARIANT: 256 entries, no two of which share their upper five bits in every channel
 */
export const PALETTE: Uint32Array = makePalette();

let nearest: Uint8Array | undefined;

/** Palette index of the nearest colour, by 15-bit pel. Made on first use: most hosts never see an 8-bit session. */
export function nearestTable(): Uint8Array {
  if (nearest) return nearest;
  nearest = new Uint8Array(32768);
  for (let cell = 0; cell < 32768; cell++) {
    const r = widen5(cell >> 10);
    const g = widen5((cell >> 5) & 31);
    const b = widen5(cell & 31);
    let best = Infinity;
    for (let i = 0; i < PALETTE.length; i++) {
      const dr = (PALETTE[i] >> 16) - r;
      const dg = ((PALETTE[i] >> 8) & 0xff) - g;
      const db = (PALETTE[i] & 0xff) - b;
      // The eye's weights for red, green and blue, roughly.
      const distance = 3 * dr * dr + 4 * dg * dg + 2 * db * db;
      if (distance < best) {
        best = distance;
        nearest[cell] = i;
      }
    }
  }
  for (let i = 0; i < PALETTE.length; i++) nearest[toPel15(PALETTE[i])] = i;
  return nearest;
}

function toPel15(pixel: number): number {
  return ((pixel >> 9) & 0x7c00) | ((pixel >> 6) & 0x3e0) | ((pixel >> 3) & 0x1f);
}

/** The pel of a pixel 0x00RRGGBB. 15 and 16 bits keep the upper bits of each channel; 8 bits take the nearest palette entry. */
export function toPel(pixel: number, depth: ColourDepth): number {
  switch (depth) {
    case 8:
      return nearestTable()[toPel15(pixel)];
    case 15:
      return toPel15(pixel);
    case 16:
      return ((pixel >> 8) & 0xf800) | ((pixel >> 5) & 0x7e0) | ((pixel >> 3) & 0x1f);
    default:
      return pixel & 0xffffff;
  }
}

/**
 * The pixel 0x00RRGGBB that a client shows for a pel. Channels of five and six bits are widened by repeating their upper bits. Two clients
 * differ for green at one depth each: `fromPelAsFreeRdp`, `fromPelAsRdesktop`.
 * @param palette the colours of an 8-bit session
 */
export function fromPel(pel: number, depth: ColourDepth, palette: Uint32Array = PALETTE): number {
  switch (depth) {
    case 8:
      return palette[pel];
    case 15:
      return (widen5((pel >> 10) & 31) << 16) | (widen5((pel >> 5) & 31) << 8) | widen5(pel & 31);
    case 16: {
      const green = (pel >> 5) & 63;
      return (widen5((pel >> 11) & 31) << 16) | (((green << 2) | (green >> 4)) << 8) | widen5(pel & 31);
    }
    default:
      return pel & 0xffffff;
  }
}

/**
 * The pixel that FreeRDP's clients show for a pel: as `fromPel`, but for green at 16 bits, where they repeat an eighth instead of a
 * sixteenth and cut what overflows, so that middle greens come out up to 4 of 255 brighter.
 */
export function fromPelAsFreeRdp(pel: number, depth: ColourDepth, palette: Uint32Array = PALETTE): number {
  const pixel = fromPel(pel, depth, palette);
  if (depth !== 16) return pixel;
  const green = (pel >> 5) & 63;
  return (pixel & 0xff00ff) | (Math.min(255, (green << 2) + (green >> 3)) << 8);
}

/** The pixel that rdesktop shows for a pel: as `fromPel`, but for green at 15 bits, whose lowest bits it fills with two of green and one of red. */
export function fromPelAsRdesktop(pel: number, depth: ColourDepth, palette: Uint32Array = PALETTE): number {
  const pixel = fromPel(pel, depth, palette);
  return depth === 15 ? (pixel & 0xfff8ff) | (pel & 0x700) : pixel;
}
