/**
 * All that a machine on this engine is, beside its memory: v86's devices, and the queues and rules that stand before them.
 * Nothing that only looks at the machine is here: screens are drawn anew.
 */
import type { StateSection } from '../saved-state.js';
import { restoreCore, saveCore } from './core-state.js';
import type { GuestClock } from './guest-clock.js';
import type { IdeDrives } from './ide.js';
import type { Emulator } from './inside.js';
import type { KeyboardQueue } from './keyboard.js';
import type { MouseQueue } from './mouse.js';
import type { Power } from './power.js';
import type { Screens } from './screens.js';
import { jsonSection, Values } from './section-values.js';
import type { SerialLine } from './serial.js';

const CLOCK = { name: 'clock', version: 1 } as const;

export interface Devices {
  readonly emulator: Emulator;
  readonly clock: GuestClock;
  readonly keyboard: KeyboardQueue;
  readonly mouse: MouseQueue;
  readonly power: Power;
  readonly ide: IdeDrives;
  readonly serial: readonly SerialLine[];
  readonly screens: Screens;
}

/** @param videoMemory false: left out, because it goes its own way as memory does */
export function saveDevices({ emulator, clock, keyboard, mouse, power, ide, serial, screens }: Devices, videoMemory: boolean): StateSection[] {
  return [
    ...saveCore(emulator.v86, videoMemory),
    jsonSection(CLOCK.name, CLOCK.version, { now: clock.now() }),
    keyboard.save(),
    mouse.save(),
    power.save(),
    ide.save(),
    ...serial.map((line) => line.save()),
    ...screens.save(videoMemory),
  ];
}

/**
 * Puts devices that have not run into the state of others; their clock stands still then. May be done again.
 *
 * @returns the bytes that wait for each serial port
 * @throws StateError
 */
export function restoreDevices({ emulator, clock, keyboard, mouse, power, ide, serial, screens }: Devices, sections: readonly StateSection[]): { index: number; count: number }[] {
  // First: timers count from it.
  clock.standAt(Values.of(sections, CLOCK.name, CLOCK.version).number('now'));
  restoreCore(emulator.v86, sections);
  keyboard.restore(sections);
  mouse.restore(sections);
  power.restore(sections);
  ide.restore(sections);
  screens.restore(sections);
  return serial.map((line) => ({ index: line.index, count: line.restore(sections) }));
}
