/**
 * Input events to a keyboard and a pointer: flags to codes, wheels to notches, and nothing left pressed behind a client that leaves.
 *
 * [MS-RDPBCGR] 2.2.8.1.1.3.1.1 (events), 3.3.5.8.1. State of one client: what it holds down, where its pointer is.
 */
import { type InputEvent, KeyboardFlags, PointerFlags, PointerXFlags, SyncFlags } from '../pdu/input.js';
import type { Keyboard, Pointer } from '../ports.js';

/** Wheel rotation of one notch. */
const WHEEL_DELTA = 120;

const E0 = 0xe000;
const E1 = 0xe100;

/** Set-1 codes of the keys that toggle, by their bit in a synchronize event's flags. */
const TOGGLE_KEYS = [
  [SyncFlags.SCROLL_LOCK, 0x46],
  [SyncFlags.NUM_LOCK, 0x45],
  [SyncFlags.CAPS_LOCK, 0x3a],
] as const;

/** `buttons` bits of the pointer port, by `pointerFlags` bit. */
const BUTTONS = [
  [PointerFlags.BUTTON1, 1],
  [PointerFlags.BUTTON2, 2],
  [PointerFlags.BUTTON3, 4],
] as const;
const X_BUTTONS = [
  [PointerXFlags.BUTTON1, 8],
  [PointerXFlags.BUTTON2, 16],
] as const;

/** Keys that change what others mean: Ctrl, Shift, Alt, and the keys of Windows. */
const MODIFIERS: ReadonlySet<number> = new Set([0x1d, 0x2a, 0x36, 0x38, 0xe01d, 0xe038, 0xe05b, 0xe05c]);

/** What a client holds down that it does not press again by itself, as it does with keys that repeat. */
export interface Held {
  readonly modifiers: readonly number[];
  readonly buttons: number;
  readonly x: number;
  readonly y: number;
}

export class InputTranslator {
  private readonly keys = new Set<number>();
  private readonly characters = new Set<number>();
  private buttons = 0;
  private x = 0;
  private y = 0;
  /** Rotation of less than a notch that high-resolution wheels have sent so far. */
  private turned = { x: 0, y: 0 };

  /** @param keyboard the machine's; @param pointer the machine's; both are shared with other clients */
  constructor(
    private readonly keyboard: Keyboard,
    private readonly pointer: Pointer,
  ) {}

  /** @param desktop pixels: positions are kept inside */
  take(events: readonly InputEvent[], desktop: { readonly width: number; readonly height: number }): void {
    for (const event of events) {
      switch (event.type) {
        case 'scancode':
          this.scancode(event.keyCode, event.keyboardFlags);
          break;
        case 'unicode':
          this.unicode(event.unicodeCode, (event.keyboardFlags & KeyboardFlags.RELEASE) === 0);
          break;
        case 'mouse':
        case 'mousex':
          this.x = Math.min(event.xPos, desktop.width - 1);
          this.y = Math.min(event.yPos, desktop.height - 1);
          if (event.type === 'mouse') this.mouse(event.pointerFlags);
          else this.press(X_BUTTONS, event.pointerFlags);
          break;
        case 'synchronize':
          this.synchronize(event.toggleFlags);
          break;
        case 'unused':
      }
    }
  }

  /** Lets go of all that this client holds. */
  release(): void {
    for (const code of this.keys) this.keyboard.scancode(code, false);
    for (const unit of this.characters) this.keyboard.unicode?.(unit, false);
    this.keys.clear();
    this.characters.clear();
    if (this.buttons === 0) return;
    this.buttons = 0;
    this.pointer.move(this.x, this.y, 0);
  }

  /** Lets go of all for a while. @returns what `hold` takes */
  pause(): Held {
    const held = { modifiers: [...this.keys].filter((code) => MODIFIERS.has(code)), buttons: this.buttons, x: this.x, y: this.y };
    this.release();
    return held;
  }

  /** Presses again what was held down, here or elsewhere. */
  hold({ modifiers, buttons, x, y }: Held): void {
    for (const code of modifiers) this.key(code, true);
    [this.buttons, this.x, this.y] = [buttons, x, y];
    if (buttons !== 0) this.pointer.move(x, y, buttons);
  }

  private scancode(keyCode: number, flags: number): void {
    if (keyCode < 1 || keyCode > 0x7f) return;
    const prefix = flags & KeyboardFlags.EXTENDED1 ? E1 : flags & KeyboardFlags.EXTENDED ? E0 : 0;
    const down = (flags & KeyboardFlags.RELEASE) === 0;
    this.key(prefix | keyCode, down);
  }

  private key(code: number, down: boolean): void {
    // Clients release keys for good measure when they get the focus: another client may be holding them.
    if (down) this.keys.add(code);
    else if (!this.keys.delete(code)) return;
    this.keyboard.scancode(code, down);
  }

  private unicode(unit: number, down: boolean): void {
    if (!this.keyboard.unicode) return;
    if (down) this.characters.add(unit);
    else if (!this.characters.delete(unit)) return;
    this.keyboard.unicode(unit, down);
  }

  private mouse(flags: number): void {
    // [MS-RDPBCGR] 2.2.8.1.1.3.1.1.3: a wheel event moves nothing and presses nothing.
    if (flags & PointerFlags.WHEEL) return this.wheel('y', rotation(flags));
    if (flags & PointerFlags.HWHEEL) return this.wheel('x', rotation(flags));
    this.press(BUTTONS, flags);
  }

  /** Presses or releases the buttons that `flags` name, and moves. */
  private press(bits: readonly (readonly [number, number])[], flags: number): void {
    for (const [flag, button] of bits) {
      if (!(flags & flag)) continue;
      this.buttons = flags & PointerFlags.DOWN ? this.buttons | button : this.buttons & ~button;
    }
    this.pointer.move(this.x, this.y, this.buttons);
  }

  private wheel(axis: 'x' | 'y', turn: number): void {
    // Some clients call a notch 128: a rotation of one notch or more is whole notches. Smaller ones add up.
    const whole = Math.abs(turn) >= WHEEL_DELTA;
    const total = whole ? turn : this.turned[axis] + turn;
    const notches = whole ? Math.round(turn / WHEEL_DELTA) : Math.trunc(total / WHEEL_DELTA);
    this.turned[axis] = whole ? 0 : total - notches * WHEEL_DELTA;
    if (notches === 0) return;
    if (axis === 'y') this.pointer.wheel(0, notches);
    else this.pointer.wheel(notches, 0);
  }

  /** [MS-RDPBCGR] 2.2.8.1.1.3.1.1.5: all keys are up, and the toggles are as the client shows them. */
  private synchronize(toggleFlags: number): void {
    for (const code of [...this.keys]) this.key(code, false);
    const lit = this.keyboard.indicators;
    if (lit === undefined) return;
    for (const [bit, code] of TOGGLE_KEYS) {
      if ((lit & bit) === (toggleFlags & bit)) continue;
      this.keyboard.scancode(code, true);
      this.keyboard.scancode(code, false);
    }
  }
}

/** Nine bits in two's complement. */
const rotation = (flags: number): number => {
  const value = flags & PointerFlags.WheelRotationMask;
  return value & PointerFlags.WHEEL_NEGATIVE ? value - 0x200 : value;
};
