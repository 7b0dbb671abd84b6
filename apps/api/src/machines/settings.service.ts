/** Changes the settings of a machine that is off. */
import { Injectable } from '@nestjs/common';
import { rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ApiError, fileError, inUse } from '../http/api-error.js';
import { moveMedia, movedPath } from '../media/medium.store.js';
import { exists } from '../settings-file/file.js';
import { MachineView } from '../supervisor/machine-view.js';
import { StateStore } from '../supervisor/state.store.js';
import { changeTeleporter } from '../teleporter/settings.js';
import { requireLibraryFile } from '../vrde/libraries.js';
import { changeSettings } from './change-settings.js';
import type { Machine } from './machine.dto.js';
import type { MachineRecord } from './machine-rows.js';
import { MachineStore } from './machine.store.js';
import { renamedSettingsFile } from './names.js';
import type { MachineChanges } from './requests.dto.js';
import type { MachineSettings, MediumRecord } from './settings.js';
import { isOnline } from './words.js';

@Injectable()
export class SettingsService {
  constructor(
    private readonly machines: MachineStore,
    private readonly states: StateStore,
    private readonly view: MachineView,
  ) {}

  change(ref: string, changes: MachineChanges): Promise<Machine> {
    return this.machines.locked(ref, async (record) => {
      const instead = 'its settings are changed while it is off, or by controlvm where they can change at once';
      await (isOutside(changes) ? requireNoProcess : requireOff)(this.states, record, instead);
      const teleporter = changes.teleporter ? await changeTeleporter(record.settings.teleporter, changes.teleporter) : record.settings.teleporter;
      const settings = { ...changeSettings(record.settings, changes), teleporter };
      if (changes.vrde?.authLibrary !== undefined) await requireLibraryFile(settings.vrde.authLibrary);
      return this.view.of(settings.name === record.settings.name ? await this.machines.write(record, settings) : await this.rename(record, settings));
    });
  }

  /** A folder that is named after its machine is renamed with it, and with it the images inside. */
  private async rename(record: MachineRecord, settings: MachineSettings): Promise<MachineRecord> {
    const before = record.settingsFile;
    const after = renamedSettingsFile(before, record.settings.name, settings.name);
    const [from, to] = [dirname(before), dirname(after)];
    if (from === to) {
      if (after !== before && (await exists(after))) throw inUse(`machine '${record.settings.name}' cannot be called '${settings.name}': there is a file '${after}'`);
      const written = await this.machines.write(record, settings, after);
      if (after !== before) await removeOldNames(before);
      return written;
    }
    if (await exists(to)) throw inUse(`machine '${record.settings.name}' cannot be called '${settings.name}': there is a folder '${to}'`);
    await rename(from, to).catch((cause: unknown) => Promise.reject(fileError(`could not rename '${from}' to '${to}'`, cause)));
    try {
      const written = await this.machines.write(record, moved(settings, from, to), after, (manager) => moveMedia(manager, from, to));
      await removeOldNames(join(to, basename(before)));
      return written;
    } catch (error) {
      await rename(to, from);
      throw error;
    }
  }
}

/** Only what is behind the machine's network cards, which a saved state does not know. */
const isOutside = ({ adapters = [], ...others }: MachineChanges): boolean =>
  nothingIn(others) && adapters.length > 0 && adapters.every(({ slot: _slot, forwards: _forwards, localhostReachable: _reachable, ...card }) => nothingIn(card));

const nothingIn = (changes: object): boolean => Object.values(changes).every((value) => value === undefined);

const removeOldNames = (file: string): Promise<unknown> => Promise.all([rm(file, { force: true }), rm(`${file}-prev`, { force: true })]);

const moved = (settings: MachineSettings, from: string, to: string): MachineSettings => ({
  ...settings,
  storageControllers: settings.storageControllers.map((controller) => ({
    ...controller,
    attachments: controller.attachments.map((attachment) => ({ ...attachment, medium: movedMedium(attachment.medium, from, to) })),
  })),
});

const movedMedium = (medium: MediumRecord | null, from: string, to: string): MediumRecord | null => medium && { ...medium, path: movedPath(medium.path, from, to), parent: movedMedium(medium.parent, from, to) };

/** @param instead what to do about it. @throws ApiError for a machine that is on, with its state */
export async function requireNoProcess(states: StateStore, { settings: { uuid, name } }: MachineRecord, instead: string): Promise<void> {
  const { state } = await states.get(uuid);
  if (isOnline(state)) throw new ApiError('VBOX_E_INVALID_VM_STATE', `machine '${name}' is ${state}: ${instead}`, { interface: 'IMachine' });
}

/** @param instead what to do about a machine that is on. @throws ApiError for one that is on or saved, with its state */
export async function requireOff(states: StateStore, record: MachineRecord, instead: string): Promise<void> {
  await requireNoProcess(states, record, instead);
  const { uuid, name } = record.settings;
  const { state } = await states.get(uuid);
  if (state === 'saved') throw new ApiError('VBOX_E_INVALID_VM_STATE', `machine '${name}' is saved, and its settings must stay as its state knows them: start it, or discard its state`, { interface: 'IMachine' });
}
