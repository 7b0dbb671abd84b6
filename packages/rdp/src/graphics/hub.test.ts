import { beforeEach, describe, expect, test } from '@jest/globals';
import { type BitmapFormat, decodeBitmap, type EncodedBitmap } from './encode.js';
import { type Attachment, type Clock, DisplayHub, type Viewer } from './hub.js';
import { noise, type Picture, screenBytes, windows } from './pictures.js';
import { area, type Rect, type Region, union } from './region.js';

const FULL: BitmapFormat = { bitsPerPixel: 32, compressed: true, skipAlpha: true };
const RAW: BitmapFormat = { bitsPerPixel: 32, compressed: false, skipAlpha: true };
const HIGH: BitmapFormat = { bitsPerPixel: 16, compressed: true, skipAlpha: false };

/** Time that stands still until a test moves it; each look at it takes `tick` milliseconds. */
class FakeClock implements Clock {
  time = 1000;
  tick = 0;
  private calls: { at: number; call: () => void }[] = [];

  now(): number {
    return (this.time += this.tick);
  }
  soon(call: () => void): () => void {
    return this.after(0, call);
  }
  after(milliseconds: number, call: () => void): () => void {
    const entry = { at: this.time + milliseconds, call };
    this.calls.push(entry);
    return () => void (this.calls = this.calls.filter((other) => other !== entry));
  }
  /** Calls that wait. */
  get waiting(): number {
    return this.calls.length;
  }
  /** One turn of the event loop: the calls that are due now. */
  turn(): void {
    const due = this.calls.filter(({ at }) => at <= this.time);
    this.calls = this.calls.filter((entry) => !due.includes(entry));
    for (const { call } of due) call();
  }
  /** Turns until nothing is due. */
  settle(): void {
    for (let turns = 0; this.calls.some(({ at }) => at <= this.time); turns++) {
      if (turns > 10000) throw new Error('the display never rests');
      this.turn();
    }
  }
  /** Passes time, call by call. */
  pass(milliseconds: number): void {
    const end = this.time + milliseconds;
    for (;;) {
      this.settle();
      const next = Math.min(...this.calls.map(({ at }) => at));
      if (next > end) break;
      this.time = next;
    }
    this.time = Math.max(this.time, end);
  }
}

class FakeScreen {
  width = 0;
  height = 0;
  stride = 0;
  pixels = new Uint8Array(0);
  taken = 0;
  private damage: Rect[] = [];
  private readonly damageListeners = new Set<() => void>();
  private readonly resizeListeners = new Set<() => void>();

  constructor(picture: Picture) {
    this.show(picture);
  }
  show(picture: Picture): void {
    ({ width: this.width, height: this.height } = picture);
    this.stride = 4 * picture.width;
    this.pixels = screenBytes(picture).slice();
    this.damage = [{ x: 0, y: 0, width: picture.width, height: picture.height }];
  }
  takeDamage(): Region {
    this.taken++;
    const region = union(this.damage);
    this.damage = [];
    return region;
  }
  onDamage(listener: () => void): () => void {
    this.damageListeners.add(listener);
    return () => this.damageListeners.delete(listener);
  }
  onResize(listener: () => void): () => void {
    this.resizeListeners.add(listener);
    return () => this.resizeListeners.delete(listener);
  }
  get listeners(): number {
    return this.damageListeners.size + this.resizeListeners.size;
  }
  /** The guest draws; `damage` is what it calls changed if that is more. */
  fill(rect: Rect, colour: number, damage: Rect = rect): void {
    const words = new Uint32Array(this.pixels.buffer);
    for (let y = rect.y; y < rect.y + rect.height; y++) words.fill(colour, y * this.width + rect.x, y * this.width + rect.x + rect.width);
    this.damage.push(damage);
    for (const listener of this.damageListeners) listener();
  }
  resize(picture: Picture): void {
    this.show(picture);
    for (const listener of this.resizeListeners) listener();
  }
  colour(x: number, y: number): number {
    return new Uint32Array(this.pixels.buffer)[y * this.width + x] & 0xffffff;
  }
}

/** A client: draws what it is sent. `room`: bytes it takes before it is no longer ready. */
class FakeViewer implements Viewer {
  readonly updates: (readonly EncodedBitmap[])[] = [];
  room = Infinity;
  shown: Uint32Array;

  constructor(
    public width: number,
    public height: number,
    readonly format: BitmapFormat = FULL,
  ) {
    this.shown = new Uint32Array(width * height).fill(0xdeadbeef);
  }
  ready(): boolean {
    return this.room > 0;
  }
  send(bitmaps: readonly EncodedBitmap[]): void {
    this.updates.push(bitmaps);
    for (const bitmap of bitmaps) {
      this.room -= bitmap.data.length;
      const pixels = decodeBitmap(bitmap);
      for (let y = 0; y < bitmap.height; y++) {
        for (let x = 0; x < bitmap.visibleWidth; x++) {
          if (bitmap.x + x >= this.width || bitmap.y + y >= this.height) throw new Error('a pixel beyond the desktop');
          this.shown[(bitmap.y + y) * this.width + bitmap.x + x] = pixels[y * bitmap.width + x];
        }
      }
    }
  }
  get bitmaps(): EncodedBitmap[] {
    return this.updates.flat();
  }
  /** Forgets what was sent, not what is shown. */
  forget(): void {
    this.updates.length = 0;
  }
}

const rectsOf = (bitmaps: readonly EncodedBitmap[]): Rect[] =>
  bitmaps.map(({ x, y, visibleWidth, height }) => ({ x, y, width: visibleWidth, height }));

function expectSame(viewer: FakeViewer, screen: FakeScreen): void {
  for (let y = 0; y < viewer.height; y++) {
    for (let x = 0; x < viewer.width; x++) {
      if (viewer.shown[y * viewer.width + x] !== screen.colour(x, y)) {
        throw new Error(`pixel ${x},${y}: shown ${viewer.shown[y * viewer.width + x].toString(16)}, is ${screen.colour(x, y).toString(16)}`);
      }
    }
  }
}

describe('display', () => {
  let clock: FakeClock;
  let screen: FakeScreen;
  let hub: DisplayHub;
  const attach = (viewer: FakeViewer): Attachment => hub.attach(viewer);

  beforeEach(() => {
    clock = new FakeClock();
    screen = new FakeScreen(windows(330, 200));
    hub = new DisplayHub(screen, clock);
  });

  test('a new viewer gets the whole picture within a turn, and then nothing', () => {
    const viewer = new FakeViewer(330, 200);
    attach(viewer);
    clock.turn();
    expectSame(viewer, screen);
    viewer.forget();
    clock.pass(1000);
    expect(viewer.updates).toHaveLength(0);
    expect(clock.waiting).toBe(0);
  });

  test('two small changes far apart never send the pixels between', () => {
    const viewer = new FakeViewer(330, 200);
    attach(viewer);
    clock.pass(1000);
    viewer.forget();
    screen.fill({ x: 8, y: 4, width: 4, height: 3 }, 0x112233);
    screen.fill({ x: 320, y: 180, width: 8, height: 5 }, 0x445566);
    clock.turn();
    expect(rectsOf(viewer.bitmaps)).toEqual([
      { x: 8, y: 4, width: 4, height: 3 },
      { x: 320, y: 180, width: 8, height: 5 },
    ]);
    expectSame(viewer, screen);
  });

  test('damage that changes nothing sends nothing', () => {
    const viewer = new FakeViewer(330, 200);
    attach(viewer);
    clock.pass(1000);
    viewer.forget();
    const everything = { x: 0, y: 0, width: 330, height: 200 };
    screen.fill({ x: 100, y: 100, width: 1, height: 1 }, screen.colour(100, 100), everything);
    clock.pass(1000);
    expect(viewer.updates).toHaveLength(0);
    screen.fill({ x: 100, y: 100, width: 4, height: 1 }, 0x00c0ff, everything);
    clock.pass(1000);
    expect(area(rectsOf(viewer.bitmaps))).toBe(4);
  });

  test('a burst of damage within a turn is one frame; a later one follows at once', () => {
    const viewer = new FakeViewer(330, 200);
    attach(viewer);
    clock.pass(1000);
    viewer.forget();
    const before = screen.taken;
    for (let i = 0; i < 50; i++) screen.fill({ x: 4 * i, y: 0, width: 4, height: 1 }, i + 1);
    clock.turn();
    expect(screen.taken).toBe(before + 1);
    expectSame(viewer, screen);
    screen.fill({ x: 0, y: 100, width: 4, height: 1 }, 0xff0000);
    clock.turn();
    expectSame(viewer, screen);
  });

  test('a screen that never rests is shown sixty times a second', () => {
    const viewer = new FakeViewer(330, 200);
    attach(viewer);
    clock.pass(1000);
    const before = screen.taken;
    for (let i = 1; i <= 1000; i++) {
      screen.fill({ x: 0, y: 0, width: 4, height: 1 }, i);
      clock.pass(1);
    }
    expect(screen.taken - before).toBeGreaterThanOrEqual(58);
    expect(screen.taken - before).toBeLessThanOrEqual(63);
    clock.pass(20);
    expectSame(viewer, screen);
  });

  test('viewers of a format share the same bytes', () => {
    const viewers = Array.from({ length: 10 }, () => new FakeViewer(330, 200));
    const other = new FakeViewer(330, 200, HIGH);
    for (const viewer of [...viewers, other]) attach(viewer);
    clock.pass(100);
    const whole = hub.encodedBitmaps;
    expect(whole).toBe(viewers[0].bitmaps.length + other.bitmaps.length);
    screen.fill({ x: 60, y: 60, width: 8, height: 8 }, 0x123456);
    clock.pass(100);
    for (const viewer of viewers) {
      expectSame(viewer, screen);
      expect(viewer.bitmaps).toHaveLength(viewers[0].bitmaps.length);
      viewer.bitmaps.forEach((bitmap, i) => expect(bitmap.data).toBe(viewers[0].bitmaps[i].data));
    }
    expect(hub.encodedBitmaps - whole).toBe(8);
    expect(other.bitmaps.at(-1)?.bitsPerPixel).toBe(16);
  });

  test('a viewer that comes late shares what is still the newest', () => {
    attach(new FakeViewer(330, 200));
    clock.pass(100);
    const before = hub.encodedBitmaps;
    const late = new FakeViewer(330, 200);
    attach(late);
    clock.pass(100);
    expectSame(late, screen);
    expect(hub.encodedBitmaps).toBe(before);
  });

  test('a slow viewer is sent the newest picture only, a bounded piece at a time', () => {
    screen = new FakeScreen(noise(330, 200));
    hub = new DisplayHub(screen, clock);
    const slow = new FakeViewer(330, 200, RAW);
    slow.room = 1;
    const attachment = attach(slow);
    clock.pass(100);
    expect(slow.updates).toHaveLength(1);
    expect(slow.bitmaps.reduce((total, { data }) => total + data.length, 0)).toBeLessThanOrEqual((32 << 10) + 64 * 64 * 4);
    slow.forget();
    for (let i = 1; i <= 100; i++) {
      screen.fill({ x: 0, y: 0, width: 330, height: 200 }, i);
      clock.pass(20);
    }
    expect(slow.updates).toHaveLength(0);
    slow.room = Infinity;
    attachment.pace();
    clock.pass(20);
    expect(area(rectsOf(slow.bitmaps))).toBe(330 * 200);
    expect(new Set(slow.shown)).toEqual(new Set([100]));
  });

  test('a stopped viewer costs the others nothing', () => {
    const live = new FakeViewer(330, 200);
    const stopped = new FakeViewer(330, 200, HIGH);
    attach(live);
    attach(stopped);
    clock.pass(100);
    stopped.room = 0;
    stopped.forget();
    const encoded = hub.encodedBitmaps;
    for (let i = 1; i <= 50; i++) {
      screen.fill({ x: 20, y: 20, width: 8, height: 8 }, i);
      clock.pass(20);
      expectSame(live, screen);
    }
    expect(stopped.updates).toHaveLength(0);
    expect(hub.encodedBitmaps - encoded).toBe(50);
  });

  test('with no viewer that is ready the screen is left alone', () => {
    const viewer = new FakeViewer(330, 200);
    viewer.room = 0;
    attach(viewer);
    screen.fill({ x: 0, y: 0, width: 4, height: 4 }, 1);
    clock.pass(1000);
    expect(screen.taken).toBe(0);
    expect(clock.waiting).toBe(0);
  });

  test('encoding stops for other work when its time in a turn is up, and every viewer gets on', () => {
    clock.tick = 1;
    const viewers = [new FakeViewer(330, 200, RAW), new FakeViewer(330, 200, HIGH), new FakeViewer(330, 200)];
    viewers.forEach(attach);
    let turns = 0;
    const progress: number[][] = [];
    while (clock.waiting > 0 && turns < 200) {
      clock.turn();
      turns++;
      progress.push(viewers.map(({ bitmaps }) => bitmaps.length));
    }
    expect(turns).toBeGreaterThan(5);
    expect(Math.min(...progress[5])).toBeGreaterThan(0);
    expectSame(viewers[0], screen);
    expectSame(viewers[2], screen);
  });

  test('a viewer that never gets through still sees the bottom of its screen', () => {
    screen = new FakeScreen(noise(128, 1024));
    hub = new DisplayHub(screen, clock);
    const viewer = new FakeViewer(128, 1024, RAW);
    const attachment = attach(viewer);
    for (let i = 1; i <= 40; i++) {
      viewer.room = 1;
      attachment.pace();
      clock.pass(20);
      screen.fill({ x: 0, y: 0, width: 128, height: 1024 }, i);
    }
    const seen = new Set(viewer.bitmaps.map(({ y }) => y));
    expect(seen.size).toBe(16);
  });

  test('refresh, suspend and resume', () => {
    const viewer = new FakeViewer(330, 200);
    const attachment = attach(viewer);
    clock.pass(100);
    viewer.forget();
    attachment.refresh({ x: 64, y: 0, width: 64, height: 10 });
    clock.pass(100);
    expect(rectsOf(viewer.bitmaps)).toEqual([{ x: 64, y: 0, width: 64, height: 10 }]);
    viewer.forget();
    attachment.suspend();
    attachment.refresh();
    screen.fill({ x: 0, y: 0, width: 100, height: 100 }, 0xabcdef);
    clock.pass(100);
    expect(viewer.updates).toHaveLength(0);
    attachment.resume();
    clock.pass(100);
    expect(area(rectsOf(viewer.bitmaps))).toBe(330 * 200);
    expectSame(viewer, screen);
  });

  test('a resize in the middle of a frame begins again, and nothing is sent beyond a desktop', () => {
    clock.tick = 1;
    const viewer = new FakeViewer(330, 200, HIGH);
    const attachment = attach(viewer);
    clock.turn();
    screen.resize(noise(500, 300));
    clock.pass(200);
    screen.resize(windows(100, 90));
    clock.pass(200);
    viewer.width = 100;
    viewer.height = 90;
    viewer.shown = new Uint32Array(100 * 90);
    viewer.forget();
    attachment.resume();
    clock.pass(500);
    expect(area(rectsOf(viewer.bitmaps))).toBe(100 * 90);
  });

  test('a screen that has no pixels yet is waited for', () => {
    screen = new FakeScreen({ width: 0, height: 0, pixels: new Uint32Array(0) });
    hub = new DisplayHub(screen, clock);
    const viewer = new FakeViewer(330, 200);
    attach(viewer);
    clock.pass(100);
    expect(viewer.updates).toHaveLength(0);
    screen.resize(windows(330, 200));
    clock.pass(100);
    expectSame(viewer, screen);
  });

  test('a screen that changes its size before it says so does no harm', () => {
    const viewer = new FakeViewer(330, 200);
    attach(viewer);
    clock.pass(100);
    screen.show(noise(90, 70));
    screen.fill({ x: 0, y: 0, width: 1, height: 1 }, 5);
    clock.pass(100);
    viewer.width = 90;
    viewer.height = 70;
    viewer.shown = new Uint32Array(90 * 70);
    screen.resize(windows(90, 70));
    clock.pass(100);
    expectSame(viewer, screen);
  });

  test('a viewer that detaches while it is sent to gets nothing more; the last one takes the frame with it', () => {
    clock.tick = 0;
    screen = new FakeScreen(noise(330, 200));
    hub = new DisplayHub(screen, clock);
    const viewer = new FakeViewer(330, 200, RAW);
    const attachment = attach(viewer);
    const send = viewer.send.bind(viewer);
    viewer.send = (bitmaps) => {
      send(bitmaps);
      attachment.detach();
    };
    clock.pass(100);
    expect(viewer.updates).toHaveLength(1);
    attachment.detach();
    attachment.pace();
    screen.fill({ x: 0, y: 0, width: 9, height: 9 }, 9);
    clock.pass(100);
    expect(viewer.updates).toHaveLength(1);
    const next = new FakeViewer(330, 200);
    attach(next);
    clock.pass(100);
    expectSame(next, screen);
  });

  test('close lets go of the screen', () => {
    attach(new FakeViewer(330, 200));
    clock.pass(100);
    hub.close();
    expect(screen.listeners).toBe(0);
    expect(clock.waiting).toBe(0);
  });
});
