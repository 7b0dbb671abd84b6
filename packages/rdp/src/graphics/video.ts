/**
 * A display's moving pictures: what is found on it, what of its ordinary updates they make needless, and what each viewer has seen of them.
 *
 * Not pure: state of one display. Each pixel of a viewer that takes video is in a stream's parts, or among its changed tiles when it is not as the
 * viewer has it: what leaves the parts is put there at once.
 */
import type { VideoChanges, VideoFinder, VideoRedirection, VideoStream } from '../ports.js';
import type { Frame } from './frame.js';
import { area, clip, type Rect, type Region, subtractAll } from './region.js';
import type { TileSet } from './tiles.js';

/** Shows moving pictures to one viewer. */
export interface VideoSink {
  /** It takes video now. Asked for each frame. */
  readonly ready: boolean;
  /**
   * A stream has a new frame, place or shape, or is new to the viewer. Must not throw.
   *
   * @param pixels the frame's, 0x00RRGGBB; @param stride pixels a row
   * @returns false: not now; it is asked again with the next frame
   */
  show(stream: VideoStream, pixels: Uint32Array, stride: number): boolean;
  /** A stream has ended; its pixels follow among the ordinary updates. Must not throw. */
  end(id: number): void;
}

/** What one viewer has seen of the streams. */
export class VideoView {
  /** The frame of each stream that it was shown last, or that it did not take; its shape then. */
  private readonly shown = new Map<number, { readonly frames: number; readonly parts: Region; readonly rect: Rect }>();
  /** Its ordinary updates leave the streams out. */
  isOn = false;

  constructor(readonly sink: VideoSink) {}

  /** A stream of which it has not seen the newest. */
  next(streams: readonly VideoStream[]): VideoStream | undefined {
    if (!this.isOn || !this.sink.ready) return undefined;
    return streams.find(({ id, frames, parts, rect }) => {
      const last = this.shown.get(id);
      return last?.frames !== frames || last.parts !== parts || last.rect !== rect;
    });
  }

  show(stream: VideoStream, pixels: Uint32Array, stride: number): void {
    const { id, frames, parts, rect } = stream;
    this.sink.show(stream, pixels, stride);
    this.shown.set(id, { frames, parts, rect });
  }

  /** Forgets the streams that are not among these. */
  keep(streams: readonly VideoStream[]): void {
    for (const id of [...this.shown.keys()]) {
      if (streams.some((stream) => stream.id === id)) continue;
      this.shown.delete(id);
      this.sink.end(id);
    }
  }
}

/** A viewer: its view of the streams, if it has one, and its changed tiles. */
export interface Watcher {
  readonly video: VideoView | undefined;
  readonly changed: TileSet;
}

export class MovingPictures {
  private finder: VideoFinder | undefined;
  streams: readonly VideoStream[] = [];

  constructor(private readonly video: VideoRedirection) {}

  /** When `capture` is to be called at the latest. */
  get wake(): number | undefined {
    return this.finder?.wake;
  }

  /** Takes in a captured frame, and puts what has changed among the tiles of each viewer, without what streams show. */
  capture(changed: Region, frame: Frame, now: number, watchers: readonly Watcher[]): void {
    this.check(watchers);
    for (const { video } of watchers) if (video && this.video.enabled && video.sink.ready) video.isOn = true;
    const takers = watchers.filter(({ video }) => video?.isOn);
    if (takers.length > 0) {
      this.finder ??= this.video.finder(frame.grid.width, frame.grid.height);
      const found = this.finder.frame(changed, frame.pixels, now);
      this.follow(found, takers);
    }
    const parts = partsOf(this.streams);
    const rest = takers.length > 0 && parts.length > 0 ? subtractAll(changed, parts) : changed;
    for (const watcher of watchers) for (const rect of watcher.video?.isOn ? rest : changed) watcher.changed.addRect(rect);
  }

  /** Ends the video of viewers that take it no more, or of all: they see all of it exactly. */
  check(watchers: readonly Watcher[]): void {
    for (const { video, changed } of watchers) {
      if (!video?.isOn || (this.video.enabled && video.sink.ready)) continue;
      for (const rect of partsOf(this.streams)) changed.addRect(rect);
      video.isOn = false;
      video.keep([]);
    }
    if (this.finder && !watchers.some(({ video }) => video?.isOn)) this.drop(watchers);
  }

  /** Begins again: the display has another size, or nobody takes video any more. */
  drop(watchers: readonly Watcher[]): void {
    this.finder = undefined;
    this.streams = [];
    for (const { video } of watchers) video?.keep([]);
  }

  private follow({ streams, released }: VideoChanges, takers: readonly Watcher[]): void {
    this.streams = [...streams];
    const parts = partsOf(streams);
    for (const { video, changed } of takers) {
      for (const rect of released) changed.addRect(rect);
      video!.keep(streams);
      // What waits inside a stream's parts is seen in the stream.
      for (let tile = changed.next(0); tile >= 0; tile = changed.after(tile)) {
        const rect = changed.grid.rect(tile, changed.get(tile));
        if (parts.length > 0 && area(clip(parts, rect)) === area([rect])) changed.delete(tile);
      }
    }
  }
}

const partsOf = (streams: readonly VideoStream[]): Region => streams.flatMap(({ parts }) => parts);
