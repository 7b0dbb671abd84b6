/**
 * Writes the small guests of the tests: 16-bit code in one boot sector, with labels. Pure.
 */
const ORIGIN = 0x7c00;
const SECTOR = 512;
const COM1 = 0x3f8;
const LINE_STATUS = COM1 + 5;

/** Conditional and short jumps by their opcodes. */
export const Jump = { always: 0xeb, zero: 0x74, notZero: 0x75, carry: 0x72, noCarry: 0x73, loop: 0xe2 } as const;

export class BootSector {
  readonly #bytes: number[] = [];
  readonly #labels = new Map<string, number>();
  readonly #fixes: { readonly at: number; readonly label: string; readonly size: 1 | 2; readonly relative: boolean }[] = [];

  constructor() {
    // cli; xor ax, ax; mov ds, ax; mov es, ax; mov ss, ax; mov sp, ORIGIN; cld
    this.code(0xfa, 0x31, 0xc0, 0x8e, 0xd8, 0x8e, 0xc0, 0x8e, 0xd0, 0xbc).word(ORIGIN).code(0xfc);
  }

  code(...bytes: readonly number[]): this {
    this.#bytes.push(...bytes);
    return this;
  }

  word(value: number): this {
    return this.code(value & 0xff, (value >> 8) & 0xff);
  }

  label(name: string): this {
    this.#labels.set(name, this.#bytes.length);
    return this;
  }

  jump(opcode: number, label: string): this {
    this.code(opcode);
    this.#fixes.push({ at: this.#bytes.length, label, size: 1, relative: true });
    return this.code(0);
  }

  call(label: string): this {
    return this.#near(0xe8, label);
  }

  /** Jumps however far. */
  go(label: string): this {
    return this.#near(0xe9, label);
  }

  #near(opcode: number, label: string): this {
    this.code(opcode);
    this.#fixes.push({ at: this.#bytes.length, label, size: 2, relative: true });
    return this.word(0);
  }

  /** The address of a label, as an operand. */
  address(label: string): this {
    this.#fixes.push({ at: this.#bytes.length, label, size: 2, relative: false });
    return this.word(0);
  }

  /** mov ax, value */
  ax(value: number): this {
    return this.code(0xb8).word(value);
  }
  bx(value: number): this {
    return this.code(0xbb).word(value);
  }
  cx(value: number): this {
    return this.code(0xb9).word(value);
  }
  dx(value: number): this {
    return this.code(0xba).word(value);
  }
  int(number: number): this {
    return this.code(0xcd, number);
  }
  /** Writes a byte, or a word, to a port; spoils ax and dx. */
  out8(port: number, value: number): this {
    return this.dx(port).code(0xb0, value, 0xee);
  }
  out16(port: number, value: number): this {
    return this.dx(port).ax(value).code(0xef);
  }
  /** Reads a port into al, or ax; spoils dx. */
  in8(port: number): this {
    return this.dx(port).code(0xec);
  }
  in16(port: number): this {
    return this.dx(port).code(0xed);
  }
  /** Sends a character over COM1; spoils ax and dx. */
  say(character: string): this {
    return this.code(0xb0, character.charCodeAt(0)).call('send');
  }
  /** Waits for a byte from COM1, into al; spoils dx. */
  listen(): this {
    return this.call('receive');
  }
  halt(): this {
    return this.label(`halt${this.#bytes.length}`).code(0xf4).jump(Jump.always, `halt${this.#bytes.length - 1}`);
  }

  /** The sector, with the subroutines `send` and `receive` behind the code. */
  build(): Uint8Array {
    // push ax; wait until the transmitter is empty; pop ax; out
    this.label('send').code(0x50).dx(LINE_STATUS).label('send.wait').code(0xec, 0xa8, 0x20).jump(Jump.zero, 'send.wait');
    this.code(0x58).dx(COM1).code(0xee, 0xc3);
    this.label('receive').dx(LINE_STATUS).label('receive.wait').code(0xec, 0xa8, 0x01).jump(Jump.zero, 'receive.wait');
    this.dx(COM1).code(0xec, 0xc3);
    const bytes = [...this.#bytes];
    for (const { at, label, size, relative } of this.#fixes) {
      const target = this.#labels.get(label);
      if (target === undefined) throw new Error(`no label ${label}`);
      const value = relative ? target - (at + size) : ORIGIN + target;
      if (size === 1 && (value < -128 || value > 127)) throw new Error(`${label} is ${value} bytes away: too far for a short jump`);
      bytes[at] = value & 0xff;
      if (size === 2) bytes[at + 1] = (value >> 8) & 0xff;
    }
    if (bytes.length > SECTOR - 2) throw new Error(`${bytes.length} bytes of code do not fit a boot sector`);
    const sector = new Uint8Array(SECTOR);
    sector.set(bytes);
    sector.set([0x55, 0xaa], SECTOR - 2);
    return sector;
  }
}
