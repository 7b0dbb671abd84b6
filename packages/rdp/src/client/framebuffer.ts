/** The picture that a client has: bitmap updates drawn into pixels. State: pixels and palette. */
import { decodePrefix } from '@belvedere/wire';
import { type ColourDepth, decodeBitmap, PALETTE } from '../graphics/index.js';
import { type BitmapData, BitmapFlags, TS_CD_HEADER } from '../pdu/output.js';

export class Framebuffer {
  /** 0x00RRGGBB, row-major. */
  readonly pixels: Uint32Array;
  palette: Uint32Array = PALETTE;

  /** Black. Pixels. */
  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.pixels = new Uint32Array(width * height);
  }

  /** 0xRRGGBB */
  at(x: number, y: number): number {
    return this.pixels[y * this.width + x];
  }

  /** Throws `WireError` if the data is not what its format says, `RangeError` if it is drawn outside. */
  draw(rectangle: BitmapData): void {
    const { destLeft, destTop, destRight, destBottom, width, height, bitsPerPixel, flags } = rectangle;
    const compressed = (flags & BitmapFlags.BITMAP_COMPRESSION) !== 0;
    const headed = compressed && !(flags & BitmapFlags.NO_BITMAP_COMPRESSION_HDR);
    const data = headed ? decodePrefix(TS_CD_HEADER, rectangle.bitmapDataStream).rest : rectangle.bitmapDataStream;
    const pixels = decodeBitmap({ width, height, bitsPerPixel: bitsPerPixel as ColourDepth, compressed, data }, this.palette);
    if (destRight >= this.width || destBottom >= this.height || destRight < destLeft || destBottom - destTop >= height) {
      throw new RangeError(
        `a bitmap at ${destLeft},${destTop} to ${destRight},${destBottom} on a desktop of ${this.width}x${this.height} pixels`,
      );
    }
    for (let y = destTop, row = 0; y <= destBottom; y++, row++) {
      this.pixels.set(pixels.subarray(row * width, row * width + destRight - destLeft + 1), y * this.width + destLeft);
    }
  }
}
