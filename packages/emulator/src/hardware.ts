/**
 * What a state says of the machine that it was saved of. Pure.
 */
import type { HardwareSettings } from './engine.js';

/** The hardware that a guest has seen, in words: what a machine must have that takes its state. A card's address is not of it: it comes with the state. */
export function hardwareOf(settings: HardwareSettings): Record<string, string> {
  const { memoryMiB, vramMiB, monitorCount, cpuCount, acpi, drives, serialPorts, networkAdapters } = settings;
  return {
    memory: `${memoryMiB} MiB`,
    'video memory': `${vramMiB} MiB`,
    monitors: String(monitorCount),
    CPUs: String(cpuCount),
    ACPI: acpi ? 'on' : 'off',
    ...Object.fromEntries(drives.map(({ slot, kind, device }) => [`drive ${slot}`, `${kind}, ${device ? `${device.size} bytes` : 'empty'}`])),
    ...Object.fromEntries(serialPorts.map(({ index, ioBase, irq }) => [`serial port ${index}`, `0x${ioBase.toString(16)}, IRQ ${irq}`])),
    ...Object.fromEntries(networkAdapters.map(({ slot, model }) => [`network adapter ${slot}`, model])),
  };
}
