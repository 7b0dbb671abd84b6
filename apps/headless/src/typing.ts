/**
 * Keys from the control socket: raw set-1 bytes, and text as a US keyboard types it. Pure.
 *
 * A key code is 0x01 to 0x7f, with 0xE000 or 0xE100 added for a prefix byte, as the machine's keyboard takes it.
 */
export interface KeyEvent {
  readonly code: number;
  readonly down: boolean;
}

/** Turns the bytes of a set-1 keyboard into key events; a prefix may end one call and its key begin the next. */
export class ScancodeReader {
  private prefix = 0;

  read(bytes: readonly number[]): KeyEvent[] {
    const events: KeyEvent[] = [];
    for (const byte of bytes) {
      if (byte === 0xe0 || byte === 0xe1) {
        this.prefix = byte << 8;
        continue;
      }
      events.push({ code: this.prefix | (byte & 0x7f), down: (byte & 0x80) === 0 });
      this.prefix = 0;
    }
    return events;
  }
}

const LEFT_SHIFT = 0x2a;

/** Rows of a US keyboard: the code of the first key, then the characters without and with Shift. */
const ROWS: readonly (readonly [number, string, string])[] = [
  [0x02, '1234567890-=', '!@#$%^&*()_+'],
  [0x10, 'qwertyuiop[]', 'QWERTYUIOP{}'],
  [0x1e, "asdfghjkl;'`", 'ASDFGHJKL:"~'],
  [0x2b, '\\zxcvbnm,./', '|ZXCVBNM<>?'],
  [0x39, ' ', ' '],
  [0x1c, '\n', '\n'],
  [0x0f, '\t', '\t'],
  [0x0e, '\b', '\b'],
  [0x01, '\x1b', '\x1b'],
];

const KEYS = new Map<string, { code: number; shift: boolean }>();
for (const [first, plain, shifted] of ROWS) {
  for (let i = 0; i < plain.length; i++) {
    KEYS.set(shifted[i], { code: first + i, shift: true });
    KEYS.set(plain[i], { code: first + i, shift: false });
  }
}
KEYS.set('\r', { code: 0x1c, shift: false });

/**
 * The key events that type `text`.
 * @throws RangeError naming the first character that a US keyboard cannot type
 */
export function typeText(text: string): KeyEvent[] {
  const events: KeyEvent[] = [];
  for (const character of text) {
    const key = KEYS.get(character);
    if (!key) throw new RangeError(`a US keyboard cannot type '${character}' (U+${character.codePointAt(0)?.toString(16).toUpperCase().padStart(4, '0')})`);
    if (key.shift) events.push({ code: LEFT_SHIFT, down: true });
    events.push({ code: key.code, down: true }, { code: key.code, down: false });
    if (key.shift) events.push({ code: LEFT_SHIFT, down: false });
  }
  return events;
}
