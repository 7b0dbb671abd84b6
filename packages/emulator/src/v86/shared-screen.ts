/**
 * The main thread's side of a screen: reads the pixels that the engine's thread writes.
 */
import { Emitter } from '../emitter.js';
import type { Region, Screen, Unsubscribe } from '../ports.js';
import { Cell } from './protocol.js';
import { Tiles } from './tiles.js';

export class SharedScreen implements Screen {
  #pixels: Uint8Array = new Uint8Array(0);
  #tiles = new Tiles(1, 1);
  #width = 0;
  #height = 0;
  readonly #damage = new Emitter<[]>();
  readonly #resize = new Emitter<[]>();

  constructor(private readonly cells: Int32Array) {}

  get width(): number {
    return this.#width;
  }

  get height(): number {
    return this.#height;
  }

  get stride(): number {
    return this.#width * 4;
  }

  get pixels(): Uint8Array {
    return this.#pixels;
  }

  takeDamage(): Region {
    // First, so that what is marked from here on is told again.
    Atomics.store(this.cells, Cell.damaged, 0);
    return this.#tiles.take();
  }

  onDamage(listener: () => void): Unsubscribe {
    return this.#damage.on(listener);
  }

  onResize(listener: () => void): Unsubscribe {
    return this.#resize.on(listener);
  }

  /** The engine has a new framebuffer. */
  replaced(width: number, height: number, pixels: SharedArrayBuffer, tiles: SharedArrayBuffer): void {
    this.#width = width;
    this.#height = height;
    this.#pixels = new Uint8Array(pixels);
    this.#tiles = new Tiles(width, height, tiles);
    this.#tiles.mark(0, 0, width, height);
    this.#resize.emit();
    this.damaged();
  }

  damaged(): void {
    this.#damage.emit();
  }
}
