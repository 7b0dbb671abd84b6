/** Decides when a machine may be started, paused, reset and stopped. */
import type { ControlMethod } from '@belvedere/control';
import { Injectable } from '@nestjs/common';
import { rm } from 'node:fs/promises';
import { ApiContext } from '../home/context.js';
import { ApiError } from '../http/api-error.js';
import type { Machine } from '../machines/machine.dto.js';
import type { MachineRecord } from '../machines/machine-rows.js';
import { MachineStore } from '../machines/machine.store.js';
import type { StartMachine } from '../machines/requests.dto.js';
import { isOnline, type MachineState, stateText } from '../machines/words.js';
import { isWritten, requireAccess } from '../media/images.js';
import { removeUnfinished, stateFileOf } from '../states/state-files.js';
import { SystemPropertiesService } from '../system/system-properties.service.js';
import { requireMayWait } from '../teleporter/rules.js';
import { requireGuestAgent } from '../vrde/guest-agent.js';
import { overridesOf } from '../vrde/settings.js';
import { machineSpec, mediaOf } from './machine-spec.js';
import { MachineView } from './machine-view.js';
import type { RunningMachine } from './running-machine.js';
import { StateStore } from './state.store.js';
import { Supervisor } from './supervisor.js';

@Injectable()
export class LifecycleService {
  constructor(
    private readonly context: ApiContext,
    private readonly machines: MachineStore,
    private readonly states: StateStore,
    private readonly supervisor: Supervisor,
    private readonly view: MachineView,
    private readonly properties: SystemPropertiesService,
  ) {}

  start(ref: string, { vrde = 'config', vrdeProperties = {}, paused = false }: StartMachine): Promise<Machine> {
    return this.machines.locked(ref, async (record) => {
      const { uuid, name } = record.settings;
      const before = await this.states.get(uuid);
      if (isOnline(before.state)) throw new ApiError('VBOX_E_INVALID_OBJECT_STATE', `machine '${name}' is ${before.state} already`, { interface: 'IMachine' });
      const { vrdeAuthLibrary: defaultLibrary } = await this.properties.read();
      const overrides = { defaultLibrary, ...overridesOf(vrde, vrdeProperties) };
      requireGuestAgent(record.settings);
      const restore = before.state === 'saved';
      const waits = record.settings.teleporter.enabled;
      if (waits) requireMayWait(record, { restore, paused, snapshots: (await this.view.of(record)).snapshots.length });
      // A state that nobody knows of would pass for this run's own when it ends.
      const stateFile = stateFileOf(record.settingsFile, uuid);
      await removeUnfinished(stateFile);
      if (!restore) await rm(stateFile, { force: true });
      const media = mediaOf(record.settings);
      await Promise.all(media.map((medium) => requireAccess(medium)));
      const readOnly = new Set<string>();
      for (const medium of media) if (!(await isWritten(medium))) readOnly.add(medium.uuid);

      // A machine that waits writes nothing before the other one has let go; then the lock on the images decides.
      const written = waits ? [] : media.map((medium) => medium.uuid).filter((medium) => !readOnly.has(medium));
      await this.states.starting(uuid, name, written, overrides, restore ? 'restoring' : 'starting');
      try {
        await this.supervisor.launch(machineSpec(record, this.context.home, overrides, { paused, restore }, readOnly));
      } catch (error) {
        await this.states.set(uuid, before.state, before.reason, before.changedAt);
        throw restore ? withAdvice(name, error) : error;
      }
      if (restore) await this.machines.rewrite(uuid);
      return this.view.of(record);
    });
  }

  pause(ref: string): Promise<Machine> {
    return this.command(ref, 'pause', ['running']);
  }

  resume(ref: string): Promise<Machine> {
    return this.command(ref, 'resume', ['paused']);
  }

  reset(ref: string): Promise<Machine> {
    return this.command(ref, 'reset', ['running', 'paused']);
  }

  powerButton(ref: string): Promise<Machine> {
    return this.command(ref, 'powerButton', ['running']);
  }

  /** Answers when the machine is off. One whose process does not answer is ended, and is `aborted` then. */
  powerOff(ref: string): Promise<Machine> {
    return this.machines.locked(ref, async (record) => {
      const machine = await this.requireRunning(record, ['starting', 'restoring', 'running', 'paused', 'saving', 'teleporting', 'teleportingin', 'stopping']);
      // A process that ends before it answers has done what was asked, and is not there to be killed.
      await machine.request('powerOff', {}).catch(() => machine.kill('its process did not answer when it was to power off, and was ended'));
      await machine.gone;
      return this.view.of(record);
    });
  }

  /** Stops every machine that is on. @throws the first error, after all were tried */
  async stopAll(stop: (uuid: string) => Promise<unknown>): Promise<void> {
    const results = await Promise.allSettled((await this.states.online()).map(stop));
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  private command(ref: string, method: ControlMethod & ('pause' | 'resume' | 'reset' | 'powerButton'), allowed: readonly MachineState[]): Promise<Machine> {
    return this.machines.locked(ref, async (record) => {
      const machine = await this.requireRunning(record, allowed);
      await machine.request(method, {});
      machine.status = await machine.request('status', {});
      await this.states.set(machine.uuid, machine.status.state, machine.status.stateReason ?? null);
      return this.view.of(record);
    });
  }

  /** @throws ApiError for a machine that is in none of these states */
  async requireRunning({ settings: { uuid, name } }: MachineRecord, allowed: readonly MachineState[]): Promise<RunningMachine> {
    const machine = this.supervisor.running(uuid);
    const { state } = await this.states.get(uuid);
    if (!machine && isOnline(state)) throw new ApiError('VBOX_E_INVALID_VM_STATE', `the process of machine '${name}' does not answer yet: try again in a moment`, { interface: 'IConsole' });
    if (!machine || !allowed.includes(state)) {
      throw new ApiError('VBOX_E_INVALID_VM_STATE', `machine '${name}' is ${stateText(state)}; this needs it to be ${allowed.join(' or ')}`, { interface: 'IConsole' });
    }
    return machine;
  }
}

/** A machine whose state cannot be restored keeps it, until somebody decides. */
const withAdvice = (name: string, error: unknown): unknown =>
  error instanceof ApiError ? new ApiError(error.code, `${error.message}. Machine '${name}' is still saved: 'discardstate' lets it start without its state`, { cause: error, ...(error.interface ? { interface: error.interface } : {}) }) : error;
