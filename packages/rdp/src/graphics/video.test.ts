import { beforeEach, describe, expect, test } from '@jest/globals';
import type { Rect, Region, VideoChanges, VideoStream } from '../ports.js';
import { decodeBitmap, type EncodedBitmap } from './encode.js';
import { type Attachment, type Clock, DisplayHub } from './hub.js';
import type { VideoSink } from './video.js';

const WIDTH = 256;
const HEIGHT = 192;
const FILM = { x: 40, y: 30, width: 130, height: 100 };

/** Time that a test moves. */
class Time implements Clock {
  time = 1000;
  private calls: { readonly at: number; readonly call: () => void }[] = [];

  now(): number {
    return this.time;
  }
  soon(call: () => void): () => void {
    return this.after(0, call);
  }
  after(milliseconds: number, call: () => void): () => void {
    const entry = { at: this.time + milliseconds, call };
    this.calls.push(entry);
    return () => void (this.calls = this.calls.filter((other) => other !== entry));
  }
  pass(milliseconds: number): void {
    const end = this.time + milliseconds;
    for (let next = this.next(end); next; next = this.next(end)) {
      this.time = Math.max(this.time, next.at);
      this.calls = this.calls.filter((entry) => entry !== next);
      next.call();
    }
    this.time = end;
  }
  private next(end: number) {
    return this.calls.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
  }
}

/** A screen that tests draw on. */
class Screen {
  width = WIDTH;
  height = HEIGHT;
  readonly stride = 4 * WIDTH;
  readonly pixels = new Uint8Array(4 * WIDTH * HEIGHT);
  private damage: Region = [];
  private listener = (): void => undefined;

  onDamage(listener: () => void): () => void {
    this.listener = listener;
    return () => undefined;
  }
  onResize(): () => void {
    return () => undefined;
  }
  takeDamage(): Region {
    const taken = this.damage;
    this.damage = [];
    return taken;
  }
  draw(rect: Rect, seed: number): void {
    const words = new Uint32Array(this.pixels.buffer);
    for (let y = rect.y; y < rect.y + rect.height; y++) for (let x = rect.x; x < rect.x + rect.width; x++) words[y * WIDTH + x] = Math.imul(seed * 7919 + y * WIDTH + x, 0x9e3779b1) >>> 8;
    this.damage = [...this.damage, rect];
    this.listener();
  }
}

/** Finds what a test tells it. */
class Finder {
  streams: VideoStream[] = [];
  released: Region = [];
  wake: number | undefined;
  readonly times: number[] = [];

  frame(_changed: Region, _pixels: Uint32Array, now: number): VideoChanges {
    this.times.push(now);
    const { released } = this;
    this.released = [];
    return { streams: this.streams, released };
  }
}

const film = (frames: number, parts: Region = [FILM]): VideoStream => ({ id: 1, rect: FILM, parts, frames, time: 0, interval: 40, quality: 75, jpeg: () => new Uint8Array(9) });

/** A viewer, and the picture that it has: exact, or as the streams show it. */
class Seen {
  readonly shown: VideoStream[] = [];
  readonly ended: number[] = [];
  readonly exact = new Uint32Array(WIDTH * HEIGHT);
  bytes = 0;
  isReady = true;
  readonly sink: VideoSink & { ready: boolean } = {
    ready: true,
    show: (stream) => {
      this.shown.push({ ...stream });
      // What is under a stream's picture is gone.
      for (const part of stream.parts) for (let y = part.y; y < part.y + part.height; y++) this.exact.fill(0xffffffff, y * WIDTH + part.x, y * WIDTH + part.x + part.width);
      return true;
    },
    end: (id) => void this.ended.push(id),
  };
  attach(hub: DisplayHub, video: boolean): Attachment {
    return hub.attach({
      format: { bitsPerPixel: 32, compressed: false, skipAlpha: true },
      width: WIDTH,
      height: HEIGHT,
      ready: () => this.isReady,
      send: (bitmaps) => bitmaps.forEach((bitmap) => this.take(bitmap)),
      ...(video ? { video: this.sink } : {}),
    });
  }
  /** Pixels that are not as the screen has them. */
  wrong({ pixels }: Screen): number {
    const words = new Uint32Array(pixels.buffer);
    return this.exact.reduce((count, pixel, at) => count + (pixel === (words[at] & 0xffffff) ? 0 : 1), 0);
  }
  private take(bitmap: EncodedBitmap): void {
    this.bytes += bitmap.data.length;
    const pixels = decodeBitmap(bitmap);
    for (let y = 0; y < bitmap.height; y++) this.exact.set(pixels.subarray(y * bitmap.width, y * bitmap.width + bitmap.visibleWidth), (bitmap.y + y) * WIDTH + bitmap.x);
  }
}

describe('moving pictures', () => {
  let screen: Screen;
  let time: Time;
  let finder: Finder;
  let enabled: boolean;
  let found: number;
  let hub: DisplayHub;
  let seen: Seen;

  beforeEach(() => {
    [screen, time, finder, enabled, found] = [new Screen(), new Time(), new Finder(), true, 0];
    const video = {
      get enabled() {
        return enabled;
      },
      finder: () => (found++, finder),
    };
    hub = new DisplayHub(screen, time, video);
    seen = new Seen();
    screen.draw({ x: 0, y: 0, width: WIDTH, height: HEIGHT }, 1);
  });

  /** The viewer has the whole picture, and a film begins. */
  function begin(): Attachment {
    const attachment = seen.attach(hub, true);
    time.pass(100);
    expect(seen.wrong(screen)).toBe(0);
    seen.bytes = 0;
    finder.streams = [film(1)];
    screen.draw(FILM, 2);
    time.pass(100);
    return attachment;
  }

  test('a frame is shown once, and not sent as bitmaps', () => {
    begin();
    expect(seen.shown.map(({ frames }) => frames)).toEqual([1]);
    expect(seen.bytes).toBe(0);
    for (let frames = 2; frames < 5; frames++) {
      finder.streams = [film(frames)];
      screen.draw(FILM, frames);
      time.pass(40);
    }
    expect(seen.shown.map(({ frames }) => frames)).toEqual([1, 2, 3, 4]);
    expect(seen.bytes).toBe(0);
  });

  test('what changes beside it comes as bitmaps, and nothing else does', () => {
    begin();
    screen.draw({ x: 160, y: 120, width: 40, height: 30 }, 9);
    finder.streams = [film(2)];
    time.pass(40);
    const words = new Uint32Array(screen.pixels.buffer);
    for (const [x, y] of [[170, 120], [199, 149], [160, 130]]) expect(seen.exact[y * WIDTH + x]).toBe(words[y * WIDTH + x] & 0xffffff);
    expect(seen.exact[60 * WIDTH + 60]).toBe(0xffffffff);
  });

  test('a viewer without video sees everything exactly, and its finder is not asked', () => {
    seen.attach(hub, false);
    screen.draw(FILM, 2);
    time.pass(100);
    expect([seen.wrong(screen), found]).toEqual([0, 0]);
  });

  test('with both kinds of viewers, each has its own', () => {
    const plain = new Seen();
    plain.attach(hub, false);
    begin();
    expect([plain.wrong(screen), plain.shown, seen.shown.length]).toEqual([0, [], 1]);
  });

  test('what is released is sent exactly, and the stream ends', () => {
    begin();
    finder.streams = [];
    finder.released = [FILM];
    finder.wake = time.now() + 300;
    screen.draw({ x: 0, y: 0, width: 1, height: 1 }, 3);
    time.pass(40);
    expect([seen.wrong(screen), seen.ended]).toEqual([0, [1]]);
  });

  test('the finder is woken when the screen is silent', () => {
    finder.wake = 1500;
    begin();
    const { length } = finder.times;
    finder.streams = [];
    finder.released = [FILM];
    time.pass(200);
    expect(finder.times.length).toBe(length);
    finder.wake = 1500;
    time.pass(1500 - time.now() - 1);
    expect(finder.times.length).toBe(length);
    finder.wake = undefined;
    time.pass(2000);
    expect(finder.times.length).toBe(length + 1);
    expect([seen.wrong(screen), seen.ended]).toEqual([0, [1]]);
  });

  test('switched off, all is sent exactly at once; switched on again, it begins anew', () => {
    const attachment = begin();
    enabled = false;
    attachment.pace();
    time.pass(10);
    expect([seen.wrong(screen), seen.ended]).toEqual([0, [1]]);
    finder.streams = [film(9)];
    screen.draw(FILM, 9);
    time.pass(40);
    expect([seen.wrong(screen), seen.shown.length]).toEqual([0, 1]);
    enabled = true;
    screen.draw(FILM, 10);
    time.pass(40);
    expect([seen.shown.length, found]).toEqual([2, 2]);
  });

  test('a sink that takes no more gets all of it exactly', () => {
    const attachment = begin();
    // A frame that it will not be shown any more.
    finder.streams = [film(2)];
    seen.isReady = false;
    screen.draw(FILM, 2);
    time.pass(40);
    seen.sink.ready = false;
    seen.isReady = true;
    attachment.pace();
    time.pass(40);
    expect([seen.wrong(screen), seen.ended]).toEqual([0, [1]]);
  });

  test('a slow viewer sees the newest frame when it is ready again', () => {
    const attachment = begin();
    seen.isReady = false;
    finder.wake = time.now() + 75;
    for (let frames = 2; frames < 9; frames++) {
      finder.streams = [film(frames)];
      screen.draw(FILM, frames);
      time.pass(40);
      finder.wake = time.now() + 75;
    }
    expect(seen.shown.length).toBe(1);
    seen.isReady = true;
    attachment.pace();
    time.pass(40);
    expect(seen.shown.map(({ frames }) => frames)).toEqual([1, 8]);
    expect(seen.bytes).toBe(0);
  });

  test('a stream in parts leaves out these only; when its shape changes it is shown again', () => {
    const window = { x: 80, y: 60, width: 40, height: 30 };
    const parts = [{ ...FILM, height: 30 }, { ...FILM, y: 90, height: 40 }, { x: 40, y: 60, width: 40, height: 30 }, { x: 120, y: 60, width: 50, height: 30 }];
    begin();
    finder.streams = [film(1, parts)];
    finder.released = [window];
    screen.draw(window, 5);
    time.pass(40);
    const words = new Uint32Array(screen.pixels.buffer);
    for (let y = 60; y < 90; y++) expect(seen.exact.subarray(y * WIDTH + 80, y * WIDTH + 120)).toEqual(words.subarray(y * WIDTH + 80, y * WIDTH + 120).map((pixel) => pixel & 0xffffff));
    expect(seen.shown.map((stream) => stream.parts.length)).toEqual([1, 4]);
  });

  test('a viewer that leaves ends its streams, and the finder rests', () => {
    begin().detach();
    expect(seen.ended).toEqual([1]);
    const { length } = finder.times;
    screen.draw(FILM, 4);
    time.pass(5000);
    expect(finder.times.length).toBe(length);
  });
});
