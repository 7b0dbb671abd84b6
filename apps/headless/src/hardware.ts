/** From the control plane's machine to the engine's: slots, kinds of drive and boot order under the engine's own names. Pure. */
import type { DriveSpec, HardwareSpec } from '@belvedere/control';
import type { DriveKind, DriveSettings, DriveSlot, HardwareSettings } from '@belvedere/emulator';

const KINDS: Readonly<Record<DriveSpec['type'], DriveKind>> = { hdd: 'hdd', dvddrive: 'dvd', fdd: 'floppy' };

/** IDE: channel and device. Floppy: VirtualBox's one port with two devices. */
export const slotOf = (drive: Pick<DriveSpec, 'bus' | 'port' | 'device'>): DriveSlot => (drive.bus === 'floppy' ? `floppy${drive.device}` : `ide${drive.port}-${drive.device}`);

export const kindOf = (drive: Pick<DriveSpec, 'type'>): DriveKind => KINDS[drive.type];

/** @param drives as `openDrives` opened them */
export function hardwareSettings(hardware: HardwareSpec, drives: readonly DriveSettings[]): HardwareSettings {
  return {
    memoryMiB: hardware.memoryMiB,
    vramMiB: hardware.vramMiB,
    monitorCount: hardware.monitorCount,
    cpuCount: hardware.cpus,
    acpi: hardware.acpi,
    rtcUtc: hardware.rtcUseUtc,
    bootOrder: hardware.boot,
    drives,
    serialPorts: hardware.serialPorts.map(({ slot, ioBase, irq }) => ({ index: slot, ioBase, irq })),
    networkAdapters: [],
  };
}

/** What of the settings this run leaves out, in words for the administrator. */
export function notices(hardware: HardwareSpec): string[] {
  return hardware.adapters
    .filter(({ attachment }) => attachment === 'nat')
    .map(({ slot }) => `network adapter ${slot} is left out: this version connects no machine to a network; set --nic${slot} none to silence this`);
}
