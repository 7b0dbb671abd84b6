/**
 * The boot order as SeaBIOS reads it: a file of device paths, first to last, in the firmware configuration device. Pure.
 * `HALT` ends the list, so that nothing is booted that nobody asked for.
 */
import type { BootDevice } from '../engine.js';
import type { DriveShape } from './protocol.js';
import { parseSlot } from './slots.js';

/** PCI slots of v86's ISA bridge and IDE controller. */
const ISA = 1;
const IDE = 0x1e;

const KINDS = { floppy: 'floppy', dvd: 'dvd', disk: 'hdd' } as const;

/** The file's name and its bytes, as v86 serves files to the BIOS. */
export function bootOrderFile(order: readonly BootDevice[], drives: readonly DriveShape[]): { name: string; data: Uint8Array } {
  const paths = order.flatMap((device) => (device in KINDS ? drivesOf(KINDS[device as keyof typeof KINDS], drives).map(path) : []));
  return { name: 'bootorder', data: new TextEncoder().encode([...paths, 'HALT', ''].join('\n')) };
}

const drivesOf = (kind: string, drives: readonly DriveShape[]): readonly DriveShape[] =>
  drives.filter((drive) => drive.kind === kind).sort((a, b) => a.slot.localeCompare(b.slot));

function path({ slot }: DriveShape): string {
  const place = parseSlot(slot)!;
  return place.bus === 'floppy'
    ? `/pci@i0cf8/isa@${ISA.toString(16)}/fdc@03f0/floppy@${place.drive}`
    : `/pci@i0cf8/ide@${IDE.toString(16)}/drive@${place.channel}/disk@${place.device}`;
}
