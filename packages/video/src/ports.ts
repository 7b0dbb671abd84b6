/**
 * What this package takes and gives: rectangles, streams, and what changed from one frame to the next. Structural: who shows the streams
 * imports nothing.
 */

/** A rectangle of screen pixels. INVARIANT: width > 0, height > 0, inside the screen */
export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Disjoint rectangles; never collapsed into one bounding box. */
export type Region = readonly Rect[];

/** A picture that moves. The object stays the same for as long as the picture does; what it says changes with each frame. */
export interface VideoStream {
  /** Never used again. */
  readonly id: number;
  /** The whole picture, screen pixels. */
  readonly rect: Rect;
  /** Where in `rect` the picture shows; the rest is covered by what stands still. INVARIANT: at least one rectangle */
  readonly parts: Region;
  /** Grows by one whenever the picture has changed. */
  readonly frames: number;
  /** When it changed last, milliseconds of the caller's clock. */
  readonly time: number;
  /** Milliseconds between its frames, in the mean. */
  readonly interval: number;
  /** Of its JPEG pictures, 10 to 100. */
  readonly quality: number;
  /**
   * The pixels of a rectangle as JPEG, as they were given to the last call of `frame`: encoded once for each frame, then shared.
   *
   * @param rect INVARIANT: inside the screen
   */
  jpeg(rect: Rect): Uint8Array;
}

export interface VideoChanges {
  /** All that there are now, the oldest first. */
  readonly streams: readonly VideoStream[];
  /** Pixels that were in a stream's parts before this frame and are in none now: to be shown exactly from here on. */
  readonly released: Region;
}
