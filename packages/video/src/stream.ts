/** One moving picture. Not pure: says where it is now, and keeps the JPEG pictures of its newest frame. */
import { encodeJpeg } from './jpeg.js';
import type { Rect, Region, VideoStream } from './ports.js';
import { intersect } from './rect.js';
import type { Shape } from './shape.js';

/** What a stream's pictures are made of. */
export interface Canvas {
  /** Pixels a row. */
  readonly width: number;
  /** 0x00RRGGBB, row-major: the newest frame. */
  readonly pixels: Uint32Array;
  /** Number of the newest frame. */
  readonly version: number;
  /** 10 to 100. */
  readonly quality: number;
}

/** Frames over which the mean interval is taken. */
const MEAN = 8;

export class Stream implements VideoStream {
  rect: Rect;
  parts: Region;
  frames = 1;
  interval = 1000 / 24;
  private readonly pictures = new Map<string, Uint8Array>();
  private encoded = { version: 0, quality: 0 };

  constructor(
    readonly id: number,
    shape: Shape,
    public time: number,
    private readonly canvas: Canvas,
  ) {
    this.rect = shape.rect;
    this.parts = shape.parts;
  }

  get quality(): number {
    return this.canvas.quality;
  }

  /** Something on the screen has changed: if it is in the picture, that has a new frame. @returns whether it has */
  advance(changed: Region, now: number): boolean {
    if (!this.parts.some((part) => changed.some((rect) => intersect(part, rect)))) return false;
    this.frames++;
    this.interval += (now - this.time - this.interval) / MEAN;
    this.time = now;
    return true;
  }

  jpeg(rect: Rect): Uint8Array {
    const { pixels, width, version, quality } = this.canvas;
    if (this.encoded.version !== version || this.encoded.quality !== quality) {
      this.encoded = { version, quality };
      this.pictures.clear();
    }
    const key = `${rect.x},${rect.y},${rect.width},${rect.height}`;
    let picture = this.pictures.get(key);
    if (!picture) this.pictures.set(key, (picture = encodeJpeg(pixels, width, rect, quality)));
    return picture;
  }
}
