/**
 * The display's own copy of the screen: finds what damage has really changed, and holds still while it is encoded.
 *
 * Not pure: state of one display. A screen's pixels are written by the guest at any time; encoders read this copy alone, so that every
 * viewer's bitmap of one version of a tile shows the same pixels.
 */
import { Kernels } from './kernels.js';
import { intersect, type Rect, type Region } from './region.js';
import { box, boxBottom, boxLeft, boxRight, boxTop, joinBoxes, TILE, TileGrid } from './tiles.js';

/** Where pixels come from: BGRX rows, row-major. */
export interface PixelSource {
  readonly width: number;
  readonly height: number;
  /** Bytes a row. INVARIANT: at least 4 * width */
  readonly stride: number;
  readonly pixels: Uint8Array;
}

export class Frame {
  readonly grid: TileGrid;
  readonly kernels: Kernels;
  /** 0x00RRGGBB, `grid.width` pixels a row, in the kernels' memory. */
  readonly pixels: Uint32Array;
  /** The kernels' memory as bytes, from `pixels` on. */
  private readonly bytes: Uint8Array;
  /** How often each tile has changed. */
  private readonly versions: Uint32Array;
  /** Tiles changed by the capture in progress, and the box of each. */
  private readonly boxes: Uint32Array;

  /** A black frame. @param width pixels; @param height pixels */
  constructor(width: number, height: number) {
    this.grid = new TileGrid(width, height);
    // Behind the frame's own pixels there is room for a row of tiles as they come from the screen.
    this.kernels = new Kernels(TILE * TILE, width * (height + TILE));
    const { buffer, byteOffset, byteLength } = this.kernels.pixels;
    this.pixels = this.kernels.pixels.subarray(0, width * height);
    this.bytes = new Uint8Array(buffer, byteOffset, byteLength);
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
    const { width, height } = this.grid;
    if (source.stride < 4 * width || source.pixels.length < source.stride * height) {
      throw new RangeError(`a screen of ${width}x${height} pixels and ${source.stride} bytes a row with ${source.pixels.length} bytes of pixels`);
    }
    const touched: number[] = [];
    for (const rect of damage) {
      const inside = intersect(rect, { x: 0, y: 0, width, height });
      if (!inside) continue;
      const bottom = inside.y + inside.height;
      for (let y = inside.y; y < bottom; y = y - (y % TILE) + TILE) {
        this.band(source, { ...inside, y, height: Math.min(bottom, y - (y % TILE) + TILE) - y }, touched);
      }
    }
    for (const tile of touched) {
      this.versions[tile]++;
      changed(tile, this.boxes[tile]);
      this.boxes[tile] = 0;
    }
  }

  /** Copies a rectangle inside one row of tiles. @param touched gets the tiles that were unchanged until now */
  private band(source: PixelSource, rect: Rect, touched: number[]): void {
    const { grid, kernels, bytes, boxes } = this;
    const stage = grid.width * grid.height;
    for (let row = 0; row < rect.height; row++) {
      const from = (rect.y + row) * source.stride + 4 * rect.x;
      bytes.set(source.pixels.subarray(from, from + 4 * rect.width), 4 * (stage + row * rect.width));
    }
    grid.forEachTile(rect, (tile, part) => {
      const x = grid.left(tile) + boxLeft(part);
      const to = (grid.top(tile) + boxTop(part)) * grid.width + x;
      const differs = kernels.absorb(stage + x - rect.x, rect.width, to, grid.width, boxRight(part) - boxLeft(part), boxBottom(part) - boxTop(part));
      if (differs === 0) return;
      if (boxes[tile] === 0) touched.push(tile);
      boxes[tile] = joinBoxes(boxes[tile], shift(differs, boxLeft(part), boxTop(part)));
    });
  }
}

const shift = (packed: number, x: number, y: number): number =>
  box(boxLeft(packed) + x, boxTop(packed) + y, boxRight(packed) + x, boxBottom(packed) + y);
