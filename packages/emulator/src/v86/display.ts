/**
 * One screen: finds out which kind of mode the adapter is in and has it drawn.
 * Also keeps the adapter's retrace signal, from the clock, so that a guest that waits for it needs nobody to look at the screen.
 */
import type { Cpu, Emulator } from './inside.js';
import { wrapPort } from './inside.js';
import { SvgaGraphics, VgaGraphics } from './graphics-modes.js';
import { Cell, type Shared } from './protocol.js';
import type { Surface } from './surface.js';
import { BLINK_PHASE, TextMode } from './text-mode.js';

/** Milliseconds of a frame of a 70 Hz picture, and the part of it that is vertical retrace. */
const FRAME = 1000 / 70;
const RETRACE = 0.06;
/** Input status bits: not displaying, vertical retrace. */
const NOT_DISPLAYING = 0x01;
const VERTICAL_RETRACE = 0x08;

const VBE_DATA = 0x1cf;
const VBE_ENABLE = 4;

type Kind = 'text' | 'vga' | 'svga' | 'off';

export class Display {
  readonly #cpu: Cpu;
  readonly #text: TextMode;
  readonly #vga: VgaGraphics;
  readonly #svga: SvgaGraphics;
  #kind: Kind | undefined;
  #beam = 0;

  constructor(
    emulator: Emulator,
    private readonly surface: Surface,
    private readonly shared: Shared,
    private readonly guestNow: () => number,
    warn: (text: string) => void,
  ) {
    const cpu = emulator.v86.cpu;
    const vga = cpu.devices.vga;
    this.#cpu = cpu;
    this.#text = new TextMode(vga, surface);
    this.#vga = new VgaGraphics(vga, surface);
    this.#svga = new SvgaGraphics(cpu, vga, surface, warn);
    // Characters are read from video memory in one go; v86 need not tell them one by one.
    emulator.screen_adapter.put_char = () => undefined;
    emulator.screen_adapter.set_font_bitmap = (...args: unknown[]) => {
      if (args[5] === true) this.#text.fontChanged = true;
    };
    // Enabling a mode clears video memory without marking it dirty.
    wrapPort(cpu, VBE_DATA, (before) => ({
      write16: (value) => {
        before.write16.call(vga, value);
        if (vga.dispi_index === VBE_ENABLE) this.#svga.invalidate();
      },
    }));
    for (const port of [0x3ba, 0x3da]) wrapPort(cpu, port, () => ({ read8: () => this.#status() }));
  }

  /** Milliseconds of guest time until something on the screen blinks; Infinity when nothing does. */
  untilBlink(): number {
    if (this.#kind !== 'text' || !this.#text.blinks) return Infinity;
    return BLINK_PHASE - (this.guestNow() % BLINK_PHASE);
  }

  /** Brings the surface up to date; returns whether the guest changed it; a blink is no change. */
  refresh(): boolean {
    const vga = this.#cpu.devices.vga;
    vga.update_vertical_retrace();
    const kind = this.#mode();
    if (kind !== this.#kind) {
      this.#kind = kind;
      this.#text.invalidate();
      this.#vga.invalidate();
      this.#svga.invalidate();
    }
    // Before anyone hears of a new size, and after new characters are there to be read.
    if (kind !== 'text') this.#tellText(0, 0);
    let changed: boolean | undefined;
    if (kind === 'text') {
      changed = this.#text.refresh(Math.floor(this.guestNow() / BLINK_PHASE), this.shared.text);
      this.#tellText(this.#text.columns, this.#text.rows);
    } else if (kind === 'vga') {
      this.#vga.refresh();
    } else if (kind === 'svga') {
      this.#svga.refresh();
    } else {
      this.surface.clear();
    }
    return changed ?? this.surface.changed;
  }

  #mode(): Kind {
    const vga = this.#cpu.devices.vga;
    if (vga.graphical_mode && vga.svga_enabled) return 'svga';
    if (!vga.palette_source || vga.clocking_mode & 0x20) return 'off';
    return vga.graphical_mode ? 'vga' : 'text';
  }

  #tellText(columns: number, rows: number): void {
    const { cells, text } = this.shared;
    const fits = columns * rows <= text.length;
    Atomics.store(cells, Cell.textColumns, fits ? columns : 0);
    Atomics.store(cells, Cell.textRows, fits ? rows : 0);
  }

  /** Input status register 1. Reading it also readies the attribute controller for an index. */
  #status(): number {
    this.#cpu.devices.vga.attribute_controller_index = -1;
    const retrace = this.guestNow() % FRAME > FRAME * (1 - RETRACE);
    this.#beam ^= NOT_DISPLAYING;
    return retrace ? VERTICAL_RETRACE | NOT_DISPLAYING : this.#beam;
  }
}
