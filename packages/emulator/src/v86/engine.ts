/**
 * The embedded engine: v86 in a thread of this process.
 */
import { Worker } from 'node:worker_threads';
import { checkSettings } from '../check-settings.js';
import type { Engine, HardwareSettings, Machine, StartOptions } from '../engine.js';
import { hardwareOf } from '../hardware.js';
import { checkState, type SavedState, type StateSection } from '../saved-state.js';
import { mediumShape } from './disk-server.js';
import { V86_VERSION } from './inside.js';
import { LIMITS } from './limits.js';
import { V86Machine } from './machine.js';
import { newSharedBlock, type Assignment } from './protocol.js';

export const v86Engine: Engine = {
  name: 'v86',
  limits: LIMITS,

  validate(settings: HardwareSettings): void {
    checkSettings(settings, LIMITS);
  },

  start(settings: HardwareSettings, options: StartOptions): Promise<Machine> {
    return build(settings, options);
  },

  async restore(settings: HardwareSettings, state: SavedState, options: StartOptions): Promise<Machine> {
    checkState(state, 'v86', V86_VERSION, hardwareOf(settings));
    const machine = await build(settings, options, state.sections);
    try {
      await machine.fillMemory(state.memory);
      return machine;
    } catch (error) {
      await machine.powerOff();
      throw error;
    }
  },
};

async function build(settings: HardwareSettings, { firmware, log }: StartOptions, sections?: readonly StateSection[]): Promise<V86Machine> {
  checkSettings(settings, LIMITS);
  const shared = newSharedBlock();
  const assignment: Assignment = {
    memoryMiB: settings.memoryMiB,
    vramMiB: settings.vramMiB,
    acpi: settings.acpi,
    rtcUtc: settings.rtcUtc,
    bootOrder: settings.bootOrder,
    drives: await Promise.all(settings.drives.map(async ({ slot, kind, device }) => ({ slot, kind, medium: await mediumShape(slot, device) }))),
    serialPorts: settings.serialPorts.map(({ index }) => index),
    bios: firmware.bios,
    vgaBios: firmware.vgaBios,
    shared,
    ...(sections ? { sections } : {}),
  };
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: assignment, name: 'v86' });
  const machine = new V86Machine(worker, shared, settings, log, sections !== undefined);
  await machine.begin();
  return machine;
}
