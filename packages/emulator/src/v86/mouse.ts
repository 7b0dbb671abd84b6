/**
 * The mouse's own queue before v86's devices: relative PS/2 packets, fed as the guest reads them and joined while it does not,
 * or absolute positions where the guest's driver has switched VMware's backdoor on. Neither protocol has a horizontal wheel, and the
 * backdoor knows three buttons.
 */
import type { Cpu } from './inside.js';
import { wrapPort } from './inside.js';
import { jsonSection, Values } from './section-values.js';
import type { StateSection } from '../saved-state.js';

/** The most that one PS/2 packet can move. */
const PACKET_MOST = 255;
/** Packets that wait for the guest; more are joined into the last. */
const QUEUE_MOST = 256;
/** Milliseconds until another look at a guest that takes no packet now. */
const AGAIN = 10;
/** The id of a mouse whose packets carry a wheel and five buttons. */
const EXPLORER = 4;
const INTELLI = 3;

const SECTION = { name: 'mouse', version: 1 } as const;

interface Step {
  dx: number;
  dy: number;
  buttons: number;
  wheel: number;
}

export class MouseQueue {
  #steps: Step[] = [];
  #x = -1;
  #y = -1;
  #buttons = 0;
  /** Buttons of the last packet sent. */
  #sent = 0;

  constructor(
    private readonly cpu: Cpu,
    private readonly send: (event: string, data: readonly unknown[]) => void,
    private readonly screens: { readonly desk: { readonly width: number; readonly height: number } },
  ) {
    const ps2 = cpu.devices.ps2;
    ps2.send_mouse_packet = (dx, dy) => this.#packet(dx, dy);
    wrapPort(cpu, 0x60, (before) => ({
      read8: (port) => {
        const value = before.read8.call(ps2, port);
        this.feed();
        return value;
      },
    }));
  }

  get absolute(): boolean {
    const { enabled, absolute } = this.cpu.devices.vmware;
    return enabled && absolute;
  }

  /** To a position on the desk, in pixels from its upper left corner; what is past an edge is at it. */
  move(to: { readonly x: number; readonly y: number }, buttons: number): void {
    const { width, height } = this.screens.desk;
    const x = Math.max(0, Math.min(width - 1, Math.round(to.x)));
    const y = Math.max(0, Math.min(height - 1, Math.round(to.y)));
    const from = { x: this.#x, y: this.#y };
    this.#x = x;
    this.#y = y;
    const changed = buttons !== this.#buttons;
    this.#buttons = buttons;
    if (this.absolute) this.#moveAbsolute(changed);
    else this.#push({ dx: delta(from.x, x, width), dy: delta(from.y, y, height), buttons, wheel: 0 });
  }

  wheel(dy: number): void {
    if (this.absolute) this.send('mouse-wheel', [dy, 0]);
    else this.#push({ dx: 0, dy: 0, buttons: this.#buttons, wheel: dy });
  }

  reset(): void {
    this.#steps = [];
    this.#x = this.#y = -1;
    this.#buttons = this.#sent = 0;
    const vmware = this.cpu.devices.vmware;
    vmware.enabled = vmware.absolute = false;
    vmware.queue.length = 0;
  }

  save(): StateSection {
    return jsonSection(SECTION.name, SECTION.version, { steps: this.#steps, x: this.#x, y: this.#y, buttons: this.#buttons, sent: this.#sent });
  }

  restore(sections: readonly StateSection[]): void {
    const values = Values.of(sections, SECTION.name, SECTION.version);
    this.#steps = values.all('steps').map((step) => ({ dx: step.number('dx'), dy: step.number('dy'), buttons: step.number('buttons'), wheel: step.number('wheel') }));
    this.#x = values.number('x');
    this.#y = values.number('y');
    this.#buttons = values.number('buttons');
    this.#sent = values.number('sent');
  }

  /** Hands over the next packet if the guest can take it now. @returns milliseconds until it may be able to; Infinity with no packet left */
  feed(): number {
    const ps2 = this.cpu.devices.ps2;
    const step = this.#steps[0];
    if (step === undefined) return Infinity;
    if (ps2.mouse_buffer.length > 0 || ps2.command_register & 0x20) return AGAIN;
    if (!ps2.use_mouse || !ps2.enable_mouse_stream) {
      this.#steps = [];
      return Infinity;
    }
    const dx = clamp(step.dx, PACKET_MOST);
    const dy = clamp(step.dy, PACKET_MOST);
    const wheel = clamp(step.wheel, 7);
    step.dx -= dx;
    step.dy -= dy;
    step.wheel -= wheel;
    if (step.dx === 0 && step.dy === 0 && step.wheel === 0) this.#steps.shift();
    this.#sent = step.buttons;
    // PS/2 counts the wheel towards the user and movement upwards.
    ps2.wheel_movement = -wheel;
    this.#packet(dx, -dy);
    return this.#steps.length > 0 ? AGAIN : Infinity;
  }

  #moveAbsolute(buttonsChanged: boolean): void {
    const { width, height } = this.screens.desk;
    // The middle of the pixel on a scale of 0 to 0xffff, which the guest's driver divides back by the same size.
    const position = (at: number, size: number): number => Math.floor(((at + 0.5) * 0x10000) / size);
    this.send('mouse-absolute', [position(this.#x, width), position(this.#y, height), 0xffff, 0xffff]);
    const ps2 = this.cpu.devices.ps2;
    if (buttonsChanged) {
      const { left, middle, right } = pressed(this.#buttons);
      this.send('mouse-click', [left, middle, right]);
    } else if (ps2.enable_mouse_stream && ps2.mouse_buffer.length === 0) {
      // The driver looks at the backdoor only when the mouse interrupts.
      this.#packet(0, 0);
    }
  }

  #push(step: Step): void {
    const last = this.#steps.at(-1);
    const joins = last !== undefined && last.buttons === step.buttons && (last.wheel === 0) === (step.wheel === 0);
    if (last !== undefined && (joins || this.#steps.length >= QUEUE_MOST)) {
      last.dx += step.dx;
      last.dy += step.dy;
      last.wheel += step.wheel;
      last.buttons = step.buttons;
    } else if (step.dx !== 0 || step.dy !== 0 || step.wheel !== 0 || step.buttons !== (last?.buttons ?? this.#sent)) {
      this.#steps.push(step);
    }
    this.feed();
  }

  /** One packet as the guest's driver has asked for it. @param dy upwards */
  #packet(dx: number, dy: number): void {
    const ps2 = this.cpu.devices.ps2;
    const buttons = this.absolute ? this.#buttons : this.#sent;
    const { left, middle, right } = pressed(buttons);
    ps2.mouse_clicks = Number(left) | (Number(right) << 1) | (Number(middle) << 2);
    const queue = ps2.mouse_buffer;
    queue.push((dy < 0 ? 0x20 : 0) | (dx < 0 ? 0x10 : 0) | 0x08 | ps2.mouse_clicks);
    queue.push(dx & 0xff);
    queue.push(dy & 0xff);
    if (ps2.mouse_id === EXPLORER) queue.push((ps2.wheel_movement & 0x0f) | ((buttons >> 3) & 3) << 4);
    else if (ps2.mouse_id === INTELLI) queue.push(ps2.wheel_movement & 0xff);
    ps2.wheel_movement = 0;
    ps2.raise_irq();
  }
}

const clamp = (value: number, most: number): number => Math.max(-most, Math.min(most, value));

const pressed = (buttons: number): { left: boolean; middle: boolean; right: boolean } => ({
  left: (buttons & 1) !== 0,
  right: (buttons & 2) !== 0,
  middle: (buttons & 4) !== 0,
});

/**
 * Relative movement between two positions. The guest's pointer may have drifted from ours (it accelerates, and it moves itself);
 * reaching an edge pushes one screen further, after which both are surely there.
 */
function delta(from: number, to: number, size: number): number {
  if (from < 0) return 0;
  if (to === from) return 0;
  if (to === 0) return -from - size;
  if (to === size - 1) return to - from + size;
  return to - from;
}
