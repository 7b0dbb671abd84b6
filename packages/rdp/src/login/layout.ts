/** Scan codes to characters by the US layout: the dialog cannot know another one, as clients do not send theirs. State: what is held. */
import { type InputEvent, KeyboardFlags, SyncFlags } from '../pdu/input.js';

/** A key by what it means: a character, or one of the dialog's commands. */
export type Key = { readonly character: string } | { readonly command: Command };
export type Command = 'next' | 'previous' | 'enter' | 'backspace' | 'escape';

/** Set-1 codes from the first of each row on, without and with Shift. */
const ROWS: readonly (readonly [number, string, string])[] = [
  [0x02, '1234567890-=', '!@#$%^&*()_+'],
  [0x10, 'qwertyuiop[]', 'QWERTYUIOP{}'],
  [0x1e, "asdfghjkl;'`", 'ASDFGHJKL:"~'],
  [0x2b, '\\zxcvbnm,./', '|ZXCVBNM<>?'],
  [0x39, ' ', ' '],
  [0x56, '\\', '|'],
];
/** The keypad, with Num Lock; a dot is where nothing is typed. */
const KEYPAD: readonly [number, string] = [0x47, '789-456+1230.'];
const KEYPAD_STAR = 0x37;
/** With the E0 prefix. */
const KEYPAD_SLASH = 0x35;

const PLAIN = new Map(ROWS.flatMap(([first, plain]) => [...plain].map((character, i) => [first + i, character] as const)));
const SHIFTED = new Map(ROWS.flatMap(([first, , shifted]) => [...shifted].map((character, i) => [first + i, character] as const)));
const DIGITS = new Map([...KEYPAD[1]].map((character, i) => [KEYPAD[0] + i, character] as const));

const SHIFTS: ReadonlySet<number> = new Set([0x2a, 0x36]);
/** Ctrl and Alt, whichever side: with them a key types nothing. */
const MODIFIERS: ReadonlySet<number> = new Set([0x1d, 0x38]);
const CAPS_LOCK = 0x3a;
const NUM_LOCK = 0x45;

const CODES: Readonly<Record<number, Command>> = { 0x01: 'escape', 0x0e: 'backspace', 0x1c: 'enter' };
const TAB = 0x0f;
/** Characters that mean a command. */
const CONTROLS: Readonly<Record<number, Command>> = { 0x08: 'backspace', 0x09: 'next', 0x0a: 'enter', 0x0d: 'enter', 0x1b: 'escape' };

export class UsLayout {
  private readonly held = new Set<number>();
  private caps = false;
  private num = false;

  /** What an event types. */
  key(event: InputEvent): Key | undefined {
    switch (event.type) {
      case 'scancode':
        return this.scancode(event.keyCode, event.keyboardFlags);
      case 'unicode':
        if (event.keyboardFlags & KeyboardFlags.RELEASE) return undefined;
        return character(event.unicodeCode);
      case 'synchronize':
        this.held.clear();
        this.caps = (event.toggleFlags & SyncFlags.CAPS_LOCK) !== 0;
        this.num = (event.toggleFlags & SyncFlags.NUM_LOCK) !== 0;
        return undefined;
      default:
        return undefined;
    }
  }

  private scancode(code: number, flags: number): Key | undefined {
    const extended = (flags & KeyboardFlags.EXTENDED) !== 0;
    // Some keyboards wrap E0-prefixed keys into Shift's codes with the prefix, which are no Shift. Pause is nothing here.
    if (flags & KeyboardFlags.EXTENDED1 || (extended && SHIFTS.has(code))) return undefined;
    const name = extended ? 0xe000 | code : code;
    if (flags & KeyboardFlags.RELEASE) {
      this.held.delete(name);
      return undefined;
    }
    const repeated = this.held.has(name);
    if (SHIFTS.has(code) || MODIFIERS.has(code)) this.held.add(name);
    if (code === CAPS_LOCK || code === NUM_LOCK) {
      this.held.add(name);
      if (code === CAPS_LOCK && !repeated) this.caps = !this.caps;
      if (code === NUM_LOCK && !repeated) this.num = !this.num;
      return undefined;
    }
    return this.typed(code, extended);
  }

  private typed(code: number, extended: boolean): Key | undefined {
    const shift = this.holds((key) => SHIFTS.has(key));
    if (this.holds((key) => MODIFIERS.has(key & 0xff))) return undefined;
    if (code === TAB) return { command: shift ? 'previous' : 'next' };
    if (Object.hasOwn(CODES, code)) return { command: CODES[code] };
    if (extended) return code === KEYPAD_SLASH ? { character: '/' } : undefined;
    if (code === KEYPAD_STAR) return { character: '*' };
    const plain = PLAIN.get(code);
    if (plain === undefined) {
      const digit = DIGITS.get(code);
      return digit !== undefined && (this.num || digit === '-' || digit === '+') ? { character: digit } : undefined;
    }
    const upper = /[a-z]/.test(plain) ? shift !== this.caps : shift;
    return { character: upper ? SHIFTED.get(code)! : plain };
  }

  private holds(which: (key: number) => boolean): boolean {
    return [...this.held].some(which);
  }
}

function character(unit: number): Key | undefined {
  if (Object.hasOwn(CONTROLS, unit)) return { command: CONTROLS[unit] };
  return unit < 0x20 || unit === 0x7f ? undefined : { character: String.fromCharCode(unit) };
}
