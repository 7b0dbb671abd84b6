/**
 * VGA and SVGA graphics modes, copied into the surface where they changed.
 * VGA modes are shown as a monitor shows them: a 320x200 picture fills 640x400 dots.
 */
import type { Cpu, Vga } from './inside.js';
import { highColours, pixelColours, svgaColours } from './palette.js';
import type { Surface } from './surface.js';

/** Clocking mode: every dot twice as wide. */
const HALF_CLOCK = 0x08;

/** CGA's, EGA's and VGA's own modes, from v86's buffer of one index a pixel. */
export class VgaGraphics {
  #layers: Vga['layers'] = [];
  #stale = true;
  #line = Buffer.alloc(0);

  constructor(
    private readonly vga: Vga,
    private readonly surface: Surface,
  ) {}

  invalidate(): void {
    this.#stale = true;
  }

  refresh(): void {
    const { vga, surface } = this;
    const { screen_width: columns, screen_height: rows, virtual_width: pitch, layers } = vga;
    if (!columns || !rows || !pitch) return;
    const dots = Math.min(vga.horizontal_display_enable_end + 1, vga.horizontal_blank_start || Infinity) * 8;
    const xScale = dots * (vga.clocking_mode & HALF_CLOCK ? 2 : 1) >= columns * 2 ? 2 : 1;
    const scans = Math.min(vga.vertical_display_enable_end + 1, vga.vertical_blank_start || Infinity);
    const yScale = Math.max(1, Math.round(scans / rows));
    if (surface.resize(columns * xScale, rows * yScale) || layers !== this.#layers) this.#stale = true;
    this.#layers = layers;

    const { diff_addr_min: first, diff_addr_max: last } = vga;
    if (!this.#stale && first > last) return;
    vga.vga_replot();
    vga.reset_diffs();
    const upper = layers[0];
    if (!upper) {
      surface.clear();
      this.#stale = false;
      return;
    }
    const lower = layers.find((layer) => layer.screen_y > 0);
    const colours = pixelColours(vga);
    if (this.#line.length !== surface.stride) this.#line = Buffer.alloc(surface.stride);
    const line = new Uint32Array(this.#line.buffer, this.#line.byteOffset, surface.width);
    for (let row = 0; row < rows; row++) {
      const layer = lower && row >= lower.screen_y ? lower : upper;
      // A layer further right is the next row of the same buffer: addresses simply go on.
      const start = (layer.buffer_y + row - layer.screen_y) * pitch - layer.screen_x;
      if (!this.#stale && (start > last || start + columns <= first)) continue;
      for (let column = 0, at = 0; column < columns; column++) {
        const colour = colours[vga.pixel_buffer[(start + column) % vga.pixel_buffer.length]!]!;
        line[at++] = colour;
        if (xScale === 2) line[at++] = colour;
      }
      for (let repeat = 0; repeat < yScale; repeat++) surface.putLine(row * yScale + repeat, this.#line, 0);
    }
    this.#stale = false;
  }
}

/** The linear modes of the Bochs display interface, at 8 to 32 bits a pixel, straight from video memory. */
export class SvgaGraphics {
  #mode = '';
  #memory = Buffer.alloc(0);
  #line = Buffer.alloc(0);
  #high: { depth: number; colours: Uint32Array } | undefined;

  constructor(
    private readonly cpu: Cpu,
    private readonly vga: Vga,
    private readonly surface: Surface,
    private readonly warn: (text: string) => void,
  ) {}

  invalidate(): void {
    this.#mode = '';
  }

  refresh(): void {
    const { cpu, vga, surface } = this;
    const { svga_width: width, svga_height: height, svga_bpp: depth, svga_offset: offset } = vga;
    const mode = `${width}x${height}x${depth}+${offset}`;
    const stale = surface.resize(width, height) || mode !== this.#mode;
    if (stale && ![8, 15, 16, 24, 32].includes(depth)) {
      this.#mode = mode;
      this.warn(`the guest set a screen mode of ${depth} bits a pixel, which this engine cannot show`);
      surface.clear();
    }
    // No pixel is copied here: v86 has no picture of its own to copy to.
    cpu.svga_fill_pixel_buffer(32, 0);
    const first = cpu.svga_dirty_bitmap_min_offset[0]!;
    const last = cpu.svga_dirty_bitmap_max_offset[0]!;
    if (!stale && first > last) return;
    this.#mode = mode;

    const bytes = depth === 15 ? 2 : depth >> 3;
    const pitch = width * bytes;
    const start = offset * bytes;
    const top = stale ? 0 : Math.max(0, Math.floor((first - start) / pitch));
    const bottom = stale ? height : Math.min(height, Math.floor((last - start) / pitch) + 1);
    const memory = this.#videoMemory();
    for (let y = top; y < bottom; y++) {
      const at = start + y * pitch;
      if (at + pitch > memory.length) break;
      if (depth === 32) surface.putLine(y, memory, at);
      else if (this.#convert(memory, at, depth)) surface.putLine(y, this.#line, 0);
    }
  }

  /** Video memory as it is now: growing wasm memory detaches older views. */
  #videoMemory(): Buffer {
    const buffer = this.cpu.wasm_memory.buffer;
    if (this.#memory.buffer !== buffer) this.#memory = Buffer.from(buffer, this.vga.svga_memory.byteOffset, this.vga.vga_memory_size);
    return this.#memory;
  }

  /** One row of another depth as BGRX in `#line`; false for a depth that is not shown. */
  #convert(memory: Buffer, at: number, depth: number): boolean {
    const { width, stride } = this.surface;
    if (this.#line.length !== stride) this.#line = Buffer.alloc(stride);
    const line = new Uint32Array(this.#line.buffer, this.#line.byteOffset, width);
    if (depth === 8) {
      const colours = svgaColours(this.vga);
      for (let x = 0; x < width; x++) line[x] = colours[memory[at + x]!]!;
    } else if (depth === 15 || depth === 16) {
      if (this.#high?.depth !== depth) this.#high = { depth, colours: highColours(depth) };
      const { colours } = this.#high;
      for (let x = 0; x < width; x++) line[x] = colours[memory[at + 2 * x]! | (memory[at + 2 * x + 1]! << 8)]!;
    } else if (depth === 24) {
      for (let x = 0, from = at; x < width; x++, from += 3) line[x] = memory[from]! | (memory[from + 1]! << 8) | (memory[from + 2]! << 16);
    } else {
      return false;
    }
    return true;
  }
}
