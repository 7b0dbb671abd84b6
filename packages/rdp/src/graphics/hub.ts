/**
 * One screen shown to many viewers: damage in, each viewer's newest tiles out, at each one's own pace.
 *
 * Not pure: holds the frame, the viewers and their clocks; sockets stay with the viewers. The way of a pixel: the screen says that there is
 * damage; at the next turn of the event loop (at once if the last frames are long enough ago) the frame takes in what has changed; every
 * viewer that is ready gets the bitmaps of its changed tiles; one that is not keeps a set of tiles and nothing else.
 */
import { BitmapCache } from './bitmap-cache.js';
import type { BitmapFormat, EncodedBitmap } from './encode.js';
import { Frame, type PixelSource } from './frame.js';
import type { Rect, Region } from './region.js';
import { box, boxBottom, boxLeft, boxRight, boxTop, type TileGrid, TileSet } from './tiles.js';
import { MovingPictures, type VideoSink, VideoView } from './video.js';
import type { VideoRedirection, VideoStream } from '../ports.js';

/** What the display needs of a screen. */
export interface DisplaySource extends PixelSource {
  /** What may have changed since the last call. */
  takeDamage(): Region;
  /** Calls back when there is damage that nobody took yet. */
  onDamage(listener: () => void): () => void;
  /** Calls back when width, height, stride and pixels are new. */
  onResize(listener: () => void): () => void;
}

/** What the display needs of one viewer's session. */
export interface Viewer {
  readonly format: BitmapFormat;
  /** The client's desktop, pixels: nothing is sent beyond it, whatever the screen's size. */
  readonly width: number;
  readonly height: number;
  /** Whether its socket takes more now. */
  ready(): boolean;
  /** Sends one update. The bitmaps are shared with other viewers and must not be changed. Must not throw. */
  send(bitmaps: readonly EncodedBitmap[]): void;
  /** Shows it moving pictures; without it they are in its ordinary updates. */
  readonly video?: VideoSink;
}

/** A viewer's end of the display. */
export interface Attachment {
  /** Its socket has drained: `ready()` may be true again. */
  pace(): void;
  /** Sends a part of the screen again, or all of it. */
  refresh(rect?: Rect): void;
  /** Sends nothing until `resume`. */
  suspend(): void;
  /** Sends again, from a whole picture on. */
  resume(): void;
  detach(): void;
}

/** Time, in milliseconds of no particular origin, and calls later. */
export interface Clock {
  now(): number;
  /** Calls once the current turn of the event loop has taken all its input. @returns takes the call back */
  soon(call: () => void): () => void;
  after(milliseconds: number, call: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  soon(call) {
    const immediate = setImmediate(call);
    return () => clearImmediate(immediate);
  },
  after(milliseconds, call) {
    const timer = setTimeout(call, milliseconds);
    return () => clearTimeout(timer);
  },
};

/** Milliseconds between frames in the long run: 60 a second. */
const FRAME_INTERVAL = 1000 / 60;
/** Frames that may follow at once after a rest, so that the second half of a guest's drawing doesn't wait. */
const FRAME_BURST = 3;
/** Milliseconds of encoding in one turn of the event loop. */
const TURN_BUDGET = 6;
/** Bytes of bitmaps in one update, after which a viewer is asked again whether it is ready. */
const UPDATE_BYTES = 32 << 10;

interface ViewerState {
  readonly viewer: Viewer;
  changed: TileSet;
  /** Tile to go on with, so that a viewer that never gets through still sees the bottom of its screen. */
  next: number;
  suspended: boolean;
  detached: boolean;
  readonly video: VideoView | undefined;
  /** What it got last was a moving picture: tiles are next, so that neither keeps the other from a slow line. */
  sawVideo: boolean;
}

export class DisplayHub {
  private readonly viewers: ViewerState[] = [];
  private readonly cache = new BitmapCache();
  private readonly unsubscribe: readonly (() => void)[];
  /** Absent while nobody looks. */
  private frame: Frame | undefined;
  /** The screen has damage that the frame has not taken in. */
  private damaged = true;
  /** Everything is to be taken in, whatever the screen calls damaged. */
  private stale = true;
  /** When the next frame is due at the earliest. */
  private due = -Infinity;
  /** Viewer that is served first in the next turn. */
  private first = 0;
  private cancel: (() => void) | undefined;
  private waiting: 'turn' | 'time' | undefined;
  private readonly pictures: MovingPictures | undefined;
  private cancelWake: (() => void) | undefined;

  /** @param video without it no viewer is shown moving pictures as such */
  constructor(
    private readonly screen: DisplaySource,
    private readonly clock: Clock = systemClock,
    video?: VideoRedirection,
  ) {
    this.pictures = video && new MovingPictures(video);
    this.unsubscribe = [
      screen.onDamage(() => {
        this.damaged = true;
        this.plan();
      }),
      screen.onResize(() => {
        if (this.frame) this.reshape();
        this.plan();
      }),
    ];
  }

  /** Number of bitmaps encoded so far: what all viewers together have cost. */
  get encodedBitmaps(): number {
    return this.cache.encoded;
  }

  /** Shows the screen to a viewer, from a whole picture on. */
  attach(viewer: Viewer): Attachment {
    if (!this.frame) this.reshape();
    const state: ViewerState = { viewer, changed: this.everything(), next: 0, suspended: false, detached: false, video: viewer.video && new VideoView(viewer.video), sawVideo: false };
    this.viewers.push(state);
    this.plan();
    return {
      pace: () => this.plan(),
      refresh: (rect) => {
        if (rect) state.changed.addRect(rect);
        else state.changed.addAll();
        this.plan();
      },
      suspend: () => {
        state.suspended = true;
      },
      resume: () => {
        state.suspended = false;
        state.changed.addAll();
        this.plan();
      },
      detach: () => this.detach(state),
    };
  }

  /** Lets go of the screen and of all viewers. */
  close(): void {
    for (const off of this.unsubscribe) off();
    for (const state of [...this.viewers]) this.detach(state);
  }

  private detach(state: ViewerState): void {
    if (state.detached) return;
    state.detached = true;
    this.viewers.splice(this.viewers.indexOf(state), 1);
    state.video?.keep([]);
    this.pictures?.check(this.viewers);
    if (this.viewers.length > 0) return;
    this.stop();
    this.cancelWake?.();
    this.frame = undefined;
    this.cache.clear();
  }

  /** Begins again with a frame of the screen's size. */
  private reshape(): void {
    this.cache.clear();
    this.frame = new Frame(this.screen.width, this.screen.height);
    this.damaged = true;
    this.stale = true;
    this.pictures?.drop(this.viewers);
    for (const state of this.viewers) {
      state.changed = this.everything();
      state.next = 0;
    }
  }

  private everything(): TileSet {
    const set = new TileSet(this.frame!.grid);
    set.addAll();
    return set;
  }

  private stop(): void {
    this.cancel?.();
    this.cancel = undefined;
    this.waiting = undefined;
  }

  /** Sees to it that there is a turn when there is something to do, and none otherwise. */
  private plan(): void {
    if (this.waiting === 'turn') return;
    this.stop();
    let someoneReady = false;
    let someoneBehind = false;
    this.pictures?.check(this.viewers);
    for (const state of this.viewers) {
      if (state.suspended || !state.viewer.ready()) continue;
      someoneReady = true;
      someoneBehind = state.changed.size > 0 || this.nextPicture(state) !== undefined;
      if (someoneBehind) break;
    }
    if (!someoneReady || !(someoneBehind || this.damaged)) return;
    const wait = someoneBehind || this.stale ? 0 : this.due - this.clock.now();
    const turn = (): void => this.turn();
    this.waiting = wait > 0 ? 'time' : 'turn';
    this.cancel = wait > 0 ? this.clock.after(wait, turn) : this.clock.soon(turn);
  }

  private turn(): void {
    this.stop();
    const now = this.clock.now();
    if (this.damaged && (this.stale || now >= this.due)) this.capture(now);
    const deadline = this.clock.now() + TURN_BUDGET;
    const order = [...this.viewers.slice(this.first), ...this.viewers.slice(0, this.first)];
    for (const state of order) {
      if (this.clock.now() >= deadline) break;
      this.serve(state, deadline);
      // Whoever used up the time goes last in the next turn.
      this.first = this.viewers.indexOf(state) + 1;
    }
    this.plan();
  }

  private capture(now: number): void {
    if (this.frame!.grid.width !== this.screen.width || this.frame!.grid.height !== this.screen.height) this.reshape();
    this.due = Math.max(this.due, now - (FRAME_BURST - 1) * FRAME_INTERVAL) + FRAME_INTERVAL;
    this.damaged = false;
    const taken = this.screen.takeDamage();
    const { width, height } = this.frame!.grid;
    const damage = this.stale ? [{ x: 0, y: 0, width, height }] : taken;
    this.stale = false;
    const { pictures, viewers } = this;
    const frame = this.frame!;
    const changed: Rect[] = [];
    frame.capture(this.screen, damage, (tile, packed) => {
      if (pictures) changed.push(frame.grid.rect(tile, packed));
      else for (const state of viewers) state.changed.add(tile, packed);
    });
    if (!pictures) return;
    pictures.capture(changed, frame, now, viewers);
    this.planWake();
  }

  /** Sees to it that moving pictures which stand still are let go, though nothing else moves. */
  private planWake(): void {
    this.cancelWake?.();
    const wake = this.pictures?.wake;
    if (wake === undefined) return;
    this.cancelWake = this.clock.after(Math.max(1, wake - this.clock.now()), () => {
      const now = this.clock.now();
      // While nobody is ready damage waits, and only seems not to be there.
      if (this.damaged) this.capture(now);
      else {
        this.pictures!.capture([], this.frame!, now, this.viewers);
        this.planWake();
      }
      this.plan();
    });
  }

  private nextPicture({ video }: ViewerState): VideoStream | undefined {
    return this.pictures && video?.next(this.pictures.streams);
  }

  /** Sends a viewer's changed tiles and moving pictures until it has them all, is no longer ready, or time is up. */
  private serve(state: ViewerState, deadline: number): void {
    const { viewer } = state;
    while (!state.suspended && !state.detached && viewer.ready()) {
      const frame = this.frame!;
      const picture = this.nextPicture(state);
      if (picture && (state.changed.size === 0 || !state.sawVideo)) {
        state.sawVideo = true;
        state.video!.show(picture, frame.pixels, frame.grid.width);
        if (this.clock.now() >= deadline) return;
        continue;
      }
      if (state.changed.size === 0) return;
      state.sawVideo = false;
      const update: EncodedBitmap[] = [];
      let bytes = 0;
      do {
        const tile = state.changed.next(state.next);
        if (tile < 0) break;
        state.next = tile + 1;
        const packed = fit(frame.grid, tile, state.changed.get(tile), viewer);
        state.changed.delete(tile);
        if (packed === 0) continue;
        const bitmap = this.cache.get(frame, tile, packed, viewer.format);
        update.push(bitmap);
        bytes += bitmap.data.length;
      } while (bytes < UPDATE_BYTES && this.clock.now() < deadline);
      if (update.length > 0) viewer.send(update);
      if (this.clock.now() >= deadline) return;
    }
  }
}

/**
 * The part of a box on a viewer's desktop, widened to whole fours of pixels where there are any: bitmaps have such rows, and neighbours
 * cost less than padding. 0 if there is none.
 */
function fit(grid: TileGrid, tile: number, packed: number, viewer: Viewer): number {
  const whole = grid.whole(tile);
  const edgeX = Math.min(boxRight(whole), viewer.width - grid.left(tile));
  const edgeY = Math.min(boxBottom(whole), viewer.height - grid.top(tile));
  const left = boxLeft(packed) & ~3;
  const right = Math.min((boxRight(packed) + 3) & ~3, edgeX);
  const bottom = Math.min(boxBottom(packed), edgeY);
  return left < right && boxTop(packed) < bottom ? box(left, boxTop(packed), right, bottom) : 0;
}
