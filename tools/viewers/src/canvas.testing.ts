/** A screen of any size for tests, which changes when told, and the remote display that shows it. */
import { type RdpServerOptions, type Screen } from '@belvedere/rdp';
import type { Picture } from './picture.js';

/** Gradients and edges at first. */
export class Canvas implements Screen {
  width = 0;
  height = 0;
  stride = 0;
  pixels = new Uint8Array(0);
  private damage: { x: number; y: number; width: number; height: number }[] = [];
  private readonly listeners = new Set<() => void>();
  private readonly resized = new Set<() => void>();

  constructor(width: number, height: number) {
    this.resize(width, height);
  }

  /** Another size, and gradients and edges again. */
  resize(width: number, height: number): void {
    [this.width, this.height, this.stride, this.pixels] = [width, height, 4 * width, new Uint8Array(4 * width * height)];
    for (let y = 0; y < height; y++) for (let x = 0; x < width; x++) this.pixels.set([x & 0xff, y & 0xff, (x ^ y) & 0xff, 0], y * this.stride + 4 * x);
    this.damage = [{ x: 0, y: 0, width, height }];
    for (const listener of [...this.resized]) listener();
  }

  takeDamage(): Canvas['damage'] {
    return this.damage.splice(0);
  }

  onDamage(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  onResize(listener: () => void): () => void {
    this.resized.add(listener);
    return () => this.resized.delete(listener);
  }

  /** Fills a square. */
  fill(x: number, y: number, side: number, colour: readonly [blue: number, green: number, red: number]): void {
    for (let row = y; row < y + side; row++) for (let column = x; column < x + side; column++) this.pixels.set([...colour, 0], row * this.stride + 4 * column);
    this.damage.push({ x, y, width: side, height: side });
    for (const listener of this.listeners) listener();
  }

  picture(): Picture {
    return { width: this.width, height: this.height, stride: this.stride, data: this.pixels };
  }
}

/** What a server on this host needs beside its screen, its input and its identity. Everyone with this password gets in. */
export const settings = (password: string): Omit<RdpServerOptions, 'screens' | 'keyboard' | 'pointer' | 'certificate' | 'standard'> => ({
  ports: [0],
  addresses: ['127.0.0.1'],
  authenticator: { judge: (attempt) => Promise.resolve(attempt.password === password ? { granted: true } : { granted: false, reason: 'wrong password' }) },
  machineId: '00000000-0000-0000-0000-000000000000',
  name: 'viewers',
  securityMethod: 'negotiate',
  multiConnection: true,
  reuseConnection: false,
});
