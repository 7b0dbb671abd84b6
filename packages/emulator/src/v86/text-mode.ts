/**
 * VGA text modes, drawn as the adapter would: the guest's own font planes, 8 or 9 dots wide, attributes, blinking, cursor.
 * Only cells that differ from what was last drawn are drawn. Not drawn: panning by single dots or lines.
 */
import type { Vga } from './inside.js';
import type { Surface } from './surface.js';
import { colours } from './palette.js';

/** Milliseconds of one blink phase: 16 frames of a 70 Hz picture, for the cursor as for characters. */
export const BLINK_PHASE = (16 * 1000) / 70;

/** Fonts A and B are chosen by three bits each, which count 8 KiB places in this order. */
const FONT_PLACES = [0, 2, 4, 6, 1, 3, 5, 7];
const FONT_BYTES = 0x2000;
const GLYPH_BYTES = 32;
/** Characters that continue their eighth column into the ninth. */
const LINE_GRAPHICS = { first: 0xc0, last: 0xdf };
const TEXT_MEMORY = 0xffff;

/** Attribute mode control bits. */
const MONOCHROME = 0x02;
const LINE_GRAPHICS_ENABLE = 0x04;
const BLINK_ENABLE = 0x08;
/** Clocking mode bits. */
const EIGHT_DOTS = 0x01;
const HALF_CLOCK = 0x08;

interface Geometry {
  readonly columns: number;
  readonly rows: number;
  /** Scan lines of the whole screen. */
  readonly lines: number;
  readonly cellWidth: number;
  readonly cellHeight: number;
  readonly dots: number;
  /** Screen pixels a dot, and scan lines a font row. */
  readonly xScale: number;
  readonly yScale: number;
}

/** What a drawn cell depends on, as one number; -1 is never drawn. */
type Drawn = Int32Array;

export class TextMode {
  #geometry: Geometry | undefined;
  #drawn: Drawn = new Int32Array(0);
  #palette: readonly number[] = [];
  #look = '';
  /** The guest has written to a font. */
  fontChanged = true;
  /** Something on the screen blinks. */
  blinks = false;

  constructor(
    private readonly vga: Vga,
    private readonly surface: Surface,
  ) {}

  /** Size of the screen in characters. */
  get columns(): number {
    return this.#geometry?.columns ?? 0;
  }

  get rows(): number {
    return this.#geometry?.rows ?? 0;
  }

  /** Draws everything anew next time. */
  invalidate(): void {
    this.#drawn.fill(-1);
  }

  /**
   * Brings the surface up to date.
   *
   * @param phase counts blink phases
   * @param characters takes the codes of the characters, row-major
   * @returns whether the guest changed anything; blinking alone is no change
   */
  refresh(phase: number, characters: Uint8Array): boolean {
    const geometry = this.#measure();
    if (!geometry) return false;
    let changed = false;
    const { columns, rows } = geometry;
    const resized = this.surface.resize(columns * geometry.cellWidth, geometry.lines);
    if (resized || !sameGeometry(geometry, this.#geometry)) {
      this.#geometry = geometry;
      this.#drawn = new Int32Array(columns * rows).fill(-1);
    }
    this.#checkLook();

    const { vga_memory: memory, attribute_mode: mode, cursor_address: cursor } = this.vga;
    const pitch = Math.max(columns, this.vga.offset_register * 2);
    const blinking = (mode & BLINK_ENABLE) !== 0;
    const dark = (phase & 1) === 1;
    const cursorShape = this.#cursorShape();
    const splitRow = Math.ceil((this.vga.line_compare + 1) / geometry.cellHeight);
    this.blinks = false;

    let address = this.vga.start_address;
    for (let row = 0; row < rows; row++) {
      if (row === splitRow) address = 0;
      for (let column = 0; column < columns; column++) {
        const at = ((address + column) << 1) & TEXT_MEMORY;
        const character = memory[at]!;
        const attribute = memory[at + 1]!;
        let cell = character | (attribute << 8);
        if (blinking && attribute & 0x80) {
          this.blinks = true;
          if (dark) cell |= 1 << 16;
        }
        if (cursorShape !== undefined && address + column === cursor) {
          this.blinks = true;
          if (!dark) cell |= 1 << 17;
        }
        const index = row * columns + column;
        if (index < characters.length) characters[index] = character;
        const before = this.#drawn[index]!;
        if (before === cell) continue;
        if ((before ^ cell) & 0xffff) changed = true;
        this.#drawn[index] = cell;
        this.#draw(geometry, column, row, cell, cursorShape);
      }
      address += pitch;
    }
    return changed;
  }

  /** The adapter's registers as a size, or undefined while they make none. */
  #measure(): Geometry | undefined {
    const vga = this.vga;
    const columns = Math.min(vga.horizontal_display_enable_end + 1, vga.horizontal_blank_start || Infinity);
    const lines = Math.min(vga.vertical_display_enable_end + 1, vga.vertical_blank_start || Infinity);
    const yScale = vga.max_scan_line & 0x80 ? 2 : 1;
    const cellHeight = ((vga.max_scan_line & 0x1f) + 1) * yScale;
    const rows = Math.ceil(lines / cellHeight);
    if (columns < 2 || lines < cellHeight || columns > 256 || lines > 2048 || cellHeight < 2) return undefined;
    const dots = vga.clocking_mode & EIGHT_DOTS ? 8 : 9;
    const xScale = vga.clocking_mode & HALF_CLOCK ? 2 : 1;
    return { columns, rows, lines, cellWidth: dots * xScale, cellHeight, dots, xScale, yScale };
  }

  /** Draws all cells again when what they all depend on has changed: palette, fonts, attribute modes, the cursor's shape. */
  #checkLook(): void {
    const vga = this.vga;
    this.#palette = colours(vga);
    const look = [
      ...this.#palette,
      vga.attribute_mode & (MONOCHROME | LINE_GRAPHICS_ENABLE | BLINK_ENABLE),
      vga.character_map_select,
      vga.underline_location_register & 0x1f,
      vga.cursor_scanline_start & 0x3f,
      vga.cursor_scanline_end & 0x1f,
    ].join();
    if (look === this.#look && !this.fontChanged) return;
    this.#look = look;
    this.fontChanged = false;
    this.invalidate();
  }

  /** First and last font row of the cursor, or undefined when it does not show. */
  #cursorShape(): { first: number; last: number } | undefined {
    const { cursor_scanline_start: start, cursor_scanline_end: end, max_scan_line } = this.vga;
    const most = max_scan_line & 0x1f;
    const first = start & 0x1f;
    const last = Math.min(end & 0x1f, most);
    return start & 0x20 || first > last ? undefined : { first, last };
  }

  #draw(geometry: Geometry, column: number, row: number, cell: number, cursor: { first: number; last: number } | undefined): void {
    const { vga, surface } = this;
    const { dots, xScale, yScale, cellWidth } = geometry;
    const character = cell & 0xff;
    const attribute = (cell >> 8) & 0xff;
    const mode = vga.attribute_mode;
    const background = this.#palette[(attribute >> 4) & (mode & BLINK_ENABLE ? 7 : 15)]!;
    const foreground = cell & (1 << 16) ? background : this.#palette[attribute & 15]!;
    const cursorColour = this.#palette[attribute & 15]!;
    const showsCursor = (cell & (1 << 17)) !== 0;
    const underline = mode & MONOCHROME && (attribute & 7) === 1 ? vga.underline_location_register & 0x1f : -1;
    const ninth = (mode & LINE_GRAPHICS_ENABLE) !== 0 && character >= LINE_GRAPHICS.first && character <= LINE_GRAPHICS.last;
    const glyph = this.#font(attribute) + character * GLYPH_BYTES;
    const words = surface.words;
    const left = column * cellWidth;
    const top = row * geometry.cellHeight;
    const bottom = Math.min(top + geometry.cellHeight, geometry.lines);

    for (let y = top; y < bottom; y++) {
      const line = Math.floor((y - top) / yScale);
      // Nine dots: the ninth repeats the eighth in line graphics and is background elsewhere.
      let bits = vga.plane2[glyph + line]! << 1;
      if (ninth && bits & 2) bits |= 1;
      let on = foreground;
      if (line === underline) bits = 0x1ff;
      if (showsCursor && cursor && line >= cursor.first && line <= cursor.last) {
        bits = 0x1ff;
        on = cursorColour;
      }
      let at = y * surface.width + left;
      for (let dot = 0; dot < dots; dot++) {
        const colour = bits & (0x100 >> dot) ? on : background;
        words[at++] = colour;
        if (xScale === 2) words[at++] = colour;
      }
    }
    surface.touched(left, top, cellWidth, bottom - top);
  }

  /** Where the font of a cell starts in plane 2: bit 3 of the attribute chooses A (set) or B (clear). */
  #font(attribute: number): number {
    const select = this.vga.character_map_select;
    const chosen = attribute & 8 ? ((select >> 2) & 3) | ((select >> 3) & 4) : (select & 3) | ((select >> 2) & 4);
    return FONT_PLACES[chosen]! * FONT_BYTES;
  }
}

const sameGeometry = (a: Geometry, b: Geometry | undefined): boolean =>
  b !== undefined && (Object.keys(a) as (keyof Geometry)[]).every((key) => a[key] === b[key]);
