/**
 * What one client types and points with: at the machine that it sees, as far as it may, and later where it has to wait.
 *
 * State of one client: what it holds down, and what of it waits.
 */
import type { InputEvent } from '../pdu/input.js';
import type { Keyboard, Pointer } from '../ports.js';
import { type Held, InputTranslator } from './input.js';
import type { Gate } from './policy.js';

/** Input events of one client that wait: more than anybody types while a machine changes hosts. */
const MAX_HELD_EVENTS = 4096;

export class Hands {
  private input: InputTranslator;
  /** It waits: what was held down, and what has come since. */
  private held: { readonly held: Held; readonly events: InputEvent[] } | undefined;

  constructor(
    private readonly gate: Gate,
    keyboard: Keyboard,
    pointer: Pointer,
  ) {
    this.input = new InputTranslator(keyboard, pointer);
  }

  /** @param desktop the client's, pixels; undefined before it has one */
  take(events: readonly InputEvent[], desktop: { readonly width: number; readonly height: number } | undefined): void {
    if (!this.gate.passes('input', events.length)) this.letGo();
    else if (this.held) this.held.events.push(...events.slice(0, MAX_HELD_EVENTS - this.held.events.length));
    else if (desktop) this.input.take(events, desktop);
  }

  /** What is permitted has changed, at once. */
  policyChanged(): void {
    if (!this.gate.opens('input')) this.letGo();
  }

  /** Input waits from now on, and all that is held down is let go. */
  hold(): void {
    this.held ??= { held: this.input.pause(), events: [] };
  }

  /** What has waited is typed, and what comes from now on. @param presses whether what was held down is pressed again */
  goOn(desktop: { readonly width: number; readonly height: number } | undefined, presses = true): void {
    const { held } = this;
    if (!held) return;
    this.held = undefined;
    if (presses && this.gate.opens('input')) this.input.hold(held.held);
    this.take(held.events, desktop);
  }

  /** Another machine from now on. What was held down, and what has waited, waits for `goOn`. */
  moveTo(keyboard: Keyboard, pointer: Pointer): void {
    this.hold();
    this.input = new InputTranslator(keyboard, pointer);
  }

  /** Nothing stays pressed. */
  release(): void {
    this.input.release();
  }

  /** The client may not type any more: nothing that it holds down stays so, and what of it waits is dropped. */
  private letGo(): void {
    this.input.release();
    if (!this.held) return;
    this.gate.passes('input', this.held.events.length);
    this.held = { held: this.input.pause(), events: [] };
  }
}
