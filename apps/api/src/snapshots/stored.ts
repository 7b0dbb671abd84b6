/** A machine's settings as a snapshot keeps them: media by their UUIDs. Pure. */
import { newTeleporter } from '../teleporter/settings.js';
import { type AttachmentSettings, type MachineDocument, type MachineSettings, type MediumRecord, type StorageControllerSettings, withDefaults } from '../machines/settings.js';

/** Where the machine waits to be teleported to is not of the past: it stays as it is. */
export interface StoredSettings extends Omit<MachineDocument, 'teleporter'> {
  readonly osType: string;
  readonly extraData: Readonly<Record<string, string>>;
  readonly storageControllers: readonly (Omit<StorageControllerSettings, 'attachments'> & { readonly attachments: readonly StoredAttachment[] })[];
}

export interface SnapshotRecord {
  readonly uuid: string;
  readonly machine: string;
  readonly parent: string | null;
  readonly name: string;
  readonly description: string;
  /** ISO 8601. */
  readonly takenAt: string;
  /** The machine ran: its state is in a file under the snapshot's UUID. */
  readonly online: boolean;
  /** What the machine is now began here. */
  readonly current: boolean;
  readonly settings: StoredSettings;
}

type StoredAttachment = Omit<AttachmentSettings, 'medium'> & { readonly medium: string | null };

export function storedOf({ uuid: _uuid, name: _name, teleporter: _teleporter, storageControllers, ...rest }: MachineSettings): StoredSettings {
  return {
    ...rest,
    storageControllers: storageControllers.map((controller) => ({ ...controller, attachments: controller.attachments.map((attachment) => ({ ...attachment, medium: attachment.medium?.uuid ?? null })) })),
  };
}

/** @param media all that the settings name */
export const settingsOf = (stored: StoredSettings, machine: Pick<MachineSettings, 'uuid' | 'name'> & Partial<Pick<MachineSettings, 'teleporter'>>, media: ReadonlyMap<string, MediumRecord>): MachineSettings => ({
  ...stored,
  // Those of an earlier version lack what came later.
  hardware: withDefaults(stored.hardware),
  uuid: machine.uuid,
  name: machine.name,
  teleporter: machine.teleporter ?? newTeleporter,
  storageControllers: stored.storageControllers.map((controller) => ({
    ...controller,
    attachments: controller.attachments.map((attachment) => ({ ...attachment, medium: attachment.medium === null ? null : media.get(attachment.medium)! })),
  })),
});

export const mediaOfStored = ({ storageControllers }: StoredSettings): string[] => [...new Set(storageControllers.flatMap(({ attachments }) => attachments.flatMap(({ medium }) => (medium === null ? [] : [medium]))))];

/** Another medium stands for `from` wherever that is attached. */
export const withMedium = (stored: StoredSettings, from: string, to: string): StoredSettings => ({
  ...stored,
  storageControllers: stored.storageControllers.map((controller) => ({ ...controller, attachments: controller.attachments.map((attachment) => (attachment.medium === from ? { ...attachment, medium: to } : attachment)) })),
});

/** The hard disks of a machine, each with its place. */
export const disksOf = ({ storageControllers }: MachineSettings): { controller: string; port: number; device: number; medium: MediumRecord }[] =>
  storageControllers.flatMap(({ name: controller, attachments }) => attachments.flatMap(({ port, device, type, medium }) => (type === 'hdd' && medium ? [{ controller, port, device, medium }] : [])));

/** Other images in the places of some disks. @param replace by the image that is there now */
export const withDisks = (settings: MachineSettings, replace: ReadonlyMap<string, MediumRecord>): MachineSettings => ({
  ...settings,
  storageControllers: settings.storageControllers.map((controller) => ({
    ...controller,
    attachments: controller.attachments.map((attachment) => (attachment.medium && replace.has(attachment.medium.uuid) ? { ...attachment, medium: replace.get(attachment.medium.uuid)! } : attachment)),
  })),
});
