/**
 * The main thread's side of a screen: reads the pixels that the engine's thread writes.
 */
import { Emitter } from '../emitter.js';
import type { ScreenPlace } from '../engine.js';
import type { Region, Screen, Unsubscribe } from '../ports.js';
import { Tiles } from './tiles.js';

export class SharedScreen implements Screen {
  #pixels: Uint8Array = new Uint8Array(0);
  #tiles = new Tiles(1, 1);
  #width = 0;
  #height = 0;
  readonly #damage = new Emitter<[]>();
  readonly #resize = new Emitter<[]>();
  readonly #placed = new Emitter<[]>();
  #place: ScreenPlace;

  /**
   * @param damageCell which of `cells` says that there is damage
   * @param on whether the guest shows something from the beginning
   * @param requestSize absent where the guest cannot be asked
   */
  constructor(
    private readonly cells: Int32Array,
    private readonly damageCell: number,
    on: boolean,
    readonly requestSize?: (width: number, height: number) => void,
  ) {
    this.#place = { on, x: 0, y: 0 };
  }

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
    Atomics.store(this.cells, this.damageCell, 0);
    return this.#tiles.take();
  }

  onDamage(listener: () => void): Unsubscribe {
    return this.#damage.on(listener);
  }

  onResize(listener: () => void): Unsubscribe {
    return this.#resize.on(listener);
  }

  get on(): boolean {
    return this.#place.on;
  }

  get x(): number {
    return this.#place.x;
  }

  get y(): number {
    return this.#place.y;
  }

  onPlace(listener: () => void): Unsubscribe {
    return this.#placed.on(listener);
  }

  placed(place: ScreenPlace): void {
    const { on, x, y } = this.#place;
    this.#place = place;
    if (on !== place.on || x !== place.x || y !== place.y) this.#placed.emit();
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
