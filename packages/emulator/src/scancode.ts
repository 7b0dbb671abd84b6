/**
 * Scancodes of set 1, as numbers and as the bytes that a keyboard sends. Pure.
 */
const E0 = 0xe000;
/** Pause: the only key with the E1 prefix; its bytes hold both presses and releases of the keys that it stands for. */
export const PAUSE = 0xe11d;
const PAUSE_DOWN = [0xe1, 0x1d, 0x45];
const PAUSE_UP = [0xe1, 0x9d, 0xc5];

/**
 * The bytes for a key.
 *
 * @param code 0x01 to 0x7f, 0xe001 to 0xe07f, or 0xe11d
 * @throws RangeError for any other code
 */
export function scancodeBytes(code: number, down: boolean): readonly number[] {
  if (code === PAUSE) return down ? PAUSE_DOWN : PAUSE_UP;
  const prefixed = (code & ~0xff) === E0;
  const key = code & 0xff;
  if (!Number.isInteger(code) || !(prefixed || code === key) || key < 1 || key > 0x7f) {
    throw new RangeError(`0x${code.toString(16)} is no scancode of set 1: use 0x01 to 0x7f, with 0xe000 added for the E0 prefix, or 0xe11d for Pause`);
  }
  const byte = down ? key : key | 0x80;
  return prefixed ? [0xe0, byte] : [byte];
}
