/** A machine's settings as its process is told them. Pure. */
import type { DriveSpec, MachineSpec, MediumSpec } from '@belvedere/control';
import { dirname } from 'node:path';
import type { Home } from '../home/home.js';
import type { MachineRecord } from '../machines/machine-rows.js';
import { type MachineSettings, type MediumRecord, parentsOf } from '../machines/settings.js';
import { imageFormat } from '../media/formats.js';
import { stateFileOf } from '../states/state-files.js';
import { type RunOverrides, vrdeSpec } from '../vrde/settings.js';

/** @param readOnly UUIDs of the media that this run must not write */
export function machineSpec({ settings, settingsFile }: MachineRecord, home: Home, overrides: RunOverrides, { paused, restore }: { readonly paused: boolean; readonly restore: boolean }, readOnly: ReadonlySet<string>): MachineSpec {
  const { uuid, name, hardware, teleporter } = settings;
  return {
    uuid,
    name,
    folder: dirname(settingsFile),
    controlSocket: home.controlSocket(uuid),
    exitFile: home.exitFile(uuid),
    auditFile: home.auditFile(uuid),
    identityFolder: home.identityFolder,
    startPaused: paused,
    stateFile: stateFileOf(settingsFile, uuid),
    restore,
    ...(teleporter.enabled ? { arrival: { port: teleporter.port, address: teleporter.address, password: teleporter.key } } : {}),
    hardware: {
      engine: 'v86',
      memoryMiB: hardware.memoryMiB,
      vramMiB: hardware.vramMiB,
      cpus: hardware.cpus,
      monitorCount: hardware.monitorCount,
      acpi: hardware.acpi,
      cpuPortabilityLevel: hardware.cpuidPortabilityLevel,
      rtcUseUtc: hardware.rtcUseUtc,
      boot: hardware.boot,
      drives: drivesOf(settings, readOnly),
      serialPorts: hardware.serialPorts.filter(({ enabled }) => enabled).map(({ slot, ioBase, irq, mode, path }) => ({ slot, ioBase, irq, mode, path })),
      adapters: hardware.adapters.filter(({ attachment }) => attachment !== 'none').map(({ forwards, ...adapter }) => ({ ...adapter, forwards: adapter.attachment === 'nat' ? forwards : [] })),
    },
    vrde: vrdeSpec(settings, overrides),
  };
}

const drivesOf = (settings: MachineSettings, readOnly: ReadonlySet<string>): DriveSpec[] =>
  settings.storageControllers.flatMap(({ name: controller, bus, attachments }) =>
    attachments.map(({ port, device, type, medium }) => ({ bus, controller, port, device, type, medium: medium && mediumSpec(medium, readOnly.has(medium.uuid)) })),
  );

/** A DVD's image is kept as RAW, as VirtualBox has it, and opened as what it must be. */
export const mediumSpec = (medium: MediumRecord, readOnly: boolean): MediumSpec => ({
  path: medium.path,
  format: imageFormat(medium),
  readOnly,
  parents: parentsOf(medium).map((parent) => ({ uuid: parent.uuid, path: parent.path, format: imageFormat(parent) })),
});

/** The media that a machine has attached, each once. */
export const mediaOf = (settings: MachineSettings): MediumRecord[] => [
  ...new Map(settings.storageControllers.flatMap(({ attachments }) => attachments.flatMap(({ medium }) => (medium ? [[medium.uuid, medium] as const] : [])))).values(),
];
