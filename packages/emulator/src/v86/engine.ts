/**
 * The embedded engine: v86 in a thread of this process.
 */
import { Worker } from 'node:worker_threads';
import { checkSettings } from '../check-settings.js';
import type { Engine, HardwareSettings, Machine, StartOptions } from '../engine.js';
import { hardwareOf } from '../hardware.js';
import type { Arrival, DeviceState } from '../moving.js';
import { checkState, PAGE, type SavedState } from '../saved-state.js';
import { featuresAt } from './cpuid.js';
import { mediumShape } from './disk-server.js';
import { V86_VERSION, videoMemoryMiB } from './inside.js';
import { LIMITS } from './limits.js';
import { V86Machine } from './machine.js';
import { newSharedBlock, type Assignment } from './protocol.js';

export const v86Engine: Engine = {
  name: 'v86',
  version: V86_VERSION,
  limits: LIMITS,

  validate(settings: HardwareSettings): void {
    checkSettings(settings, LIMITS);
  },

  cpuFeatures: featuresAt,

  movingPages({ memoryMiB, vramMiB }: HardwareSettings): number {
    return ((memoryMiB + videoMemoryMiB(vramMiB)) * 1024 * 1024) / PAGE;
  },

  start(settings: HardwareSettings, options: StartOptions): Promise<Machine> {
    return build(settings, options);
  },

  async restore(settings: HardwareSettings, state: SavedState, options: StartOptions): Promise<Machine> {
    checkState(state, 'v86', V86_VERSION, hardwareOf(settings));
    const machine = await build(settings, options, { sections: state.sections });
    try {
      await machine.fillMemory(state.memory);
      return machine;
    } catch (error) {
      await machine.powerOff();
      throw error;
    }
  },

  async arrive(settings: HardwareSettings, options: StartOptions): Promise<Arrival<Machine>> {
    const machine = await build(settings, options, { arrives: true });
    const restore = async (devices: DeviceState, early: boolean): Promise<V86Machine> => {
      try {
        await machine.restoreDevices(devices, early);
        return machine;
      } catch (error) {
        await machine.powerOff();
        throw error;
      }
    };
    return {
      write: (runs) => machine.writePages(runs),
      prepare: async (devices) => void (await restore(devices, true)),
      complete: (devices) => restore(devices, false),
      discard: () => machine.powerOff(),
    };
  },
};

/** @param begins the devices' state that it begins with, or that it arrives later */
async function build(settings: HardwareSettings, { firmware, log }: StartOptions, begins: Pick<Assignment, 'sections' | 'arrives'> = {}): Promise<V86Machine> {
  checkSettings(settings, LIMITS);
  const shared = newSharedBlock();
  const assignment: Assignment = {
    memoryMiB: settings.memoryMiB,
    vramMiB: settings.vramMiB,
    cpuPortabilityLevel: settings.cpuPortabilityLevel ?? 0,
    acpi: settings.acpi,
    rtcUtc: settings.rtcUtc,
    bootOrder: settings.bootOrder,
    drives: await Promise.all(settings.drives.map(async ({ slot, kind, device }) => ({ slot, kind, medium: await mediumShape(slot, device) }))),
    serialPorts: settings.serialPorts.map(({ index }) => index),
    networkAdapters: settings.networkAdapters.map(({ slot, model, mac, cableConnected }) => ({ slot, model, mac: Buffer.from(mac, 'hex'), connected: cableConnected })),
    bios: firmware.bios,
    vgaBios: firmware.vgaBios,
    shared,
    ...begins,
  };
  const worker = new Worker(new URL('./worker.js', import.meta.url), { workerData: assignment, name: 'v86' });
  const machine = new V86Machine(worker, shared, settings, log, begins.sections !== undefined || begins.arrives === true);
  await machine.begin();
  return machine;
}
