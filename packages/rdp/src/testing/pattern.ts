/**
 * A screen, a keyboard and a pointer for tests: a picture whose every pixel is known, and a record of what came in.
 *
 * State: pixels and damage, as a guest would have them.
 */
import type { Keyboard, Pointer, Rect, Region, Screen, Unsubscribe } from '../ports.js';

/** 0xRRGGBB at a place of the picture: a grid of eight colours, with a ramp in the middle row so that tiles differ. */
export function patternColour(x: number, y: number): number {
  const primary = ((x >> 6) + (y >> 6)) & 7;
  const base = (primary & 4 ? 0xff0000 : 0) | (primary & 2 ? 0x00ff00 : 0) | (primary & 1 ? 0x0000ff : 0);
  return y % 64 < 8 ? ((x & 0xff) << 16) | ((y & 0xff) << 8) | ((x ^ y) & 0xff) : base;
}

export class PatternScreen implements Screen {
  width: number;
  height: number;
  stride: number;
  pixels: Uint8Array;
  private damage: Rect[] = [];
  private readonly damaged = new Set<() => void>();
  private readonly resized = new Set<() => void>();

  /** Pixels. */
  constructor(width: number, height: number) {
    [this.width, this.height, this.stride, this.pixels] = [width, height, 4 * width, new Uint8Array(4 * width * height)];
    this.paint();
  }

  takeDamage(): Region {
    const taken = this.damage;
    this.damage = [];
    return taken;
  }

  onDamage(listener: () => void): Unsubscribe {
    this.damaged.add(listener);
    return () => this.damaged.delete(listener);
  }

  onResize(listener: () => void): Unsubscribe {
    this.resized.add(listener);
    return () => this.resized.delete(listener);
  }

  /** Fills a rectangle. @param colour 0xRRGGBB */
  fill(rect: Rect, colour: number): void {
    for (let y = rect.y; y < rect.y + rect.height; y++) for (let x = rect.x; x < rect.x + rect.width; x++) this.set(x, y, colour);
    this.changed(rect);
  }

  /** Fills the screen with what no compression shortens. */
  noise(seed: number): void {
    const words = new Uint32Array(this.pixels.buffer);
    for (let i = 0; i < words.length; i++) words[i] = Math.imul(i + seed * 7919 + 1, 0x9e3779b1) >>> 8;
    this.changed({ x: 0, y: 0, width: this.width, height: this.height });
  }

  protected changed(rect: Rect): void {
    const first = this.damage.length === 0;
    this.damage.push(rect);
    if (first) for (const listener of [...this.damaged]) listener();
  }

  resize(width: number, height: number): void {
    [this.width, this.height, this.stride, this.pixels] = [width, height, 4 * width, new Uint8Array(4 * width * height)];
    this.paint();
    for (const listener of [...this.resized]) listener();
  }

  private paint(): void {
    for (let y = 0; y < this.height; y++) for (let x = 0; x < this.width; x++) this.set(x, y, patternColour(x, y));
    this.damage = [{ x: 0, y: 0, width: this.width, height: this.height }];
  }

  private set(x: number, y: number, colour: number): void {
    this.pixels.set([colour & 0xff, (colour >> 8) & 0xff, colour >> 16, 0], y * this.stride + 4 * x);
  }
}

/** What a machine was told, in words, and who waits for it. */
export class InputRecord {
  readonly lines: string[] = [];
  private readonly waiting = new Set<() => void>();
  indicators: number | undefined;

  readonly keyboard: Keyboard;
  readonly pointer: Pointer;

  constructor() {
    const add = (line: string): void => {
      this.lines.push(line);
      for (const check of [...this.waiting]) check();
    };
    const indicators = (): number | undefined => this.indicators;
    this.keyboard = {
      scancode: (code, down) => add(`key ${code.toString(16)} ${down ? 'down' : 'up'}`),
      unicode: (unit, down) => add(`character ${String.fromCharCode(unit)} ${down ? 'down' : 'up'}`),
      get indicators() {
        return indicators();
      },
    };
    this.pointer = {
      absolute: true,
      move: (x, y, buttons, screen = 0) => add(`pointer ${x},${y} buttons ${buttons}${screen > 0 ? ` on screen ${screen + 1}` : ''}`),
      wheel: (dx, dy) => add(`wheel ${dx},${dy}`),
    };
  }

  /** Resolves once such a line is there. */
  async seen(line: string): Promise<void> {
    if (this.lines.includes(line)) return;
    await new Promise<void>((resolve) => {
      const check = (): void => {
        if (!this.lines.includes(line)) return;
        this.waiting.delete(check);
        resolve();
      };
      this.waiting.add(check);
    });
  }
}
