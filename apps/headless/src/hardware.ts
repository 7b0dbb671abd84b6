/** From the control plane's machine to the engine's: slots, kinds of drive and boot order under the engine's own names. Pure. */
import type { DriveSpec, HardwareSpec } from '@belvedere/control';
import type { DriveKind, DriveSettings, DriveSlot, HardwareSettings, NetworkAdapterSettings } from '@belvedere/emulator';

const KINDS: Readonly<Record<DriveSpec['type'], DriveKind>> = { hdd: 'hdd', dvddrive: 'dvd', fdd: 'floppy' };

/** IDE: channel and device. Floppy: VirtualBox's one port with two devices. */
export const slotOf = (drive: Pick<DriveSpec, 'bus' | 'port' | 'device'>): DriveSlot => (drive.bus === 'floppy' ? `floppy${drive.device}` : `ide${drive.port}-${drive.device}`);

export const kindOf = (drive: Pick<DriveSpec, 'type'>): DriveKind => KINDS[drive.type];

/** @param drives as `Drives` opened them; @param networkAdapters as `Networks` did */
export function hardwareSettings(hardware: HardwareSpec, drives: readonly DriveSettings[], networkAdapters: readonly NetworkAdapterSettings[]): HardwareSettings {
  return {
    memoryMiB: hardware.memoryMiB,
    vramMiB: hardware.vramMiB,
    monitorCount: hardware.monitorCount,
    cpuCount: hardware.cpus,
    acpi: hardware.acpi,
    cpuPortabilityLevel: hardware.cpuPortabilityLevel ?? 0,
    rtcUtc: hardware.rtcUseUtc,
    bootOrder: hardware.boot,
    drives,
    serialPorts: hardware.serialPorts.map(({ slot, ioBase, irq }) => ({ index: slot, ioBase, irq })),
    networkAdapters,
  };
}
