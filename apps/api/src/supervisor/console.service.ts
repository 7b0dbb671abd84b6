/** What is done to the console of a machine that runs: keys, pictures, its remote display, and its network cables. */
import type { Lockout } from '@belvedere/control';
import { Injectable } from '@nestjs/common';
import { ApiError, invalid, notFound } from '../http/api-error.js';
import type { Machine } from '../machines/machine.dto.js';
import { MachineStore } from '../machines/machine.store.js';
import { changeForwards } from '../machines/port-forwards.js';
import type { KeyboardInput, RunningAdapterChange, ScreenChange, VrdeChanges } from '../machines/requests.dto.js';
import type { AdapterSettings } from '../machines/settings.js';
import { requireGuestAgent } from '../vrde/guest-agent.js';
import { requireLibraryFile } from '../vrde/libraries.js';
import { changeVrde, type RunOverrides } from '../vrde/settings.js';
import { setProperties } from '../vrde/properties.js';
import { DisplayService } from './display.service.js';
import { MachineView } from './machine-view.js';
import type { RunningMachine } from './running-machine.js';
import { StateStore } from './state.store.js';
import { Supervisor } from './supervisor.js';

/** A text is typed key by key, and a slow guest takes its time: how long at most, in milliseconds. */
const typingLimit = 120_000;

@Injectable()
export class ConsoleService {
  constructor(
    private readonly machines: MachineStore,
    private readonly states: StateStore,
    private readonly supervisor: Supervisor,
    private readonly display: DisplayService,
    private readonly view: MachineView,
  ) {}

  async type(ref: string, { scancodes, text }: KeyboardInput): Promise<void> {
    if ((scancodes === undefined) === (text === undefined)) throw invalid('keyboard input is either scancodes or a text');
    const machine = await this.require(ref);
    if (scancodes !== undefined) await machine.request('putScancodes', { scancodes });
    if (text !== undefined) await machine.request('putString', { text }, typingLimit);
  }

  /** A PNG. */
  async screenshot(ref: string, screen: number): Promise<Buffer> {
    const machine = await this.withScreen(ref, screen);
    const { png } = await machine.request('screenshot', { screen });
    return Buffer.from(png, 'base64');
  }

  async changeScreen(ref: string, screen: number, { size, place }: ScreenChange): Promise<void> {
    if (!size && !place) throw invalid('a change of a screen names its size, its place, or both');
    const machine = await this.withScreen(ref, screen);
    await machine.request('changeScreen', { screen, ...(size && { size }), ...(place && { place }) });
  }

  private async withScreen(ref: string, screen: number): Promise<RunningMachine> {
    const machine = await this.require(ref);
    const { screens } = machine.status;
    const count = Math.max(screens.length, 1);
    if (screen < 0 || screen >= count) throw notFound(`machine '${machine.name}' has no screen ${screen}: it has ${count}, counted from 0`, 'IConsole');
    return machine;
  }

  async disconnectClient(ref: string, id: number): Promise<void> {
    if (id < 0) throw invalid(`VRDE client ${id} is no number of a client`);
    await (await this.require(ref)).request('disconnectClient', { id });
  }

  /** Changes the remote display of a machine that runs, and keeps the change in its settings. */
  changeVrde(ref: string, changes: VrdeChanges): Promise<Machine> {
    return this.machines.locked(ref, async (record) => {
      await this.require(record.settings.uuid);
      const vrde = changeVrde(record.settings.vrde, changes);
      if (changes.authType !== undefined) requireGuestAgent({ ...record.settings, vrde });
      if (changes.authLibrary !== undefined) await requireLibraryFile(vrde.authLibrary);
      return this.view.of(await this.display.write(record, { ...record.settings, vrde }, (overrides) => withoutChanged(overrides, changes)));
    });
  }

  /** Plugs the cable of a running machine's network card in or out, and changes which ports of the host lead to it; kept in its settings. */
  changeAdapter(ref: string, slot: number, { cableConnected, forwards }: RunningAdapterChange): Promise<Machine> {
    return this.machines.locked(ref, async (record) => {
      const machine = await this.require(record.settings.uuid);
      const { hardware } = record.settings;
      const before = hardware.adapters.find((adapter) => adapter.slot === slot);
      if (!before) throw notFound(`there is no network adapter ${slot}: a machine has ${hardware.adapters.length}, counted from 1`, 'IMachine');
      if (before.attachment === 'none') throw invalid(`network adapter ${slot} of machine '${machine.name}' is switched off: set --nic${slot} while the machine is off`);
      if (forwards && before.attachment !== 'nat') throw invalid(`network adapter ${slot} of machine '${machine.name}' is attached to '${before.attachment}': ports are forwarded by nat alone`);
      const after = { ...before, cableConnected: cableConnected ?? before.cableConnected, forwards: forwards ? changeForwards(slot, before.forwards, forwards) : before.forwards };
      const set = (adapter: AdapterSettings): Promise<null> => machine.request('setAdapter', { slot, cableConnected: adapter.cableConnected, forwards: adapter.attachment === 'nat' ? adapter.forwards : [] });
      await set(after);
      try {
        const adapters = hardware.adapters.map((adapter) => (adapter.slot === slot ? after : adapter));
        return this.view.of(await this.machines.write(record, { ...record.settings, hardware: { ...hardware, adapters } }));
      } catch (error) {
        await set(before);
        throw error;
      }
    });
  }

  async lockouts(ref: string): Promise<Lockout[]> {
    return (await (await this.require(ref)).request('lockouts', {})).map((lockout) => ({ ...lockout }));
  }

  /** @param name an address or a user; absent: all. @returns how many lock-outs that lifted */
  async unlock(ref: string, name?: string): Promise<number> {
    return (await this.require(ref)).request('unlock', name === undefined ? {} : { name });
  }

  private async require(ref: string): Promise<RunningMachine> {
    const { settings } = await this.machines.find(ref);
    const machine = this.supervisor.running(settings.uuid);
    if (machine) return machine;
    const { state } = await this.states.get(settings.uuid);
    throw new ApiError('VBOX_E_INVALID_VM_STATE', `machine '${settings.name}' is not running: it is ${state === 'poweroff' ? 'powered off' : state}`, { interface: 'IConsole' });
  }
}

/** What a run was started with gives way to what is set while it runs. */
function withoutChanged({ defaultLibrary, enabled, properties = {} }: RunOverrides, changes: VrdeChanges): RunOverrides {
  const named = { ...changes.properties, ...(changes.ports === undefined ? {} : { 'TCP/Ports': null }), ...(changes.addresses === undefined ? {} : { 'TCP/Address': null }) };
  const left = setProperties(properties, Object.fromEntries(Object.keys(named).map((name) => [name, null])));
  return { ...(defaultLibrary === undefined ? {} : { defaultLibrary }), ...(enabled === undefined || changes.enabled !== undefined ? {} : { enabled }), properties: left };
}
