/**
 * What the embedded engine can be given, known here without loading it. Pure.
 *
 * The engine's own check when a machine starts is final; this one answers while the settings are made.
 */
import { invalid, unsupported } from '../http/api-error.js';
import type { BootDevice, Bus, DriveType } from './words.js';

export const limits = {
  memoryMiB: { min: 4, max: 2047 },
  vramMiB: { min: 1, max: 256 },
  cpus: { min: 1, max: 1 },
  monitorCount: { min: 1, max: 4 },
} as const;

export const bootable: readonly BootDevice[] = ['none', 'floppy', 'dvd', 'disk'];

/** The PC's serial ports: a slot has one address and one interrupt. */
export const serialPorts: readonly { readonly slot: number; readonly ioBase: number; readonly irq: number }[] = [
  { slot: 1, ioBase: 0x3f8, irq: 4 },
  { slot: 2, ioBase: 0x2f8, irq: 3 },
  { slot: 3, ioBase: 0x3e8, irq: 4 },
  { slot: 4, ioBase: 0x2e8, irq: 3 },
];

export const adapterCount = 8;

interface BusLimits {
  readonly chipsets: readonly string[];
  readonly portCount: number;
  readonly devicesPerPort: number;
  readonly drives: readonly DriveType[];
}

export const busLimits: Readonly<Record<Bus, BusLimits>> = {
  ide: { chipsets: ['PIIX4', 'PIIX3', 'ICH6'], portCount: 2, devicesPerPort: 2, drives: ['hdd', 'dvddrive'] },
  floppy: { chipsets: ['I82078'], portCount: 1, devicesPerPort: 2, drives: ['fdd'] },
};

const names: Readonly<Record<keyof typeof limits, string>> = { memoryMiB: 'memory in MiB', vramMiB: 'video memory in MiB', cpus: 'number of CPUs', monitorCount: 'number of monitors' };

/** @throws ApiError when `value` is outside what the engine takes */
export function withinLimits(name: keyof typeof limits, value: number): number {
  const { min, max } = limits[name];
  if (value >= min && value <= max) return value;
  throw invalid(`${names[name]}: ${value} is not ${min === max ? `${min}, the only number` : `between ${min} and ${max}, the range`} that the embedded engine takes`);
}

/** @throws ApiError for a device that the engine's firmware cannot boot from */
export function requireBootable(device: BootDevice): BootDevice {
  if (bootable.includes(device)) return device;
  throw unsupported(`boot device '${device}' is not supported by the embedded engine: use ${bootable.join(', ')}`);
}
