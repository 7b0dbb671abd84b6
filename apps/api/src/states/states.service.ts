/** Saves, discards and adopts the states of machines. */
import { Injectable } from '@nestjs/common';
import { constants } from 'node:fs';
import { copyFile, mkdir, rename, rm } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { StateFileError, verifyState } from '@belvedere/state';
import { ApiError, fileError, invalid } from '../http/api-error.js';
import type { Machine } from '../machines/machine.dto.js';
import { MachineStore } from '../machines/machine.store.js';
import { stateText } from '../machines/words.js';
import { LifecycleService } from '../supervisor/lifecycle.service.js';
import { MachineView } from '../supervisor/machine-view.js';
import { StateStore } from '../supervisor/state.store.js';
import { removeUnfinished, snapshotFolderOf, stateFileOf } from './state-files.js';

/** How long a machine may take to write its state, in milliseconds: 2 GiB to a slow disk. */
const saveLimit = 600_000;

@Injectable()
export class StatesService {
  constructor(
    private readonly machines: MachineStore,
    private readonly states: StateStore,
    private readonly lifecycle: LifecycleService,
    private readonly view: MachineView,
  ) {}

  /** Answers when the machine is saved and its process gone. @throws ApiError when it could not be: the machine goes on then */
  save(ref: string): Promise<Machine> {
    return this.machines.locked(ref, async (record) => {
      const machine = await this.lifecycle.requireRunning(record, ['running', 'paused', 'saving']);
      await machine.request('saveState', {}, saveLimit);
      await machine.gone;
      return this.view.of(record);
    });
  }

  /** The machine is powered off then, as if its plug had been pulled when its state was saved. */
  discard(ref: string): Promise<Machine> {
    return this.machines.locked(ref, async (record) => {
      const { settings: { uuid, name }, settingsFile } = record;
      const { state } = await this.states.get(uuid);
      if (state !== 'saved') throw new ApiError('VBOX_E_INVALID_VM_STATE', `machine '${name}' has no saved state to discard: it is ${stateText(state)}`, { interface: 'IMachine' });
      const file = stateFileOf(settingsFile, uuid);
      await rm(file, { force: true }).catch((cause: unknown) => Promise.reject(fileError(`could not remove the saved state '${file}'`, cause)));
      await removeUnfinished(file);
      await this.states.set(uuid, 'poweroff');
      await this.machines.rewrite(uuid);
      return this.view.of(record);
    });
  }

  /** Gives a machine that is off a saved state from a file, which is copied. */
  adopt(ref: string, path: string): Promise<Machine> {
    if (!isAbsolute(path)) throw invalid(`the state's path '${path}' is not absolute`);
    return this.machines.locked(ref, async (record) => {
      const { settings: { uuid, name }, settingsFile } = record;
      const { state } = await this.states.get(uuid);
      if (state !== 'poweroff' && state !== 'aborted') throw new ApiError('VBOX_E_INVALID_VM_STATE', `machine '${name}' is ${stateText(state)}: a state can be adopted by a machine that is powered off`, { interface: 'IMachine' });
      const file = stateFileOf(settingsFile, uuid);
      const aside = `${file}.new`;
      try {
        await mkdir(snapshotFolderOf(settingsFile), { recursive: true, mode: 0o700 });
        await copyFile(path, aside, constants.COPYFILE_FICLONE);
        // What was copied is what will be started from.
        await verifyState(aside);
        await rename(aside, file);
      } catch (cause) {
        await rm(aside, { force: true });
        if (cause instanceof StateFileError) throw fileError(cause.message.replace(aside, path), cause.cause);
        throw fileError(`could not adopt the state '${path}'`, cause);
      }
      await this.states.set(uuid, 'saved');
      await this.machines.rewrite(uuid);
      return this.view.of(record);
    });
  }
}
