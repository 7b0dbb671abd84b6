import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { VideoFinder } from './finder.js';
import type { Rect, Region, VideoChanges } from './ports.js';
import { area, intersect, subtract } from './rect.js';
import { Desktop, type Score, Scorer } from './testing.js';

const WIDTH = 640;
const HEIGHT = 480;
const SCREEN = { x: 0, y: 0, width: WIDTH, height: HEIGHT };
/** Off the grids of tiles and cells on every side. */
const FILM = { x: 85, y: 53, width: 320, height: 180 };

type Draw = (desktop: Desktop, time: number, number: number) => Region;

interface Played {
  readonly score: Score;
  /** What was found at each frame. */
  readonly found: readonly { readonly time: number; readonly rects: readonly Rect[]; readonly parts: Region; readonly ids: readonly number[] }[];
}

/** Plays a desktop. @param draw draws a frame, and says where films show */
function play(framesPerSecond: number, seconds: number, draw: Draw): Played {
  const desktop = new Desktop(WIDTH, HEIGHT);
  desktop.fill(SCREEN, 0x336699);
  desktop.take();
  const scorer = new Scorer(WIDTH, HEIGHT);
  const found = Array.from({ length: framesPerSecond * seconds }, (_, number) => {
    const time = (number * 1000) / framesPerSecond;
    const films = draw(desktop, time, number);
    const { streams } = scorer.frame({ time, changed: desktop.take(), pixels: desktop.pixels, films });
    return { time, rects: streams.map(({ rect }) => ({ ...rect })), parts: streams.flatMap(({ parts }) => parts), ids: streams.map(({ id }) => id) };
  });
  return { score: scorer.score, found };
}

const at = ({ found }: Played, time: number): Played['found'][number] => found.find((frame) => frame.time >= time)!;

describe.each([10, 24, 30, 60])('at %i frames a second', (framesPerSecond) => {
  test('a film is found to the pixel within 0.8 s, and kept', () => {
    const { score, found } = play(framesPerSecond, 2, (desktop, _time, number) => {
      desktop.film(FILM, number);
      return [FILM];
    });
    expect(score.found).toBeLessThanOrEqual(800);
    expect(score.falseHits).toBe(0);
    expect(score.streams).toBe(1);
    expect(found.at(-1)!.rects).toEqual([FILM]);
    for (const { rects } of found.filter(({ time }) => time > 1000)) expect(rects).toEqual([FILM]);
  });

  test('it is let go within 400 ms after it stops', () => {
    const played = play(framesPerSecond, 2, (desktop, time, number) => {
      if (time > 1200) return [];
      desktop.film(FILM, number);
      return [FILM];
    });
    expect(at(played, 1150).rects).toEqual([FILM]);
    expect(at(played, 1700).rects).toEqual([]);
    expect(played.score.stale).toBeLessThan(400);
  });

  test('text that is typed or scrolled, a cursor, a clock and a progress bar are no films', () => {
    const { score } = play(framesPerSecond, 2, (desktop, time) => {
      desktop.text({ x: 20, y: 20, width: 320, height: 320 }, Math.floor(time / 40));
      const typed = Math.floor(time / 50);
      desktop.glyph(360 + 8 * (typed % 30), 20 + 16 * Math.floor(typed / 30), typed + 1);
      desktop.fill({ x: 368 + 8 * (typed % 30), y: 20 + 16 * Math.floor(typed / 30), width: 2, height: 16 }, Math.floor(time / 500) % 2 ? 0 : 0xffffff);
      for (let digit = 0; digit < 8; digit++) desktop.glyph(400 + 8 * digit, 200, Math.floor(time / 10 ** digit) + 1);
      desktop.fill({ x: 20, y: 400, width: Math.floor(time / 4), height: 24 }, 0x3584e4);
      return [];
    });
    expect(score.streams).toBe(0);
  });
});

test('a window that stands over a film is shown exactly within 500 ms, to the pixel; the film goes on around it', () => {
  const window = { x: 171, y: 103, width: 131, height: 85 };
  const played = play(24, 3, (desktop, time, number) => {
    desktop.film(FILM, number);
    if (time < 1200) return [FILM];
    desktop.text(window, 3);
    return subtract([FILM], [window]);
  });
  const { parts, rects, ids } = at(played, 1700);
  expect(rects).toEqual([FILM]);
  expect(ids).toEqual(at(played, 1150).ids);
  expect(parts.flatMap((part) => intersect(part, window) ?? [])).toEqual([]);
  expect(area(parts)).toBe(area([FILM]) - area([window]));
  expect(played.score.stale).toBeLessThan(500);
});

test('a film that moves is followed, as the same stream', () => {
  const place = (time: number): Rect => ({ ...FILM, x: time < 1000 ? 20 : 20 + Math.round((Math.min(time, 2200) - 1000) / 6) });
  const played = play(30, 3, (desktop, time, number) => {
    desktop.fill(SCREEN, 0x336699);
    desktop.film(place(time), number);
    return [place(time)];
  });
  expect(at(played, 950).rects).toEqual([place(950)]);
  expect(played.found.at(-1)!.rects).toEqual([place(3000)]);
  expect(new Set(played.found.flatMap(({ ids }) => ids)).size).toBe(1);
  // On its way the stream covers most of it.
  for (const { time, parts } of played.found.filter((frame) => frame.time > 1000 && frame.time < 2200)) {
    const shared = area(parts.flatMap((part) => intersect(part, place(time)) ?? []));
    expect(shared).toBeGreaterThan(0.8 * area([place(time)]));
  }
  expect(played.score.stale).toBeLessThan(500);
});

test('a film that is resized is followed, as the same stream', () => {
  const size = (time: number): Rect => (time < 1200 ? FILM : time < 2400 ? { x: 85, y: 53, width: 500, height: 281 } : { x: 120, y: 70, width: 240, height: 135 });
  const played = play(24, 4, (desktop, time, number) => {
    desktop.fill(SCREEN, 0x336699);
    desktop.film(size(time), number);
    return [size(time)];
  });
  for (const time of [1150, 2350, 3900]) expect(at(played, time).rects).toEqual([size(time)]);
  expect(new Set(played.found.flatMap(({ ids }) => ids)).size).toBe(1);
  expect(played.score.stale).toBeLessThan(500);
});

test('several films are several streams; each ends for itself', () => {
  const other = { x: 420, y: 300, width: 200, height: 150 };
  const played = play(24, 3, (desktop, time, number) => {
    desktop.film(FILM, number);
    if (time > 1500) return [FILM];
    desktop.film(other, number + 99);
    return [FILM, other];
  });
  expect(at(played, 1400).rects).toEqual([FILM, other]);
  const [first] = at(played, 1400).ids;
  expect(played.found.at(-1)).toMatchObject({ rects: [FILM], ids: [first] });
});

test('what is too small for a film is none', () => {
  const { score } = play(30, 2, (desktop, _time, number) => {
    desktop.film({ x: 100, y: 100, width: 300, height: 30 }, number);
    desktop.film({ x: 500, y: 100, width: 48, height: 64 }, number);
    return [];
  });
  expect(score.streams).toBe(0);
});

describe('a viewer', () => {
  /** The pixels that a viewer was shown as JPEG, and not exactly since. */
  class Shown {
    private readonly isLossy = new Uint8Array(WIDTH * HEIGHT);
    private parts: Region = [];

    take(changed: Region, { streams, released }: VideoChanges): void {
      this.parts = streams.flatMap(({ parts }) => parts);
      for (const rect of [...changed.flatMap((box) => subtract([box], this.parts)), ...released]) this.set(rect, 0);
      for (const part of this.parts) this.set(part, 1);
    }

    /** Pixels that no stream covers and that are not exact. */
    get lost(): number {
      const covered = new Uint8Array(this.isLossy);
      for (const { x, y, width, height } of this.parts) for (let row = y; row < y + height; row++) covered.fill(0, row * WIDTH + x, row * WIDTH + x + width);
      return covered.indexOf(1) < 0 ? 0 : covered.filter((bit) => bit === 1).length;
    }

    private set({ x, y, width, height }: Rect, bit: number): void {
      for (let row = y; row < y + height; row++) this.isLossy.fill(bit, row * WIDTH + x, row * WIDTH + x + width);
    }
  }

  const edge = fc.integer({ min: 0, max: 19 });
  const scene = fc.record({ x: edge, y: edge, width: fc.integer({ min: 4, max: 14 }), height: fc.integer({ min: 4, max: 10 }), dx: fc.integer({ min: -9, max: 9 }), milliseconds: fc.integer({ min: 0, max: 1500 }), text: fc.boolean() });

  test('never loses a pixel, whatever moves where: each is covered by a stream or exact, and in the end all are exact', () => {
    fc.assert(
      fc.property(fc.array(scene, { minLength: 1, maxLength: 3 }), fc.constantFrom(10, 24, 60), (scenes, framesPerSecond) => {
        const desktop = new Desktop(WIDTH, HEIGHT);
        const finder = new VideoFinder(WIDTH, HEIGHT, () => 75);
        const shown = new Shown();
        desktop.take();
        let time = 0;
        for (const { x, y, width, height, dx, milliseconds, text } of scenes) {
          for (const end = time + milliseconds; time < end; time += 1000 / framesPerSecond) {
            const left = Math.max(0, Math.min(WIDTH - 28 * width, 27 * x + dx * Math.floor((end - time) / 50)));
            const rect = { x: left, y: Math.min(HEIGHT - 27 * height, 23 * y), width: 28 * width, height: 27 * height };
            desktop.film(rect, Math.floor(time));
            if (text) desktop.text({ x: 200, y: 150, width: 160, height: 96 }, 0);
            const changed = desktop.take();
            shown.take(changed, finder.frame(changed, desktop.pixels, time));
            expect(shown.lost).toBe(0);
          }
        }
        for (let calls = 0; finder.wake !== undefined; calls++) {
          expect(calls).toBeLessThan(20);
          expect(finder.wake).toBeLessThan(time + 1000);
          time = Math.max(time, finder.wake);
          shown.take([], finder.frame([], desktop.pixels, time));
        }
        expect(finder.frame([], desktop.pixels, time).streams).toEqual([]);
        expect(shown.lost).toBe(0);
      }),
      { numRuns: 12 },
    );
  });
});

test('what lies outside the screen is left out; a frame of another size is refused', () => {
  const finder = new VideoFinder(100, 70, () => 75);
  const pixels = new Uint32Array(7000);
  expect(finder.frame([{ x: -20, y: 60, width: 500, height: 900 }], pixels, 0)).toEqual({ streams: [], released: [] });
  expect(() => finder.frame([], new Uint32Array(7001), 1)).toThrow('a frame of 7001 pixels for a screen of 100x70');
});

test('a stream counts its frames, and says when the newest was and how far apart they are', () => {
  const desktop = new Desktop(WIDTH, HEIGHT);
  const finder = new VideoFinder(WIDTH, HEIGHT, () => 75);
  let streams: VideoChanges['streams'] = [];
  for (let number = 0; number < 50; number++) {
    desktop.film(FILM, number);
    streams = finder.frame(desktop.take(), desktop.pixels, number * 40).streams;
  }
  const [stream] = streams;
  const { frames } = stream;
  expect(stream.time).toBe(49 * 40);
  expect(stream.interval).toBeCloseTo(40, 0);
  desktop.fill({ x: 500, y: 400, width: 9, height: 9 }, 0xff0000);
  finder.frame(desktop.take(), desktop.pixels, 49 * 40 + 10);
  expect([stream.frames, stream.time]).toEqual([frames, 49 * 40]);
  desktop.film(FILM, 50);
  finder.frame(desktop.take(), desktop.pixels, 50 * 40);
  expect([stream.frames, stream.time]).toEqual([frames + 1, 50 * 40]);
});
