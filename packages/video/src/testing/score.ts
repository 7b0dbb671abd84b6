/**
 * How well a finder does on a recorded screen whose films are known.
 *
 * State of one recording. Counted in tiles and frames: each tile that changes in a frame was film or was not, and was shown as video or was not.
 */
import type { Rect, Region, VideoChanges } from '../ports.js';
import { VideoFinder } from '../finder.js';
import { area, intersect, subtract } from '../rect.js';

const FOREVER = 1e12;

/** One frame of a recording. */
export interface RecordedFrame {
  /** Milliseconds. */
  readonly time: number;
  /** One box a tile. */
  readonly changed: Region;
  /** 0x00RRGGBB, row-major. */
  readonly pixels: Uint32Array;
  /** Where films show. */
  readonly films: Region;
}

export interface Score {
  readonly frames: number;
  /** Tiles that changed in a frame: film shown as video, film not shown so, and what is no film shown as video. */
  readonly hits: number;
  readonly misses: number;
  readonly falseHits: number;
  /** hits / (hits + falseHits); 1 if nothing was shown as video. */
  readonly precision: number;
  /** hits / (hits + misses); 1 if there was no film. */
  readonly recall: number;
  /** Milliseconds from the first film to the first stream; undefined if there was either not. */
  readonly found: number | undefined;
  /** The longest that a pixel which is no film was shown as video after it had stopped changing, milliseconds. */
  readonly stale: number;
  /** Milliseconds of the finder's work, a frame: in the mean, and of the slowest in twenty. */
  readonly mean: number;
  readonly slow: number;
  /** Most streams at a time. */
  readonly streams: number;
}

export class Scorer {
  private readonly finder: VideoFinder;
  private readonly changedAt: Float64Array;
  private readonly times: number[] = [];
  private counts = { hits: 0, misses: 0, falseHits: 0 };
  private firstFilm: number | undefined;
  private firstStream: number | undefined;
  private stale = 0;
  private streams = 0;
  private parts: Region = [];
  private last: RecordedFrame | undefined;

  constructor(
    private readonly width: number,
    height: number,
  ) {
    this.finder = new VideoFinder(width, height, () => 75);
    this.changedAt = new Float64Array(width * height).fill(-FOREVER);
  }

  /** Takes in the next frame, and whatever wakes the finder before it. @returns what the finder found */
  frame(frame: RecordedFrame): VideoChanges {
    const { last } = this;
    for (let wake = this.finder.wake; last && wake !== undefined && wake < frame.time; wake = this.finder.wake) {
      this.find({ ...last, time: Math.max(wake, last.time), changed: [] });
    }
    this.last = frame;
    return this.find(frame);
  }

  get score(): Score {
    const { hits, misses, falseHits } = this.counts;
    const sorted = [...this.times].sort((a, b) => a - b);
    return {
      frames: this.times.length,
      ...this.counts,
      precision: hits + falseHits === 0 ? 1 : hits / (hits + falseHits),
      recall: hits + misses === 0 ? 1 : hits / (hits + misses),
      found: this.firstFilm === undefined || this.firstStream === undefined ? undefined : this.firstStream - this.firstFilm,
      stale: this.stale,
      mean: sorted.reduce((sum, time) => sum + time, 0) / sorted.length,
      slow: sorted[Math.floor(sorted.length * 0.95)] ?? 0,
      streams: this.streams,
    };
  }

  private find({ time, changed, pixels, films }: RecordedFrame): VideoChanges {
    const start = process.cpuUsage();
    const found = this.finder.frame(changed, pixels, time);
    const { user, system } = process.cpuUsage(start);
    this.times.push((user + system) / 1000);
    this.streams = Math.max(this.streams, found.streams.length);
    if (films.length > 0) this.firstFilm ??= time;
    if (this.firstFilm !== undefined && found.streams.length > 0) this.firstStream ??= time;
    const parts = found.streams.flatMap((stream) => stream.parts);
    for (const box of changed) {
      this.mark(box, time);
      const isFilm = share(box, films) >= 0.5;
      const isVideo = share(box, parts) >= 0.5;
      if (isFilm && isVideo) this.counts.hits++;
      else if (isFilm) this.counts.misses++;
      else if (isVideo) this.counts.falseHits++;
    }
    // What was shown as video until now, was so until this instant.
    for (const rect of subtract(this.parts, films)) this.age(rect, time);
    this.parts = parts;
    return found;
  }

  private mark({ x, y, width, height }: Rect, time: number): void {
    for (let row = y; row < y + height; row++) this.changedAt.fill(time, row * this.width + x, row * this.width + x + width);
  }

  private age({ x, y, width, height }: Rect, time: number): void {
    let { stale } = this;
    for (let row = y; row < y + height; row++) {
      for (let at = row * this.width + x, end = at + width; at < end; at++) {
        const age = time - this.changedAt[at];
        if (age > stale && age < FOREVER) stale = age;
      }
    }
    this.stale = stale;
  }
}

const share = (box: Rect, region: Region): number => area(region.flatMap((rect) => intersect(rect, box) ?? [])) / area([box]);
