/** A guest screen as a PNG. */
import { PNG } from 'pngjs';

/** BGRX rows, row-major, `stride` bytes a row; sizes in pixels. */
interface Picture {
  readonly width: number;
  readonly height: number;
  readonly stride: number;
  readonly pixels: Uint8Array;
}

/** An RGB image without alpha of what the screen holds now. */
export function screenshot({ width, height, stride, pixels }: Picture): Buffer {
  const rgb = Buffer.alloc(width * height * 3);
  for (let y = 0, to = 0; y < height; y++) {
    for (let from = y * stride, end = from + width * 4; from < end; from += 4, to += 3) {
      rgb[to] = pixels[from + 2];
      rgb[to + 1] = pixels[from + 1];
      rgb[to + 2] = pixels[from];
    }
  }
  const png = new PNG({ width, height, colorType: 2, inputColorType: 2, inputHasAlpha: false, bitDepth: 8 });
  png.data = rgb;
  return PNG.sync.write(png, { colorType: 2, inputColorType: 2, inputHasAlpha: false, bitDepth: 8 });
}
