/**
 * Bitmaps of the newest version of each tile, so that a tile is encoded once for all viewers of a format.
 *
 * Not pure: state of one display, of bounded size.
 */
import { encodeBitmap, type BitmapFormat, type EncodedBitmap } from './encode.js';
import type { Frame } from './frame.js';

/** Bytes of bitmaps kept by default: two formats of a busy 1920x1080 screen. */
const DEFAULT_LIMIT = 16 << 20;

interface Entry {
  readonly version: number;
  /** By box: viewers that follow closely need less of a tile than those that lag. */
  readonly bitmaps: Map<number, EncodedBitmap>;
  bytes: number;
}

export class BitmapCache {
  /** By tile and format, the one written longest ago first. */
  private entries = new Map<number, Entry>();
  private total = 0;
  /** Number of bitmaps encoded so far. */
  encoded = 0;

  /** @param limit bytes of bitmaps that may be kept */
  constructor(private readonly limit = DEFAULT_LIMIT) {}

  /** Bytes of bitmaps kept. INVARIANT: at most the limit, or one tile's */
  get bytes(): number {
    return this.total;
  }

  clear(): void {
    this.entries.clear();
    this.total = 0;
  }

  /** The bitmap of a tile's box as the frame shows it now: the same object for every caller until the tile changes. */
  get(frame: Frame, tile: number, packed: number, format: BitmapFormat): EncodedBitmap {
    const key = tile * 512 + formatKey(format);
    const version = frame.version(tile);
    let entry = this.entries.get(key);
    if (entry?.version !== version) {
      if (entry) this.drop(key, entry);
      entry = { version, bitmaps: new Map(), bytes: 0 };
      this.entries.set(key, entry);
    }
    const known = entry.bitmaps.get(packed);
    if (known) return known;
    const bitmap = encodeBitmap(frame.pixels, frame.grid.width, frame.grid.rect(tile, packed), format, frame.kernels);
    this.encoded++;
    entry.bitmaps.set(packed, bitmap);
    entry.bytes += bitmap.data.length;
    this.total += bitmap.data.length;
    for (const [oldest, old] of this.entries) {
      if (this.total <= this.limit || oldest === key) break;
      this.drop(oldest, old);
    }
    return bitmap;
  }

  private drop(key: number, entry: Entry): void {
    this.entries.delete(key);
    this.total -= entry.bytes;
  }
}

/** A number under 512 for a format; `skipAlpha` counts only where a bitmap can have an alpha plane. */
const formatKey = ({ bitsPerPixel, compressed, skipAlpha }: BitmapFormat): number =>
  bitsPerPixel | (compressed ? 64 : 0) | (bitsPerPixel === 32 && compressed && skipAlpha ? 128 : 0);
