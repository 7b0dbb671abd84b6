/**
 * A guest whose pixels are found again in whatever a client has heard, wherever they begin.
 *
 * State: pixels, and all that they have ever been.
 */
import { PatternScreen } from './pattern.js';

/** Bytes of the shortest piece of a picture that is looked for: four pixels, or five of three bytes. */
const RUN = 16;

/** Pieces of pictures, found again wherever they begin. */
class Pieces {
  private readonly runs = new Set<string>();
  /** Their first four bytes: most places are ruled out by these. */
  private readonly beginnings = new Set<number>();

  add(picture: Uint8Array): void {
    const bytes = Buffer.from(picture);
    for (let at = 0; at + RUN <= bytes.length; at++) {
      this.runs.add(bytes.toString('latin1', at, at + RUN));
      this.beginnings.add(bytes.readUInt32LE(at));
    }
  }

  countIn(stream: Uint8Array): number {
    const bytes = Buffer.from(stream);
    let count = 0;
    for (let at = 0; at + RUN <= bytes.length; at++) {
      if (this.beginnings.has(bytes.readUInt32LE(at)) && this.runs.has(bytes.toString('latin1', at, at + RUN))) count++;
    }
    return count;
  }
}

/** A guest that shows noise, and keeps in mind all that it has ever shown. */
export class NoiseScreen extends PatternScreen {
  private shown = new Pieces();

  /** Pixels. */
  constructor(width = 64, height = 48) {
    super(width, height);
    this.change(1);
  }

  /** How often a piece of what it has shown is among the bytes. */
  piecesIn(heard: readonly Uint8Array[]): number {
    return heard.reduce((total, bytes) => total + this.shown.countIn(bytes), 0);
  }

  /** What it has shown so far is not looked for any more. */
  forget(): void {
    this.shown = new Pieces();
  }

  change(seed: number): void {
    const words = new Uint32Array(this.pixels.buffer);
    for (let i = 0, state = seed; i < words.length; i++) {
      // xorshift: neighbours have nothing in common that a compression could use.
      state ^= state << 13;
      state ^= state >>> 17;
      state ^= state << 5;
      words[i] = state & 0xffffff;
    }
    this.changed({ x: 0, y: 0, width: this.width, height: this.height });
    this.shown.add(this.pixels);
    // As 24 bits a pixel are sent, which no compression makes shorter.
    for (let row = 0; row < this.height; row++) this.shown.add(Uint8Array.from({ length: 3 * this.width }, (_, i) => this.pixels[row * this.stride + 4 * Math.floor(i / 3) + (i % 3)]));
  }
}
