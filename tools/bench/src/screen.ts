/** A desktop that is drawn here, as a screen for a remote display; and a square in its last corner that says which frame it shows. */
import type { Screen } from '@belvedere/rdp';
import { Desktop } from '@belvedere/video/testing';

/** Pixels. */
export const WIDTH = 1024;
export const HEIGHT = 768;

/** Its colour changes with each frame. */
export const MARK = { x: WIDTH - 16, y: HEIGHT - 16, width: 16, height: 16 };

/** Differs for the first million frames. */
export const markOf = (frame: number): number => (frame * 0x050301) & 0xffffff;

export class Canvas implements Screen {
  readonly width = WIDTH;
  readonly height = HEIGHT;
  readonly stride = 4 * WIDTH;
  readonly desktop = new Desktop(WIDTH, HEIGHT);
  readonly pixels = new Uint8Array(this.desktop.pixels.buffer);
  private damage: ReturnType<Screen['takeDamage']> = [];
  private readonly listeners = new Set<() => void>();

  changed(region: ReturnType<Screen['takeDamage']>): void {
    this.damage = [...this.damage, ...region];
    for (const listener of this.listeners) listener();
  }
  takeDamage(): ReturnType<Screen['takeDamage']> {
    const taken = this.damage;
    this.damage = [];
    return taken;
  }
  onDamage(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }
  onResize(): () => void {
    return () => undefined;
  }
}
