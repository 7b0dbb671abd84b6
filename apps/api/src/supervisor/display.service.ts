/** The remote display of a machine that runs follows what is set. */
import { Injectable } from '@nestjs/common';
import { ApiError } from '../http/api-error.js';
import type { MachineRecord } from '../machines/machine-rows.js';
import { MachineStore } from '../machines/machine.store.js';
import type { MachineSettings } from '../machines/settings.js';
import { isOnline } from '../machines/words.js';
import { type RunOverrides, vrdeSpec } from '../vrde/settings.js';
import { StateStore } from './state.store.js';
import { Supervisor } from './supervisor.js';

@Injectable()
export class DisplayService {
  constructor(
    private readonly machines: MachineStore,
    private readonly states: StateStore,
    private readonly supervisor: Supervisor,
  ) {}

  /**
   * Writes changed settings. The display of a running machine changes first: where it cannot, the settings stay as they were, and so does it.
   * Call it under `locked`.
   * @param remaining what of the run's own settings stays in force
   */
  async write(record: MachineRecord, settings: MachineSettings, remaining?: (overrides: RunOverrides) => RunOverrides): Promise<MachineRecord> {
    const { uuid, name } = record.settings;
    const machine = this.supervisor.running(uuid);
    const { state, overrides } = await this.states.get(uuid);
    if (!machine && isOnline(state)) throw new ApiError('VBOX_E_INVALID_VM_STATE', `the process of machine '${name}' does not answer yet: try again in a moment`, { interface: 'IConsole' });
    if (!machine) return this.machines.write(record, settings);
    const before = overrides ?? {};
    const after = remaining?.(before) ?? before;
    const vrde = await machine.request('setVrde', { vrde: vrdeSpec(settings, after) });
    machine.status = { ...machine.status, vrde };
    try {
      const written = await this.machines.write(record, settings);
      if (after !== before) await this.states.setOverrides(uuid, after);
      return written;
    } catch (error) {
      await machine.request('setVrde', { vrde: vrdeSpec(record.settings, before) });
      throw error;
    }
  }
}
