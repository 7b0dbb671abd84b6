/**
 * What the embedded engine can build.
 */
import type { EngineLimits } from '../engine.js';
import { PORTABILITY_LEVELS } from './cpuid.js';
import { FLOPPY_SIZES } from './floppy.js';
import { SERIAL_PORTS } from './serial.js';

export const LIMITS: EngineLimits = {
  memoryMiB: { min: 4, max: 2047 },
  vramMiB: { min: 1, max: 256 },
  cpuCount: { min: 1, max: 1 },
  cpuPortabilityLevel: PORTABILITY_LEVELS,
  monitorCount: { min: 1, max: 4 },
  slots: {
    'ide0-0': ['hdd', 'dvd'],
    'ide0-1': ['hdd', 'dvd'],
    'ide1-0': ['hdd', 'dvd'],
    'ide1-1': ['hdd', 'dvd'],
    floppy0: ['floppy'],
    floppy1: ['floppy'],
  },
  serialPorts: SERIAL_PORTS,
  networkAdapters: { slots: { min: 1, max: 8 }, models: ['ne2000', 'virtio'] },
  bootDevices: ['floppy', 'dvd', 'disk', 'none'],
  screen: { width: 2560, height: 1600 },
  floppySizes: FLOPPY_SIZES,
};
