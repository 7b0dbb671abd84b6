/** A screen that this server draws itself. State: its pixels, and what of them is new. Its size never changes. */
import type { Rect, Region, Screen, Unsubscribe } from '../ports.js';

export class DrawnScreen implements Screen {
  readonly stride: number;
  readonly pixels: Uint8Array;
  private damaged: Rect | undefined;
  private readonly listeners = new Set<() => void>();

  /** Black. Pixels. */
  constructor(
    readonly width: number,
    readonly height: number,
  ) {
    this.stride = 4 * width;
    this.pixels = new Uint8Array(this.stride * height);
  }

  /** @param rect the same each time */
  damage(rect: Rect): void {
    const first = this.damaged === undefined;
    this.damaged = rect;
    if (first) for (const listener of [...this.listeners]) listener();
  }

  takeDamage(): Region {
    const taken = this.damaged ? [this.damaged] : [];
    this.damaged = undefined;
    return taken;
  }

  onDamage(listener: () => void): Unsubscribe {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  onResize(): Unsubscribe {
    return () => undefined;
  }
}
