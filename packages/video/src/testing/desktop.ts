/**
 * A desktop that is drawn, for tests: films, text and what else moves on screens.
 *
 * State of one screen. What is drawn is the same each time: noise comes from a generator with a seed.
 */
import type { Rect, Region } from '../ports.js';

const TILE = 64;
/** Of one turn, -127 to 127, in 256 steps. */
const WAVE = Int8Array.from({ length: 256 }, (_, step) => Math.round(127 * Math.sin((step * Math.PI) / 128)));
// Globals are slow to reach where jest runs tests; loops over pixels use these.
const { imul } = Math;

export class Desktop {
  /** 0x00RRGGBB, row-major. */
  readonly pixels: Uint32Array;
  private readonly taken: Uint32Array;

  /** Pixels. */
  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.pixels = new Uint32Array(width * height);
    this.taken = new Uint32Array(width * height);
  }

  fill({ x, y, width, height }: Rect, colour: number): void {
    for (let row = y; row < y + height; row++) this.pixels.fill(colour, row * this.width + x, row * this.width + x + width);
  }

  /** Frame `number` of a film: soft shapes that drift, and grain. */
  film({ x, y, width, height }: Rect, number: number): void {
    let noise = imul(number, 0x9e3779b1);
    for (let row = 0; row < height; row++) {
      const bend = WAVE[(2 * row + 5 * number) & 255] >> 2;
      for (let column = 0, at = (y + row) * this.width + x; column < width; column++, at++) {
        noise = (imul(noise, 1664525) + 1013904223) | 0;
        const wave = (WAVE[(column + bend - 7 * number) & 255] >> 1) + bend;
        const red = 120 + wave + ((noise >>> 24) & 15);
        const blue = 140 - wave + ((noise >>> 16) & 7);
        this.pixels[at] = (red << 16) | (((red + blue) >> 1) << 8) | blue;
      }
    }
  }

  /** Lines of text, black on white with soft edges: line `from` stands at the top. */
  text({ x, y, width, height }: Rect, from: number): void {
    this.fill({ x, y, width, height }, 0xffffff);
    for (let line = 0; (line + 1) * 16 <= height; line++) {
      for (let place = 0; (place + 1) * 8 <= width; place++) this.glyph(x + 8 * place, y + 16 * line, glyphAt(from + line, place));
    }
  }

  /** A character, 8 by 16 pixels. @param shape 0: a space */
  glyph(x: number, y: number, shape: number): void {
    this.fill({ x, y, width: 8, height: 16 }, 0xffffff);
    for (let row = 3; row < 13 && shape !== 0; row++) {
      for (let column = 1; column < 7; column++) {
        const bits = imul(shape * 31 + row * 7 + column * 13, 0x9e3779b1) >>> 28;
        const grey = bits < 5 ? 0 : bits < 7 ? 0x777777 : 0xffffff;
        this.pixels[(y + row) * this.width + x + column] = grey;
      }
    }
  }

  /** What has changed since the last call: one box a tile, as the display's own comparison finds it. */
  take(): Region {
    const { pixels, taken, width, height } = this;
    const region: Rect[] = [];
    for (let top = 0; top < height; top += TILE) {
      for (let left = 0; left < width; left += TILE) {
        const end = left + TILE < width ? left + TILE : width;
        let [x, y, right, bottom] = [width, height, 0, 0];
        for (let row = top; row < top + TILE && row < height; row++) {
          for (let at = row * width + left, column = left; column < end; at++, column++) {
            if (pixels[at] === taken[at]) continue;
            taken[at] = pixels[at];
            if (column < x) x = column;
            if (column >= right) right = column + 1;
            if (row < y) y = row;
            bottom = row + 1;
          }
        }
        if (right > 0) region.push({ x, y, width: right - x, height: bottom - y });
      }
    }
    return region;
  }
}

const glyphAt = (line: number, place: number): number => {
  const mixed = imul(line * 977 + place * 131 + 7, 0x85ebca6b) >>> 24;
  return mixed < 40 ? 0 : mixed;
};
