/**
 * Compares hardware settings with what an engine can build. Pure.
 */
import { SettingsError, type DriveKind, type EngineLimits, type HardwareSettings, type Range } from './engine.js';
import type { BlockDevice } from './ports.js';

const SECTOR: Record<DriveKind, number> = { hdd: 512, dvd: 2048, floppy: 512 };

/** @throws SettingsError for the first setting that does not fit, with what would */
export function checkSettings(settings: HardwareSettings, limits: EngineLimits): void {
  checkRange('memory', settings.memoryMiB, limits.memoryMiB, ' MiB');
  checkRange('video memory', settings.vramMiB, limits.vramMiB, ' MiB');
  checkRange('number of CPUs', settings.cpuCount, limits.cpuCount);
  checkRange('CPUID portability level', settings.cpuPortabilityLevel ?? 0, limits.cpuPortabilityLevel);
  checkRange('number of monitors', settings.monitorCount, limits.monitorCount);
  for (const device of settings.bootOrder) {
    if (!limits.bootDevices.includes(device)) {
      throw new SettingsError(`this engine cannot boot from ${device}: use ${limits.bootDevices.join(', ')}`);
    }
  }
  checkDrives(settings, limits);
  checkSerialPorts(settings, limits);
  checkNetworkAdapters(settings, limits);
}

/** @throws SettingsError when a medium cannot be in a drive of this kind */
export function checkMedium(slot: string, kind: DriveKind, device: BlockDevice | null, limits: EngineLimits): void {
  if (!device) {
    if (kind === 'hdd') throw new SettingsError(`${slot} is a disk without an image: attach one or remove the disk`);
    return;
  }
  const sector = SECTOR[kind];
  if (!Number.isSafeInteger(device.size) || device.size <= 0 || device.size % sector !== 0) {
    throw new SettingsError(`the medium at ${slot} has ${device.size} bytes: a ${kind} needs a multiple of ${sector}`);
  }
  if (kind === 'floppy' && !limits.floppySizes.includes(device.size)) {
    throw new SettingsError(`the medium at ${slot} has ${device.size} bytes, which is no floppy's size; 1474560 is that of a 1.44 MB floppy`);
  }
}

function checkRange(what: string, value: number, { min, max }: Range, unit = ''): void {
  if (Number.isInteger(value) && min <= value && value <= max) return;
  throw new SettingsError(`${what} of ${value}${unit} is not possible here: use ${min === max ? `${min}${unit}` : `${min} to ${max}${unit}`}`);
}

function checkDrives({ drives }: HardwareSettings, limits: EngineLimits): void {
  const seen = new Set<string>();
  for (const { slot, kind, device } of drives) {
    const kinds = limits.slots[slot];
    if (!kinds) throw new SettingsError(`there is no place ${slot} for a drive: use ${Object.keys(limits.slots).join(', ')}`);
    if (!kinds.includes(kind)) throw new SettingsError(`${slot} takes ${kinds.join(' or ')}, not ${kind}`);
    if (seen.has(slot)) throw new SettingsError(`two drives are set for ${slot}: move one to another place`);
    seen.add(slot);
    checkMedium(slot, kind, device, limits);
  }
}

function checkSerialPorts({ serialPorts }: HardwareSettings, limits: EngineLimits): void {
  const seen = new Set<number>();
  for (const { index, ioBase, irq } of serialPorts) {
    const possible = limits.serialPorts.find((port) => port.index === index);
    if (!possible) {
      throw new SettingsError(`there is no serial port ${index}: use ${limits.serialPorts.map((port) => port.index).join(', ')}`);
    }
    if (seen.has(index)) throw new SettingsError(`serial port ${index} is set twice`);
    seen.add(index);
    if (possible.ioBase !== ioBase || possible.irq !== irq) {
      throw new SettingsError(
        `serial port ${index} can only be at 0x${possible.ioBase.toString(16)} with IRQ ${possible.irq}, not at 0x${ioBase.toString(16)} with IRQ ${irq}`,
      );
    }
  }
}

function checkNetworkAdapters({ networkAdapters }: HardwareSettings, { networkAdapters: { slots, models } }: EngineLimits): void {
  const seen = new Set<number>();
  for (const { slot, model, mac } of networkAdapters) {
    checkRange('a network adapter in slot', slot, slots);
    if (seen.has(slot)) throw new SettingsError(`network adapter ${slot} is set twice`);
    seen.add(slot);
    if (!models.includes(model)) throw new SettingsError(`network adapter ${slot}: this engine has no card of model ${model}: use ${models.join(' or ')}`);
    if (!/^[0-9a-f]{12}$/i.test(mac)) throw new SettingsError(`network adapter ${slot}: ${JSON.stringify(mac)} is no MAC address: give twelve hexadecimal digits`);
    if (parseInt(mac.slice(0, 2), 16) & 1) throw new SettingsError(`network adapter ${slot}: ${mac} is the address of a group, not of a card: its second digit must be even`);
  }
}
