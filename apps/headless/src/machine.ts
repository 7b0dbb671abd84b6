/**
 * One running machine: engine, disks, serial lines, remote display and control socket, put together and taken apart.
 *
 * The only place where the packages meet. What was opened is closed in the opposite order, whatever failed in between.
 */
import { writeFile, rename } from 'node:fs/promises';
import { checkParams, ControlError, type ControlHandlers, type ControlServer, type ExitRecord, type MachineSpec, type MachineState, type MachineStatus, serveControl } from '@belvedere/control';
import { type DriveSettings, type Ended, findFirmware, type Machine, SettingsError, v86Engine } from '@belvedere/emulator';
import { Drives } from './drives.js';
import { hardwareSettings, notices } from './hardware.js';
import type { Log } from './log.js';
import { Logins } from './logins.js';
import { RemoteDisplay } from './remote-display.js';
import { screenshot } from './screenshot.js';
import { type Close, guestAgentPort, joinSerial } from './serial.js';
import { ScancodeReader, typeText } from './typing.js';

export class MachineProcess {
  private readonly scancodes = new ScancodeReader();
  private control: ControlServer | undefined;
  private state: MachineState = 'starting';
  private stateReason: string | undefined;
  private readonly serialLines: Close[] = [];

  private constructor(
    private readonly spec: MachineSpec,
    private readonly log: Log,
    private readonly drives: Drives,
    private readonly machine: Machine,
    private readonly display: RemoteDisplay,
    private readonly logins: Logins,
  ) {}

  /**
   * Builds the machine, opens its doors and lets it run.
   * @throws ControlError when anything is missing; nothing is left open then
   */
  static async start(spec: MachineSpec, log: Log): Promise<MachineProcess> {
    const drives = await Drives.open(spec.hardware.drives, `machine "${spec.name}"`);
    let machine: Machine | undefined;
    let started: MachineProcess | undefined;
    try {
      machine = await v86Engine.start(hardwareSettings(spec.hardware, drives.settings), {
        firmware: await findFirmware(),
        log: (level, text) => log[level](text),
      });
      if (spec.startPaused) await machine.pause();
      const logins = new Logins(spec.auditFile, guestAgentPort(spec.hardware, machine.serial), (record) => started?.control?.emit('judgement', record));
      const display = new RemoteDisplay(spec, machine, logins, log);
      started = new MachineProcess(spec, log, drives, machine, display, logins);
      await started.open();
      return started;
    } catch (error) {
      await started?.close('disconnected');
      await machine?.powerOff();
      await drives.close();
      throw asControlError(error);
    }
  }

  /** Runs until the machine is off; returns how it ended, after everything is closed and the end is on record. */
  async untilEnded(): Promise<ExitRecord> {
    const ended = await this.machine.ended;
    return this.finish(ended);
  }

  /** Pulls the plug, as SIGTERM asks. */
  async powerOff(): Promise<void> {
    this.setState('stopping');
    await this.machine.powerOff();
  }

  private async open(): Promise<void> {
    for (const serial of this.spec.hardware.serialPorts) {
      const port = this.machine.serial.find(({ index }) => index === serial.slot);
      if (!port) throw new ControlError('VBOX_E_NOT_SUPPORTED', `the engine has no serial port ${serial.slot}`);
      this.serialLines.push(await joinSerial(serial, port));
    }
    this.display.onChange(() => this.control?.emit('vrde', this.display.status));
    await this.display.apply(this.spec.vrde);
    this.control = await serveControl(this.spec.controlSocket, this.handlers(), checkParams);
    this.machine.onState((state, reason) => {
      if (state !== 'ended' && this.state !== 'stopping') this.setState(state, reason);
    });
    this.machine.onEject((slot) => void this.ejected(slot));
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
    const record: ExitRecord =
      ended.reason === 'failed' ? { state: 'aborted', reason: ended.error.message, at: new Date().toISOString() } : { state: 'poweroff', at: new Date().toISOString() };
    if (ended.reason === 'failed') this.log.error({ err: ended.error }, 'the engine failed');
    const problems = await this.close(ended.reason === 'failed' ? 'failed' : 'poweredOff');
    await this.drives.close().catch((error: Error) => problems.push(error.message));
    const final: ExitRecord = problems.length ? { ...record, state: 'aborted', reason: [record.reason, ...problems].filter(Boolean).join('; ') } : record;
    await writeExit(this.spec.exitFile, final);
    this.setState(final.state, final.reason);
    this.control?.emit('ended', final);
    await this.control?.close();
    return final;
  }

  /** Closes the doors to the machine; returns what went wrong. */
  private async close(why: 'poweredOff' | 'failed' | 'disconnected'): Promise<string[]> {
    const problems: string[] = [];
    for (const close of [() => this.display.close(why), ...this.serialLines]) {
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
      screens: this.machine.screens.map(({ width, height }) => ({ width, height })),
      notices: notices(this.spec.hardware),
      ejected: this.drives.ejected,
    };
  }

  private handlers(): ControlHandlers {
    const { machine } = this;
    const done = null;
    const inState = (wanted: MachineState, action: string): void => {
      if (this.state !== wanted) throw new ControlError('VBOX_E_INVALID_VM_STATE', `cannot ${action}: the machine is ${this.state}, not ${wanted}`);
    };
    const press = (events: readonly { code: number; down: boolean }[]): void => events.forEach(({ code, down }) => machine.keyboard.scancode(code, down));
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
      reset: async () => (await machine.reset(), done),
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
      screenshot: async ({ screen }) => {
        const shown = machine.screens[screen];
        if (!shown) throw new ControlError('E_INVALIDARG', `there is no screen ${screen}; the machine has ${machine.screens.length}, counted from 0`);
        return { png: screenshot(shown).toString('base64'), width: shown.width, height: shown.height };
      },
      setVrde: ({ vrde }) => this.display.apply(vrde),
      disconnectClient: async ({ id }) => (this.display.disconnect(id), done),
      lockouts: async () => this.logins.lockouts(),
      unlock: async ({ name }) => this.logins.unlock(name),
      setMedium: async ({ controller, port, device, medium, force }) => {
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
  const code = error instanceof SettingsError ? 'VBOX_E_NOT_SUPPORTED' : 'VBOX_E_HOST_ERROR';
  return new ControlError(code, error instanceof Error ? error.message : String(error), { cause: error });
}

/** Written aside and renamed: a reader sees all of it or nothing. */
export async function writeExit(path: string, record: ExitRecord): Promise<void> {
  await writeFile(`${path}.new`, JSON.stringify(record), { mode: 0o600 });
  await rename(`${path}.new`, path);
}
