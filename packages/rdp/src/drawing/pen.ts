/** Boxes and text in BGRX pixels, for what this server shows of itself. Pure but for the pixels it is given. */
import type { Rect } from '../ports.js';
import { GLYPH, glyph } from './font.js';

export interface Size {
  readonly width: number;
  readonly height: number;
}

export interface Canvas extends Size {
  /** BGRX rows without gaps. */
  readonly pixels: Uint8Array;
}

/** Draws in units, from a corner on. Colours are 0xRRGGBB. */
export class Pen {
  /** @param unit pixels */
  constructor(
    private readonly canvas: Canvas,
    private readonly left: number,
    private readonly top: number,
    private readonly unit: number,
  ) {}

  fill({ x, y, width, height }: Rect, colour: number): void {
    const { left, top, unit } = this;
    fill(this.canvas, { x: left + x * unit, y: top + y * unit, width: width * unit, height: height * unit }, colour);
  }

  box(rect: Rect, colour: number, border: number): void {
    this.fill(rect, border);
    this.fill({ x: rect.x + 1, y: rect.y + 1, width: rect.width - 2, height: rect.height - 2 }, colour);
  }

  text(x: number, y: number, text: string, colour: number): void {
    [...text].forEach((character, at) => {
      glyph(character).forEach((bits, row) => {
        for (let column = 0; column < GLYPH.width; column++) {
          if ((bits >> (GLYPH.width - 1 - column)) & 1)
            this.fill({ x: x + at * GLYPH.advance + column, y: y + row, width: 1, height: 1 }, colour);
        }
      });
    });
  }
}

/** Fills pixels with 0xRRGGBB. */
export function fill({ width: stride, pixels }: Canvas, { x, y, width, height }: Rect, colour: number): void {
  const words = new Uint32Array(pixels.buffer, pixels.byteOffset, pixels.length >> 2);
  for (let row = y; row < y + height; row++) words.fill(colour, row * stride + x, row * stride + x + width);
}

/** Characters in so many units. */
export const fits = (units: number): number => Math.floor(units / GLYPH.advance);

/** A text's beginning, with dots behind it, where it is too long. */
export function clipped(text: string, units: number): string {
  const characters = [...text];
  const room = Math.max(fits(units), 0);
  return characters.length <= room ? text : [...characters.slice(0, Math.max(room - 3, 0)), ...'...'].slice(0, room).join('');
}
