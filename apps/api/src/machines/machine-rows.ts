/** A machine's settings as rows of several tables, and back. The only code that knows both. */
import { type EntityManager, In } from 'typeorm';
import { AttachmentRow, ExtraDataRow, MachineRow, MediumRow, StorageControllerRow } from '../database/rows.js';
import { withParents } from '../media/medium.store.js';
import { newTeleporter } from '../teleporter/settings.js';
import { newVrde } from '../vrde/settings.js';
import { type MachineSettings, type StorageControllerSettings, withDefaults } from './settings.js';

/** A registered machine, as it was read. */
export interface MachineRecord {
  readonly settings: MachineSettings;
  readonly settingsFile: string;
  /** A change is refused when another was made since this was read. */
  readonly version: number;
}

export async function readMachine(manager: EntityManager, row: MachineRow): Promise<MachineRecord> {
  const machine = row.uuid;
  const controllers = await manager.find(StorageControllerRow, { where: { machine }, order: { position: 'ASC' } });
  const attachments = await manager.find(AttachmentRow, { where: { machine }, order: { port: 'ASC', device: 'ASC' } });
  const attached = attachments.flatMap(({ medium }) => (medium ? [medium] : []));
  const rows = attached.length ? await manager.findBy(MediumRow, { uuid: In(attached) }) : [];
  const media = new Map((await withParents(manager, rows)).map((medium) => [medium.uuid, medium]));
  const extraData = await manager.find(ExtraDataRow, { where: { machine }, order: { key: 'ASC' } });
  return {
    version: row.version,
    settingsFile: row.settingsFile,
    settings: {
      ...row.document,
      // Documents of an earlier version lack what came later.
      hardware: withDefaults(row.document.hardware),
      vrde: { ...newVrde, ...row.document.vrde },
      teleporter: { ...newTeleporter, ...row.document.teleporter },
      uuid: row.uuid,
      name: row.name,
      osType: row.osType,
      storageControllers: controllers.map(
        ({ name, bus, chipset, portCount, bootable }): StorageControllerSettings => ({
          name,
          bus,
          chipset,
          portCount,
          bootable,
          attachments: attachments
            .filter(({ controller }) => controller === name)
            .map(({ port, device, type, medium }) => ({ port, device, type, medium: medium ? media.get(medium)! : null })),
        }),
      ),
      extraData: Object.fromEntries(extraData.map(({ key, value }) => [key, value])),
    },
  };
}

/** @returns false when another writer was faster, so that nothing was written */
export async function updateMachine(manager: EntityManager, { version, settingsFile, settings }: MachineRecord): Promise<boolean> {
  const { uuid, name, osType } = settings;
  const { affected } = await manager.update(MachineRow, { uuid, version }, { name, osType, settingsFile, document: documentOf(settings), version: version + 1 });
  if (affected !== 1) return false;
  await manager.delete(StorageControllerRow, { machine: uuid });
  await manager.delete(ExtraDataRow, { machine: uuid });
  await insertParts(manager, settings);
  return true;
}

export async function insertMachine(manager: EntityManager, settings: MachineSettings, settingsFile: string): Promise<MachineRecord> {
  const { uuid, name, osType } = settings;
  await manager.insert(MachineRow, { uuid, name, osType, settingsFile, document: documentOf(settings), version: 1 });
  await insertParts(manager, settings);
  return { settings, settingsFile, version: 1 };
}

export async function deleteMachine(manager: EntityManager, uuid: string): Promise<void> {
  await manager.delete(ExtraDataRow, { machine: uuid });
  await manager.delete(MachineRow, { uuid });
}

const documentOf = ({ description, hardware, vrde, teleporter }: MachineSettings): MachineRow['document'] => ({ description, hardware, vrde, teleporter });

async function insertParts(manager: EntityManager, { uuid: machine, storageControllers, extraData }: MachineSettings): Promise<void> {
  const controllers = storageControllers.map(({ attachments: _, ...controller }, position) => ({ machine, position, ...controller }));
  const attachments = storageControllers.flatMap(({ name, attachments: all }) => all.map(({ medium, ...attachment }) => ({ machine, controller: name, ...attachment, medium: medium?.uuid ?? null })));
  const extra = Object.entries(extraData).map(([key, value]) => ({ machine, key, value }));
  if (controllers.length) await manager.insert(StorageControllerRow, controllers);
  if (attachments.length) await manager.insert(AttachmentRow, attachments);
  if (extra.length) await manager.insert(ExtraDataRow, extra);
}
