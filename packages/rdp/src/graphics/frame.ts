/**
 * The display's own copy of the screen: finds what damage has really changed, and holds still while it is encoded.
 *
 * Not pure: state of one display. A screen's pixels are written by the guest at any time; encoders read this copy alone, so that every
 * viewer's bitmap of one version of a tile shows the same pixels.
 */
import type { Region } from './region.js';
import { box, boxBottom, boxLeft, boxRight, boxTop, joinBoxes, TileGrid } from './tiles.js';

/** Where pixels come from: BGRX rows, row-major. */
export interface PixelSource {
  readonly width: number;
  readonly height: number;
  /** Bytes a row. INVARIANT: a multiple of 4, at least 4 * width */
  readonly stride: number;
  readonly pixels: Uint8Array;
}

export class Frame {
  readonly grid: TileGrid;
  /** 0x00RRGGBB, `grid.width` pixels a row. */
  readonly pixels: Uint32Array;
  /** How often each tile has changed. */
  private readonly versions: Uint32Array;
  /** Tiles changed by the capture in progress, and the box of each. */
  private readonly boxes: Uint32Array;

  /** A black frame. @param width pixels; @param height pixels */
  constructor(width: number, height: number) {
    this.grid = new TileGrid(width, height);
    this.pixels = new Uint32Array(width * height);
    this.versions = new Uint32Array(this.grid.count);
    this.boxes = new Uint32Array(this.grid.count);
  }

  version(tile: number): number {
    return this.versions[tile];
  }

  /**
   * Copies what has changed inside the damage.
   *
   * @param source INVARIANT: of this frame's size
   * @param changed called once for each tile with a pixel that differs from before, with the box of those pixels
   */
  capture(source: PixelSource, damage: Region, changed: (tile: number, packed: number) => void): void {
    const { grid, boxes } = this;
    const from = words(source);
    const stride = source.stride / 4;
    const touched: number[] = [];
    for (const rect of damage) {
      grid.forEachTile(rect, (tile, part) => {
        const differs = this.copy(from, stride, tile, part);
        if (differs === 0) return;
        if (boxes[tile] === 0) touched.push(tile);
        boxes[tile] = joinBoxes(boxes[tile], differs);
      });
    }
    for (const tile of touched) {
      this.versions[tile]++;
      changed(tile, boxes[tile]);
      boxes[tile] = 0;
    }
  }

  /** Copies a part of a tile. @returns the box of the pixels that differ from before; 0 if none does */
  private copy(from: Uint32Array, stride: number, tile: number, part: number): number {
    const { pixels, grid } = this;
    const x = grid.left(tile);
    const y = grid.top(tile);
    const left = x + boxLeft(part);
    const right = x + boxRight(part);
    let minX = right;
    let maxX = -1;
    let minY = -1;
    let maxY = -1;
    for (let row = y + boxTop(part), end = y + boxBottom(part); row < end; row++) {
      const source = row * stride;
      const target = row * grid.width;
      let first = left;
      while (first < right && (from[source + first] & 0xffffff) === pixels[target + first]) first++;
      if (first === right) continue;
      let last = right - 1;
      while ((from[source + last] & 0xffffff) === pixels[target + last]) last--;
      for (let i = first; i <= last; i++) pixels[target + i] = from[source + i] & 0xffffff;
      if (first < minX) minX = first;
      if (last > maxX) maxX = last;
      if (minY < 0) minY = row;
      maxY = row;
    }
    return maxX < 0 ? 0 : box(minX - x, minY - y, maxX + 1 - x, maxY + 1 - y);
  }
}

/** A screen's pixels as 32-bit numbers; a copy if they are not aligned to them. */
function words({ pixels, stride, width, height }: PixelSource): Uint32Array {
  if (stride % 4 !== 0 || stride < 4 * width || pixels.length < stride * height) {
    throw new RangeError(`a screen of ${width}x${height} pixels and ${stride} bytes a row with ${pixels.length} bytes of pixels`);
  }
  const aligned = pixels.byteOffset % 4 === 0 ? pixels : pixels.slice();
  return new Uint32Array(aligned.buffer, aligned.byteOffset, aligned.byteLength >> 2);
}
