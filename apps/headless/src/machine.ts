/**
 * One running machine: engine, disks, serial lines, remote display and control socket, put together and taken apart.
 *
 * The only place where the packages meet. What was opened is closed in the opposite order, whatever failed in between.
 */
import { writeFile, rename, rm } from 'node:fs/promises';
import { type BranchSpec, ControlError, type ControlHandlers, type ExitRecord, type MachineSpec, type MachineState, type MachineStatus, type TeleportRequest, type TeleportResult } from '@belvedere/control';
import { type DriveSettings, type Ended, findFirmware, type Machine, SettingsError, StateError, v86Engine } from '@belvedere/emulator';
import { StateFileError } from '@belvedere/state';
import { teleport } from '@belvedere/teleport';
import { Drives, LostDiskError } from './drives.js';
import { hardwareSettings } from './hardware.js';
import type { Log } from './log.js';
import { Logins } from './logins.js';
import { Networks } from './network.js';
import { RemoteDisplay } from './remote-display.js';
import { restoreState, saveState, useUp } from './saving.js';
import { changeScreen } from './screens.js';
import { screenshot } from './screenshot.js';
import { type Close, guestAgentPort, joinSerial } from './serial.js';
import { type ControlDoor, openControlDoor } from './teleport/control-door.js';
import { describeMachine } from './teleport/description.js';
import { Followers } from './teleport/followers.js';
import { MovingMachine } from './teleport/source.js';
import { sharedStorage } from './teleport/storage.js';
import { type Arrived, keptFileOf } from './teleport/waiting.js';
import { ScancodeReader, typeText } from './typing.js';

export class MachineProcess {
  private readonly scancodes = new ScancodeReader();
  private control: ControlDoor | undefined;
  private state: MachineState = 'starting';
  private stateReason: string | undefined;
  /** The state's file is being written, or was. */
  private saving: { readonly done: Promise<void>; readonly cancel: AbortController } | undefined;
  /** A snapshot is being taken. */
  private snapshot: Promise<void> = Promise.resolve();
  /** The machine is being moved to another host. */
  private moving: AbortController | undefined;
  /** It runs there. `kept`: where a state was left, because nobody there said so. */
  private moved: { readonly kept: string | undefined } | undefined;
  /** It stands still to go on elsewhere: what is typed here now would be lost. */
  private isLeaving = false;
  /** The machine's viewers, once it has moved. */
  private followers: Followers | undefined;
  private readonly serialLines: Close[] = [];

  private constructor(
    private readonly spec: MachineSpec,
    private readonly log: Log,
    private readonly drives: Drives,
    private readonly networks: Networks,
    private readonly machine: Machine,
    private readonly display: RemoteDisplay,
    private readonly logins: Logins,
  ) {}

  /** Opens the doors to a machine that was teleported here and runs. It runs on whatever of them cannot be opened. */
  static async welcome(spec: MachineSpec, log: Log, { machine, drives, networks, control, lines, display, logins }: Arrived): Promise<MachineProcess> {
    const started = new MachineProcess(spec, log, drives, networks, machine, display, logins);
    await started.open({ control, lines });
    // On the same host they are the source's until its process has ended.
    await networks.openPortsLater();
    started.setState(machine.state === 'paused' ? 'paused' : 'running', machine.stateReason);
    return started;
  }

  /**
   * Builds the machine, opens its doors and lets it run.
   * @throws ControlError when anything is missing; nothing is left open then
   */
  static async start(spec: MachineSpec, log: Log): Promise<MachineProcess> {
    const drives = await Drives.open(spec.hardware.drives, `machine "${spec.name}"`);
    let networks: Networks | undefined;
    let machine: Machine | undefined;
    let started: MachineProcess | undefined;
    try {
      networks = await Networks.open(spec.hardware.adapters, log);
      await networks.openPorts();
      const settings = hardwareSettings(spec.hardware, drives.settings, networks.adapters);
      const options = { firmware: await findFirmware(), log: (level: 'debug' | 'info' | 'warn' | 'error', text: string) => log[level](text) };
      machine = spec.restore ? await restoreState(spec.stateFile, (state) => v86Engine.restore(settings, state, options)) : await v86Engine.start(settings, options);
      if (spec.startPaused) await machine.pause();
      const logins = new Logins(spec.auditFile, guestAgentPort(spec.hardware, machine.serial), (record) => started?.control?.emit('judgement', record));
      const display = new RemoteDisplay(spec, machine, logins, log);
      started = new MachineProcess(spec, log, drives, networks, machine, display, logins);
      await started.open();
      await started.go();
      return started;
    } catch (error) {
      await started?.close('disconnected');
      await machine?.powerOff();
      await networks?.close();
      await drives.close();
      throw asControlError(error);
    }
  }

  /** Runs until the machine is off; returns how it ended, after everything is closed and the end is on record. */
  async untilEnded(): Promise<ExitRecord> {
    const ended = await this.machine.ended;
    return this.finish(ended);
  }

  /**
   * Saves the machine's state and ends it, as SIGTERM asks.
   * @throws ControlError when the state cannot be saved: the machine goes on then
   */
  saveState(): Promise<void> {
    if (this.state !== 'running' && this.state !== 'paused' && this.state !== 'saving') {
      return Promise.reject(new ControlError('VBOX_E_INVALID_VM_STATE', `cannot save the state: the machine is ${this.state}, not running or paused`));
    }
    if (!this.saving) {
      const cancel = new AbortController();
      this.saving = { cancel, done: this.save(cancel.signal) };
    }
    return this.saving.done;
  }

  /**
   * Keeps the machine's state and lets its disks go on in new images; the machine goes on as it was.
   * @throws ControlError; nothing has changed then
   */
  private async takeSnapshot({ stateFile, branches }: { stateFile: string; branches: readonly BranchSpec[] }): Promise<void> {
    const { state, machine, spec } = this;
    if (state !== 'running' && state !== 'paused') throw new ControlError('VBOX_E_INVALID_VM_STATE', `cannot take a snapshot: the machine is ${state}, not running or paused`);
    const take = async (): Promise<void> => {
      this.setState('saving');
      try {
        await machine.pause();
        await saveState(machine, spec, stateFile, () => this.drives.flush(), (percent) => this.control?.emit('progress', { operation: 'takeSnapshot', percent }));
        await this.drives.branch(branches).catch(async (error: unknown) => {
          await rm(stateFile, { force: true });
          throw error;
        });
      } catch (cause) {
        // Told to whoever handles what nobody else does: the machine cannot go on without its disk.
        if (cause instanceof LostDiskError) process.nextTick(() => {
          throw cause;
        });
        throw cause instanceof ControlError ? cause : new ControlError(cause instanceof StateFileError ? 'VBOX_E_FILE_ERROR' : 'VBOX_E_VM_ERROR', `the snapshot was not taken: ${(cause as Error).message}`, { cause });
      } finally {
        if (machine.state !== 'ended') await this.goOn(state);
      }
    };
    const taken = take();
    this.snapshot = taken.catch(() => undefined);
    return taken;
  }

  /** What stood still goes on as it was; where the host has no room for what the guest writes, it stays paused and says so. */
  private async goOn(state: MachineState): Promise<void> {
    if (state === 'running') await this.machine.resume().catch((error: Error) => this.log.warn({ err: error }, 'the machine stays paused'));
    this.setState(this.machine.state === 'paused' ? 'paused' : state, this.machine.stateReason);
  }

  private async save(signal: AbortSignal): Promise<void> {
    const { machine, spec } = this;
    await this.snapshot;
    const { state } = this;
    this.setState('saving');
    try {
      await machine.pause();
      await saveState(machine, spec, spec.stateFile, () => this.drives.flush(), (percent) => this.control?.emit('progress', { operation: 'saveState', percent }), signal);
    } catch (cause) {
      this.saving = undefined;
      if (signal.aborted || machine.state === 'ended') throw new ControlError('VBOX_E_INVALID_VM_STATE', 'the state was not saved: the machine was powered off meanwhile', { cause });
      await this.goOn(state);
      this.log.error({ err: cause }, 'the state could not be saved: the machine goes on');
      throw new ControlError(cause instanceof StateFileError ? 'VBOX_E_FILE_ERROR' : 'VBOX_E_VM_ERROR', `the state could not be saved, and the machine goes on: ${(cause as Error).message}`, { cause });
    }
    // Answered before the machine goes: the process ends, and with it this socket.
    setImmediate(() => void machine.powerOff());
  }

  /** Pulls the plug. */
  async powerOff(): Promise<void> {
    this.moving?.abort();
    this.saving?.cancel.abort(new Error('the machine was powered off'));
    this.setState('stopping');
    await this.machine.powerOff();
  }

  /** @param arrived of a machine that runs already: what cannot be opened is logged then, and no reason to end it */
  private async open(arrived?: Pick<Arrived, 'control' | 'lines'>): Promise<void> {
    const { control, lines } = arrived ?? {};
    const opened = async (work: Promise<unknown>): Promise<void> => void (control ? await work.catch((error: Error) => this.log.error({ err: error }, 'a door of the machine stays shut')) : await work);
    for (const serial of this.spec.hardware.serialPorts) await opened(this.joinSerial(serial, lines?.ports ?? this.machine.serial));
    lines?.release();
    this.display.onChange(() => this.control?.emit('vrde', this.display.status));
    // Of a machine that was waited for it is open already, or will be when it can.
    if (!control) await this.display.apply(this.spec.vrde);
    control?.answer(this.handlers());
    this.control = control ?? (await openControlDoor(this.spec.controlSocket, this.handlers()));
    if (control) control.emit('vrde', this.display.status);
    this.machine.onState((state, reason) => {
      if (state !== 'ended' && !['stopping', 'saving', 'teleporting'].includes(this.state)) this.setState(state, reason);
    });
    this.machine.onEject((slot) => void this.ejected(slot));
  }

  private async joinSerial(serial: MachineSpec['hardware']['serialPorts'][number], ports: Machine['serial']): Promise<void> {
    const port = ports.find(({ index }) => index === serial.slot);
    if (!port) throw new ControlError('VBOX_E_NOT_SUPPORTED', `the engine has no serial port ${serial.slot}`);
    this.serialLines.push(await joinSerial(serial, port));
  }

  /** @throws ControlError when it was not moved: it goes on here then, unless its state had to be kept */
  private async teleport({ host, port, password, maxDowntime }: TeleportRequest): Promise<TeleportResult> {
    const { machine, spec, drives, log } = this;
    this.moving = new AbortController();
    this.setState('teleporting');
    let told = -1;
    const followers = new Followers(this.display, host, machine.screens, log);
    try {
      const settings = hardwareSettings(spec.hardware, drives.settings, this.networks.adapters);
      const description = await describeMachine(spec.hardware, settings, await findFirmware());
      const outcome = await teleport({
        host,
        port,
        password,
        maxDowntime,
        machine: new MovingMachine({
          machine,
          memoryBytes: description.memoryBytes,
          beforePause: () => {
            this.isLeaving = true;
            followers.hold();
          },
          keptFile: keptFileOf(spec.stateFile),
          writeState: (file) => saveState(machine, spec, file, () => Promise.resolve(), () => undefined),
        }),
        storage: await sharedStorage(drives),
        description,
        aside: followers.aside,
        log: (level, text) => log[level](text),
        progress: ({ percent = 0 }) => {
          if (percent > told) this.control?.emit('progress', { operation: 'teleport', percent: (told = percent) });
        },
        signal: this.moving.signal,
      });
      if (outcome.where === 'here') throw new ControlError('VBOX_E_VM_ERROR', `the machine was not teleported, and goes on here: ${outcome.error.message}`, { cause: outcome.error });
      this.moved = { kept: outcome.kept };
      if (outcome.where === 'there') await this.follow(followers);
      // Answered before the machine goes: the process ends, and with it this socket.
      setImmediate(() => void machine.powerOff());
      if (outcome.where === 'kept') throw new ControlError('VBOX_E_VM_ERROR', `nobody knows who may run the machine: its state is kept in ${outcome.kept}`, { cause: outcome.error });
      const { downtime, before, milliseconds, bytes, rounds, authenticated } = outcome;
      const whole = <Parts extends object>(times: Parts): Parts => Object.fromEntries(Object.entries(times).map(([part, time]) => [part, Math.round(time as number)])) as Parts;
      const { total, ...parts } = whole(downtime);
      log.info({ downtime: total, parts, before: whole(before), milliseconds: Math.round(milliseconds), bytes, rounds }, 'the machine was teleported');
      return { downtime: total, total: Math.round(milliseconds), parts, bytes, rounds, authenticated };
    } finally {
      this.moving = undefined;
      if (!this.moved) this.isLeaving = false;
      if (!this.followers) await followers.stay();
      if (!this.moved && this.state === 'teleporting') this.setState(machine.state === 'paused' ? 'paused' : 'running', machine.stateReason);
    }
  }

  /** The machine runs elsewhere: its viewers go there, or see it through this process. */
  private async follow(followers: Followers): Promise<void> {
    this.followers = followers;
    this.display.stopListening();
    await followers.lead();
  }

  /** Viewers see a machine that has gone through this process. */
  get relays(): boolean {
    return (this.followers?.count ?? 0) > 0;
  }

  /** Shows the viewers out that are relayed: the process ends then. */
  stopRelaying(): Promise<void> {
    return this.display.close('teleported');
  }

  /** A machine that begins with a saved state has stood still until now, when all its doors are open. */
  private async go(): Promise<void> {
    if (this.spec.restore) await useUp(this.spec.stateFile, async () => (this.spec.startPaused ? undefined : this.machine.resume()));
    this.setState(this.machine.state === 'paused' ? 'paused' : 'running', this.machine.stateReason);
  }

  private async ejected(slot: DriveSettings['slot']): Promise<void> {
    try {
      const drive = await this.drives.eject(slot);
      if (!drive) return;
      this.log.info(drive, 'the guest ejected a medium');
      this.control?.emit('ejected', drive);
    } catch (error) {
      this.log.error({ err: error }, 'an ejected medium could not be closed');
    }
  }

  private setState(state: MachineState, reason?: string): void {
    if (this.state === state && this.stateReason === reason) return;
    this.state = state;
    this.stateReason = reason;
    this.log[reason === undefined ? 'info' : 'warn']({ state, reason }, 'machine state');
    this.control?.emit('state', reason === undefined ? { state } : { state, reason });
  }

  private async finish(ended: Ended): Promise<ExitRecord> {
    const at = new Date().toISOString();
    const isSaved = await this.saved();
    const record: ExitRecord = this.moved ? { state: 'teleported', at, ...(this.moved.kept === undefined ? {} : { reason: `its state is kept in ${this.moved.kept}, until somebody knows that it runs at the target` }) } : isSaved ? { state: 'saved', at } : ended.reason === 'failed' ? { state: 'aborted', reason: ended.error.message, at } : { state: 'poweroff', at };
    if (ended.reason === 'failed') this.log.error({ err: ended.error }, 'the engine failed');
    const { relays } = this;
    const problems = await this.close(relays ? 'relaying' : this.moved ? 'teleported' : isSaved ? 'saved' : ended.reason === 'failed' ? 'failed' : 'poweredOff');
    await this.networks.close();
    await this.drives.close().catch((error: Error) => problems.push(error.message));
    // What a machine that is saved left behind is in its file, and its disks were flushed before.
    const final: ExitRecord = problems.length ? { ...record, state: isSaved || this.moved ? record.state : 'aborted', reason: [record.reason, ...problems].filter(Boolean).join('; ') } : record;
    const last: ExitRecord = relays ? { ...final, relay: process.pid, reason: [final.reason, `process ${process.pid} relays its viewers until they leave, or it is told to end (SIGTERM)`].filter(Boolean).join('; ') } : final;
    await writeExit(this.spec.exitFile, last);
    this.setState(last.state, last.reason);
    this.control?.emit('ended', last);
    await this.control?.close();
    this.control = undefined;
    if (relays) {
      await this.followers!.left();
      await this.display.close('teleported');
    }
    return last;
  }

  private async saved(): Promise<boolean> {
    if (!this.saving) return false;
    return this.saving.done.then(
      () => true,
      () => false,
    );
  }

  /** Closes the doors to the machine; returns what went wrong. */
  private async close(why: 'poweredOff' | 'saved' | 'teleported' | 'relaying' | 'failed' | 'disconnected'): Promise<string[]> {
    const problems: string[] = [];
    for (const close of [...(why === 'relaying' ? [] : [() => this.display.close(why)]), ...this.serialLines]) {
      await close().catch((error: Error) => problems.push(error.message));
    }
    if (why === 'disconnected') await this.control?.close();
    return problems;
  }

  private get status(): MachineStatus {
    return {
      uuid: this.spec.uuid,
      pid: process.pid,
      state: this.state,
      ...(this.stateReason === undefined ? {} : { stateReason: this.stateReason }),
      vrde: this.display.status,
      screens: this.machine.screens.map(({ width, height, x, y, on }) => ({ width, height, x, y, on })),
      notices: this.networks.problems,
      disks: this.drives.written,
      ejected: this.drives.ejected,
    };
  }

  private handlers(): ControlHandlers {
    const { machine } = this;
    const done = null;
    const inState = (wanted: MachineState, action: string): void => {
      if (this.state !== wanted) throw new ControlError('VBOX_E_INVALID_VM_STATE', `cannot ${action}: the machine is ${this.state}, not ${wanted}`);
    };
    const press = (events: readonly { code: number; down: boolean }[]): void => {
      if (this.isLeaving) throw new ControlError('VBOX_E_INVALID_VM_STATE', 'cannot type: the machine is just being handed over to another host');
      events.forEach(({ code, down }) => machine.keyboard.scancode(code, down));
    };
    return {
      status: async () => this.status,
      pause: async () => {
        inState('running', 'pause');
        await machine.pause();
        this.setState('paused', machine.stateReason);
        return done;
      },
      resume: async () => {
        inState('paused', 'resume');
        await machine.resume().catch((cause: Error) => Promise.reject(new ControlError('VBOX_E_HOST_ERROR', `cannot resume: ${cause.message}`, { cause })));
        this.setState('running');
        return done;
      },
      reset: async () => {
        if (this.state !== 'paused') inState('running', 'reset');
        await machine.reset();
        return done;
      },
      saveState: async () => (await this.saveState(), done),
      takeSnapshot: async (params) => (await this.takeSnapshot(params), done),
      absorbParent: async (place) => (await this.drives.absorbParent(place), done),
      teleport: (request) => {
        inState('running', 'teleport');
        return this.teleport(request);
      },
      powerOff: async () => {
        // Answered before the plug is pulled: the process ends, and with it this socket.
        setImmediate(() => void this.powerOff());
        return done;
      },
      powerButton: async () => {
        inState('running', 'press the power button');
        await machine.powerButton();
        return done;
      },
      putScancodes: async ({ scancodes }) => (press(this.scancodes.read(scancodes)), done),
      putString: async ({ text }) => (press(textEvents(text)), done),
      changeScreen: async (change) => (changeScreen(machine, change), done),
      screenshot: async ({ screen }) => {
        const shown = machine.screens[screen];
        if (!shown) throw new ControlError('E_INVALIDARG', `there is no screen ${screen}; the machine has ${machine.screens.length}, counted from 0`);
        return { png: screenshot(shown).toString('base64'), width: shown.width, height: shown.height };
      },
      setVrde: ({ vrde }) => this.display.apply(vrde),
      setAdapter: async ({ slot, cableConnected, forwards }) => {
        if (this.state !== 'paused') inState('running', 'change a network adapter');
        await this.networks.change(slot, cableConnected, forwards, machine.network);
        return done;
      },
      disconnectClient: async ({ id }) => (this.display.disconnect(id), done),
      lockouts: async () => this.logins.lockouts(),
      unlock: async ({ name }) => this.logins.unlock(name),
      setMedium: async ({ controller, port, device, medium, force }) => {
        if (this.state !== 'paused') inState('running', 'change a medium');
        await this.drives.change({ controller, port, device }, medium, ({ slot, device: image }) => machine.insert(slot, image, { force }));
        return done;
      },
    };
  }
}

function textEvents(text: string) {
  try {
    return typeText(text);
  } catch (cause) {
    throw new ControlError('E_INVALIDARG', (cause as Error).message, { cause });
  }
}

function asControlError(error: unknown): ControlError {
  if (error instanceof ControlError) return error;
  const code = error instanceof SettingsError ? 'VBOX_E_NOT_SUPPORTED' : error instanceof StateError || error instanceof StateFileError ? 'VBOX_E_FILE_ERROR' : 'VBOX_E_HOST_ERROR';
  return new ControlError(code, error instanceof Error ? error.message : String(error), { cause: error });
}

/** Written aside and renamed: a reader sees all of it or nothing. */
export async function writeExit(path: string, record: ExitRecord): Promise<void> {
  await writeFile(`${path}.new`, JSON.stringify(record), { mode: 0o600 });
  await rename(`${path}.new`, path);
}
