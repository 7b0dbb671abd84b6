/** Changes a machine's storage controllers, and the media in its drives. */
import type { DrivePlace } from '@belvedere/control';
import { Injectable } from '@nestjs/common';
import { ApiError, invalid, inUse } from '../http/api-error.js';
import { isWritten } from '../media/images.js';
import { MediaService } from '../media/media.service.js';
import { mediumSpec } from '../supervisor/machine-spec.js';
import { MachineView } from '../supervisor/machine-view.js';
import type { RunningMachine } from '../supervisor/running-machine.js';
import { StateStore } from '../supervisor/state.store.js';
import { Supervisor } from '../supervisor/supervisor.js';
import type { Machine } from './machine.dto.js';
import type { MachineRecord } from './machine-rows.js';
import { MachineStore } from './machine.store.js';
import type { AddStorageController, SetAttachment } from './requests.dto.js';
import type { AttachmentSettings, MachineSettings, StorageControllerSettings } from './settings.js';
import { requireOff } from './settings.service.js';
import { addController, attachmentAt, controllerOf, driveTypeOf, mediumTypeOf, removeController, requireDrive, requireSlot, withAttachment } from './storage-settings.js';
import type { DriveType } from './words.js';

const whileOff = 'its storage controllers and disks are changed while it is off';

@Injectable()
export class StorageService {
  constructor(
    private readonly machines: MachineStore,
    private readonly media: MediaService,
    private readonly states: StateStore,
    private readonly supervisor: Supervisor,
    private readonly view: MachineView,
  ) {
    supervisor.onEjected = (machine, drive) => this.ejected(machine, drive);
  }

  addController(ref: string, asked: AddStorageController): Promise<Machine> {
    return this.whileOff(ref, ({ settings }) => addController(settings, asked));
  }

  removeController(ref: string, name: string): Promise<Machine> {
    return this.whileOff(ref, ({ settings }) => removeController(settings, name));
  }

  /** Attaches, changes or detaches; on a running machine only what is in a DVD or floppy drive changes. */
  setAttachment(ref: string, name: string, asked: SetAttachment): Promise<Machine> {
    return this.machines.locked(ref, async (record) => {
      const controller = controllerOf(record.settings, name);
      requireSlot(controller, asked.port, asked.device);
      const current = attachmentAt(controller, asked.port, asked.device);
      const next = asked.medium === null ? null : await this.attachment(record.settings, controller, current, asked, asked.medium);
      if (next === null && !current) throw invalid(`storage controller '${name}' has nothing attached to port ${asked.port}, device ${asked.device}`);
      const settings = withAttachment(record.settings, name, asked.port, asked.device, next);
      const running = this.supervisor.running(record.settings.uuid);
      if (!running) {
        await requireOff(this.states, record, whileOff);
        return this.view.of(await this.machines.write(record, settings));
      }
      const { settings: { name: machine } } = record;
      if (!current || !next || current.type !== next.type || next.type === 'hdd') {
        throw new ApiError('VBOX_E_INVALID_VM_STATE', `machine '${machine}' is running: only the medium in one of its DVD and floppy drives can change now; use 'emptydrive' to take it out`, { interface: 'IMachine' });
      }
      const medium = next.medium && mediumSpec(next.medium, !(await isWritten(next.medium)));
      await running.request('setMedium', { controller: name, port: asked.port, device: asked.device, medium, force: asked.force ?? false });
      return this.view.of(await this.machines.write(record, settings));
    });
  }

  /** A guest has ejected a medium: the settings follow, unless its drive has another one meanwhile. */
  private async ejected(machine: RunningMachine, { controller: name, port, device }: DrivePlace): Promise<void> {
    await this.machines.locked(machine.uuid, async (record) => {
      const { ejected } = await machine.request('status', {});
      if (!ejected?.some((drive) => drive.controller === name && drive.port === port && drive.device === device)) return;
      const current = attachmentAt(controllerOf(record.settings, name), port, device);
      if (current?.medium) await this.machines.write(record, withAttachment(record.settings, name, port, device, { ...current, medium: null }));
    });
  }

  private async attachment(settings: MachineSettings, controller: StorageControllerSettings, current: AttachmentSettings | undefined, { port, device, type: asked }: SetAttachment, ref: string): Promise<AttachmentSettings> {
    const type = asked ?? current?.type ?? (await this.knownType(ref));
    if (!type) throw invalid(`say what is attached to port ${port}, device ${device} of '${controller.name}': --type hdd, dvddrive or fdd`);
    requireDrive(controller, type);
    if (ref === 'emptydrive') {
      if (type === 'hdd') throw invalid('a hard disk cannot be an empty drive: give its image, or none to detach it');
      return { port, device, type, medium: null };
    }
    const medium = await this.media.resolve(ref, mediumTypeOf[type]);
    if (type === 'hdd') await this.media.requireChildless(medium);
    const twice = settings.storageControllers.flatMap((other) => other.attachments.map((attachment) => ({ other, attachment }))).find(
      ({ other, attachment }) => attachment.medium?.uuid === medium.uuid && !(other.name === controller.name && attachment.port === port && attachment.device === device),
    );
    if (twice && type !== 'dvddrive') throw inUse(`image '${medium.path}' is attached to port ${twice.attachment.port}, device ${twice.attachment.device} of '${twice.other.name}' already: detach it there first`);
    return { port, device, type, medium };
  }

  private async knownType(ref: string): Promise<DriveType | undefined> {
    if (ref === 'emptydrive') return undefined;
    return this.media.get(ref).then(
      (medium) => driveTypeOf[medium.type],
      () => undefined,
    );
  }

  private whileOff(ref: string, decide: (record: MachineRecord) => MachineSettings): Promise<Machine> {
    return this.machines.locked(ref, async (record) => {
      await requireOff(this.states, record, whileOff);
      return this.view.of(await this.machines.write(record, decide(record)));
    });
  }
}
