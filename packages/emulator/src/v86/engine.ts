/**
 * The embedded engine: v86 in a thread of this process.
 */
import { Worker } from 'node:worker_threads';
import { checkSettings } from '../check-settings.js';
import type { Engine, HardwareSettings, Machine, StartOptions } from '../engine.js';
import { hardwareOf } from '../hardware.js';
import type { Arrival, DeviceState } from '../moving.js';
import { checkState, PAGE, type SavedState } from '../saved-state.js';
import { DISPLAY_MEMORY } from './bochs-display.js';
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

  movingPages({ memoryMiB, vramMiB, monitorCount }: HardwareSettings): number {
    return ((memoryMiB + videoMemoryMiB(vramMiB)) * 1024 * 1024 + (monitorCount - 1) * DISPLAY_MEMORY) / PAGE;
  },

  start(settings: HardwareSettings, options: StartOptions): Promise<Machine> {
    return build(settings, options);
  },

  async restore(settings: HardwareSettings, state: SavedState, options: StartOptions): Promise<Machine> {
    checkState(state, 'v86', V86_VERSION, hardwareOf(settings));
    const machine = await construct(settings, options, { sections: state.sections });
    // Memory is read while the thread builds the devices.
    const filled = machine.fillMemory(state.memory);
    filled.catch(() => undefined);
    try {
      await machine.begin();
      await filled;
      return machine;
    } catch (error) {
      await machine.powerOff();
      // The state is its owner's again only when nothing is read from it.
      await filled.catch(() => undefined);
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

type Begins = Pick<Assignment, 'sections' | 'arrives'>;

/** @param begins the devices' state that it begins with, or that it arrives later */
async function build(settings: HardwareSettings, options: StartOptions, begins?: Begins): Promise<V86Machine> {
  const machine = await construct(settings, options, begins);
  await machine.begin();
  return machine;
}

/** As `build`; whether the engine can be built shows when the machine begins. */
async function construct(settings: HardwareSettings, { firmware, log }: StartOptions, begins: Begins = {}): Promise<V86Machine> {
  checkSettings(settings, LIMITS);
  const shared = newSharedBlock();
  const assignment: Assignment = {
    memoryMiB: settings.memoryMiB,
    vramMiB: settings.vramMiB,
    monitorCount: settings.monitorCount,
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
  return new V86Machine(worker, shared, settings, log, begins.sections !== undefined || begins.arrives === true);
}
