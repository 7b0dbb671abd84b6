/**
 * What a display tells of itself: an EDID 1.4 block (VESA Enhanced Extended Display Identification Data) with one preferred size. Pure.
 */

/** Bytes. */
export const EDID_SIZE = 128;

/** Sizes that any display here takes too, as standard timings: pixels across, and the code of the ratio. */
const STANDARD = [
  [1920, 0b11],
  [1600, 0b01],
  [1440, 0b00],
  [1280, 0b00],
  [1280, 0b10],
  [1280, 0b11],
] as const;
/** 640x480, 800x600 and 1024x768 at 60 Hz. */
const ESTABLISHED = [0x21, 0x08];
const RATE = 60;
/** Pixels of a picture's right and lower blanks, and of the pulses in them. */
const BLANK = { across: 160, down: 45, frontAcross: 48, syncAcross: 32, frontDown: 3, syncDown: 6 } as const;
/** Digital input, 8 bits a colour. */
const DIGITAL = 0xa5;
/** RGB 4:4:4; the first detailed timing is the display's own; no fixed list of timings. */
const FEATURES = 0x07;
/** sRGB's colours. */
const COLOURS = [0xee, 0x91, 0xa3, 0x54, 0x4c, 0x99, 0x26, 0x0f, 0x50, 0x54];
const PER_INCH = 96;

/** A display's block. @param number of the screen, from 1; @param size pixels, at most 4095 either way */
export function edidBlock(number: number, { width, height }: { readonly width: number; readonly height: number }): Uint8Array {
  const block = new Uint8Array(EDID_SIZE);
  const centimetres = (pixels: number): number => Math.min(255, Math.round((pixels / PER_INCH) * 2.54));
  block.set([0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00]);
  // Maker "BLV", product, serial number, week and year, version 1.4.
  block.set([...letters('BLV'), number, 0, number, 0, 0, 0, 1, 2026 - 1990, 1, 4], 8);
  block.set([DIGITAL, centimetres(width), centimetres(height), 120, FEATURES, ...COLOURS, ...ESTABLISHED, 0], 20);
  for (let index = 0; index < 8; index++) {
    const standard = STANDARD[index];
    block.set(standard ? [standard[0] / 8 - 31, standard[1] << 6] : [1, 1], 38 + 2 * index);
  }
  block.set(detailedTiming(width, height), 54);
  block.set(textDescriptor(0xfc, `Belvedere ${number}`), 72);
  // Frames 24 to 120 Hz, lines 15 to 250 kHz, at most 650 MHz; any timing within.
  block.set([0, 0, 0, 0xfd, 0, 24, 120, 15, 250, 65, 1, 0x0a, 0x20, 0x20, 0x20, 0x20, 0x20, 0x20], 90);
  block.set(textDescriptor(0xff, `${number}`), 108);
  block[127] = -block.reduce((sum, byte) => sum + byte, 0) & 0xff;
  return block;
}

/** Three letters of five bits each, high byte first. */
function letters(text: string): [number, number] {
  const word = [...text].reduce((sum, letter) => (sum << 5) | (letter.charCodeAt(0) - 64), 0);
  return [word >> 8, word & 0xff];
}

function textDescriptor(tag: number, text: string): number[] {
  return [0, 0, 0, tag, 0, ...Buffer.from(`${text}\n`.padEnd(13, ' '), 'latin1')];
}

function detailedTiming(width: number, height: number): number[] {
  const { across, down, frontAcross, syncAcross, frontDown, syncDown } = BLANK;
  const clock = Math.round(((width + across) * (height + down) * RATE) / 10_000);
  const millimetres = (pixels: number): number => Math.round((pixels / PER_INCH) * 25.4);
  const [wide, high] = [millimetres(width), millimetres(height)];
  return [
    clock & 0xff, clock >> 8,
    width & 0xff, across & 0xff, ((width >> 8) << 4) | (across >> 8),
    height & 0xff, down & 0xff, ((height >> 8) << 4) | (down >> 8),
    frontAcross, syncAcross, (frontDown << 4) | syncDown, 0,
    wide & 0xff, high & 0xff, ((wide >> 8) << 4) | (high >> 8),
    0, 0, 0x1a,
  ];
}
