/** Storage controllers and what is plugged into them. Pure. */
import { ApiError, invalid, unsupported } from '../http/api-error.js';
import { busLimits } from './limits.js';
import type { AddStorageController } from './requests.dto.js';
import type { AttachmentSettings, MachineSettings, StorageControllerSettings } from './settings.js';
import { type Bus, buses, type DriveType, type MediumType } from './words.js';

export const mediumTypeOf: Readonly<Record<DriveType, MediumType>> = { hdd: 'hdd', dvddrive: 'dvd', fdd: 'floppy' };
export const driveTypeOf: Readonly<Record<MediumType, DriveType>> = { hdd: 'hdd', dvd: 'dvddrive', floppy: 'fdd' };

const instead: Readonly<Record<string, string>> = { sata: 'ide', scsi: 'ide', sas: 'ide', usb: 'ide', pcie: 'ide', virtio: 'ide' };

/** @throws ApiError for a bus that the embedded engine has not, with what to use instead */
export function busOf(name: string): Bus {
  const bus = buses.find((known) => known === name.toLowerCase());
  if (bus) return bus;
  const advice = instead[name.toLowerCase()];
  throw advice ? unsupported(`storage bus '${name}' is not supported by the embedded engine: use '${advice}'`) : invalid(`unknown storage bus '${name}': use ${buses.join(' or ')}`);
}

/** @throws ApiError */
export function chipsetOf(bus: Bus, name: string): string {
  const { chipsets } = busLimits[bus];
  const chipset = chipsets.find((known) => known.toLowerCase() === name.toLowerCase());
  if (!chipset) throw unsupported(`chipset '${name}' is not supported for a controller on bus '${bus}': use ${chipsets.join(', ')}`);
  return chipset;
}

/** @throws ApiError */
export function addController(settings: MachineSettings, { name, bus: busName, chipset, portCount, bootable }: AddStorageController): MachineSettings {
  const bus = busOf(busName);
  const { chipsets, portCount: ports } = busLimits[bus];
  if (name.trim() === '') throw invalid('a storage controller needs a name');
  if (settings.storageControllers.some((other) => other.name === name)) throw new ApiError('VBOX_E_OBJECT_IN_USE', `machine '${settings.name}' has a storage controller named '${name}' already`);
  const other = settings.storageControllers.find((controller) => controller.bus === bus);
  if (other) throw unsupported(`machine '${settings.name}' has '${other.name}' on bus '${bus}' already, and the embedded engine takes one: attach to it`);
  if (portCount !== undefined && portCount !== ports) throw unsupported(`a controller on bus '${bus}' has ${ports} ports, not ${portCount}`);
  const controller: StorageControllerSettings = { name, bus, chipset: chipset === undefined ? (chipsets[0] as string) : chipsetOf(bus, chipset), portCount: ports, bootable: bootable ?? true, attachments: [] };
  return { ...settings, storageControllers: [...settings.storageControllers, controller] };
}

/** @throws ApiError */
export function controllerOf(settings: MachineSettings, name: string): StorageControllerSettings {
  const controller = settings.storageControllers.find((known) => known.name === name);
  if (controller) return controller;
  const names = settings.storageControllers.map((known) => `'${known.name}'`).join(', ') || 'none: add one with storagectl';
  throw new ApiError('VBOX_E_OBJECT_NOT_FOUND', `machine '${settings.name}' has no storage controller named '${name}'; it has ${names}`, { interface: 'IMachine' });
}

/** Removes a controller; the drives on it go with it, their media stay registered. @throws ApiError */
export function removeController(settings: MachineSettings, name: string): MachineSettings {
  controllerOf(settings, name);
  return { ...settings, storageControllers: settings.storageControllers.filter((known) => known.name !== name) };
}

/** @throws ApiError for a port or device that the controller has not */
export function requireSlot(controller: StorageControllerSettings, port: number, device: number): void {
  const { devicesPerPort } = busLimits[controller.bus];
  if (port >= controller.portCount) throw invalid(`storage controller '${controller.name}' has ports 0 to ${controller.portCount - 1}, not ${port}`);
  if (device >= devicesPerPort) throw invalid(`storage controller '${controller.name}' has devices 0 to ${devicesPerPort - 1} on each port, not ${device}`);
}

/** @throws ApiError for a kind of drive that the bus has not */
export function requireDrive(controller: StorageControllerSettings, type: DriveType): void {
  const { drives } = busLimits[controller.bus];
  if (!drives.includes(type)) throw invalid(`storage controller '${controller.name}' on bus '${controller.bus}' takes ${drives.join(' and ')}, not ${type}`);
}

export const attachmentAt = (controller: StorageControllerSettings, port: number, device: number): AttachmentSettings | undefined =>
  controller.attachments.find((attachment) => attachment.port === port && attachment.device === device);

/** Puts `attachment` into its slot, or empties the slot. */
export function withAttachment(settings: MachineSettings, name: string, port: number, device: number, attachment: AttachmentSettings | null): MachineSettings {
  const change = (controller: StorageControllerSettings): StorageControllerSettings => {
    if (controller.name !== name) return controller;
    const others = controller.attachments.filter((other) => other.port !== port || other.device !== device);
    return { ...controller, attachments: (attachment ? [...others, attachment] : others).sort((a, b) => a.port - b.port || a.device - b.device) };
  };
  return { ...settings, storageControllers: settings.storageControllers.map(change) };
}
