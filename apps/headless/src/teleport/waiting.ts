/**
 * A machine process that waits for a machine to come, instead of booting one: it has a control socket, a teleporter port, and a remote display
 * that shows how far that is. Its images are looked at and not locked until the machine is here.
 */
import { ControlError, type ControlHandlers, type ExitRecord, type JudgementRecord, type MachineSpec, type MachineStatus } from '@belvedere/control';
import { findFirmware, type Machine, v86Engine } from '@belvedere/emulator';
import type { Notice } from '@belvedere/rdp';
import { awaitMachine, type Progress, type Waiting } from '@belvedere/teleport';
import { Drives } from '../drives.js';
import { hardwareSettings } from '../hardware.js';
import type { Log } from '../log.js';
import { Logins } from '../logins.js';
import { Networks } from '../network.js';
import { RemoteDisplay } from '../remote-display.js';
import { saveState } from '../saving.js';
import { guestAgentPort } from '../serial.js';
import { type ControlDoor, openControlDoor } from './control-door.js';
import { describeMachine } from './description.js';
import { ArrivingMachine } from './destination.js';
import { HeldLines } from './held-lines.js';
import { LateChannel, Stage } from './stage.js';
import { sharedStorage } from './storage.js';
import { Visitors } from './visitors.js';

/** A machine that runs here, and what it brought with it. */
export interface Arrived {
  readonly machine: Machine;
  readonly drives: Drives;
  readonly networks: Networks;
  readonly control: ControlDoor;
  /** Its serial lines, which say what the guest has said since it runs here. */
  readonly lines: HeldLines;
  /** Its sessions have gone on. */
  readonly display: RemoteDisplay;
  readonly logins: Logins;
}

/** Where a state is put that nobody may run from before it is known who does. */
export const keptFileOf = (stateFile: string): string => `${stateFile}.kept`;

export class WaitingMachine {
  private progress: Progress = { phase: 'waiting' };
  private lines: HeldLines | undefined;

  private constructor(
    private readonly spec: MachineSpec,
    private readonly log: Log,
    private readonly drives: Drives,
    private readonly networks: Networks,
    private readonly destination: ArrivingMachine,
    private readonly control: ControlDoor,
    private readonly viewers: Viewers,
    private waiting: Waiting | undefined,
  ) {}

  /** Opens the control socket and the teleporter port. @throws ControlError when either cannot be had; nothing is left open then */
  static async open(spec: MachineSpec, log: Log): Promise<WaitingMachine> {
    const { arrival } = spec;
    if (!arrival) throw new Error('this machine does not wait');
    const drives = await Drives.peek(spec.hardware.drives, `machine "${spec.name}"`);
    let networks: Networks | undefined;
    try {
      const { adapters } = (networks = await Networks.open(spec.hardware.adapters, log));
      const firmware = await findFirmware();
      const settings = hardwareSettings(spec.hardware, drives.settings, adapters);
      const description = describeMachine(spec.hardware, settings, firmware);
      let self: WaitingMachine | undefined = undefined;
      const destination = new ArrivingMachine({
        engine: v86Engine,
        options: { firmware, log: (level, text) => log[level](text) },
        settings: async () => (await drives.look(), hardwareSettings(spec.hardware, drives.settings, adapters)),
        complete: (machine) => void (self!.lines = new HeldLines(machine.serial)),
        keptFile: keptFileOf(spec.stateFile),
        writeState: (machine, file) => saveState(machine, spec, file, () => drives.flush(), () => undefined),
      });
      const viewers = openViewers(spec, log, (record) => self?.control.emit('judgement', record));
      const handlers = refusing(() => self!.status, () => self!.cancel(), viewers);
      const control = await openControlDoor(spec.controlSocket, handlers);
      self = new WaitingMachine(spec, log, drives, networks, destination, control, viewers, undefined);
      viewers.display.onChange(() => control.emit('vrde', viewers.display.status));
      try {
        self.waiting = await awaitMachine({
          port: arrival.port,
          ...(arrival.address === '' ? {} : { address: arrival.address }),
          password: arrival.password,
          destination,
          storage: await sharedStorage(drives),
          description: await description,
          aside: (said) => {
            const { visitors, display } = viewers;
            return visitors.expect(said) && display.whereabouts ? { display: display.whereabouts } : undefined;
          },
          log: (level, text) => log[level](text),
          progress: (progress) => self!.advance(progress),
        });
        void viewers.display.openPatiently();
      } catch (cause) {
        await control.close();
        throw new ControlError('VBOX_E_HOST_ERROR', `the teleporter port ${arrival.port} cannot be opened: ${(cause as Error).message}`, { cause });
      }
      destination.standBy();
      return self;
    } catch (error) {
      await networks?.close();
      await drives.close();
      throw error;
    }
  }

  private get status(): MachineStatus {
    return {
      uuid: this.spec.uuid,
      pid: process.pid,
      state: 'teleportingin',
      stateReason: inWords(this.progress, this.waiting?.port ?? 0),
      vrde: this.viewers.display.status,
      screens: [],
      notices: this.networks.problems,
      ejected: [],
    };
  }

  private advance(progress: Progress): void {
    const before = this.status.stateReason;
    this.progress = progress;
    const { stage, late, visitors, display } = this.viewers;
    if (progress.phase === 'waiting') visitors.forget();
    const { machine } = this.destination;
    // It runs here: nothing that fails from now on takes it back.
    if (progress.phase === 'running' && machine && !stage.entered) {
      const agent = guestAgentPort(this.spec.hardware, machine.serial);
      if (agent) late?.join(agent);
      stage.enter(machine);
      visitors.arrived();
      display.policyChanged();
    } else stage.show(noticeOf(this.spec.name, progress));
    const { stateReason: reason } = this.status;
    if (reason !== before && reason !== undefined) this.control.emit('state', { state: 'teleportingin', reason });
    if (progress.percent !== undefined) this.control.emit('progress', { operation: 'teleport', percent: progress.percent });
  }

  /** @returns false when the machine is here already, or about to be */
  cancel(): boolean {
    return this.waiting!.cancel();
  }

  /** Resolves when the machine runs here, or with how the wait ended. */
  async arrived(): Promise<Arrived | ExitRecord> {
    const outcome = await this.waiting!.outcome;
    if (outcome.where === 'here') {
      const { display, logins } = this.viewers;
      return { machine: this.destination.machine!, drives: this.drives, networks: this.networks, control: this.control, lines: this.lines!, display, logins };
    }
    await this.viewers.display.close('nothingCame');
    await this.destination.discard();
    await this.networks.close();
    await this.drives.close();
    const at = new Date().toISOString();
    const record: ExitRecord =
      outcome.where === 'cancelled'
        ? { state: 'poweroff', at }
        : { state: 'aborted', at, reason: outcome.where === 'kept' ? `${outcome.error.message}; the machine's state is kept in ${outcome.kept}: where it does not run at the source, adopt it (adoptstate)` : outcome.error.message };
    this.log.info({ outcome: outcome.where }, 'nothing came');
    return record;
  }

  /** Says how the wait ended, and closes the door. */
  async end(record: ExitRecord): Promise<void> {
    this.control.emit('state', record.reason === undefined ? { state: record.state } : { state: record.state, reason: record.reason });
    this.control.emit('ended', record);
    await this.control.close();
  }
}

function inWords({ phase, round, percent, remaining }: Progress, port: number): string {
  if (phase === 'waiting') return `waiting for a machine on port ${port}`;
  if (phase === 'memory') return `memory, round ${round}, ${percent} %, ${Math.ceil((remaining ?? 0) / (1024 * 1024))} MiB remaining`;
  return { connected: 'a source is connected', preparing: 'the machine is being prepared', handingOver: 'the machine is being handed over', running: 'the machine is here' }[phase];
}

function noticeOf(name: string, progress: Progress): Notice {
  const { phase, round, percent, remaining } = progress;
  const where = { waiting: 'nobody has come yet', connected: 'connected', preparing: 'connected: the machine is being prepared', memory: `memory, round ${round}`, handingOver: 'the machine is being handed over', running: 'the machine is here' }[phase];
  const left = phase === 'memory' && remaining !== undefined ? [`${Math.ceil(remaining / (1024 * 1024))} MiB remaining`] : [];
  return { title: name, lines: ['waiting for a teleporting machine', where, ...left, ...(percent === undefined ? [] : [`${percent} %`])], ...(percent === undefined ? {} : { percent }) };
}

/** The remote display before a machine is here, and who may see it. */
interface Viewers {
  readonly stage: Stage;
  readonly late: LateChannel | undefined;
  readonly logins: Logins;
  readonly display: RemoteDisplay;
  /** Viewers that come with a machine. */
  readonly visitors: Visitors;
}

function openViewers(spec: MachineSpec, log: Log, onJudgement: (record: JudgementRecord) => void): Viewers {
  const late = spec.hardware.serialPorts.some(({ mode }) => mode === 'guestagent') ? new LateChannel() : undefined;
  const logins = new Logins(spec.auditFile, late, onJudgement);
  const stage = new Stage(spec.hardware.monitorCount, noticeOf(spec.name, { phase: 'waiting' }));
  const visitors: Visitors = new Visitors((viewers) => display.dismissVouched(viewers, 'the machine did not come'));
  const display = new RemoteDisplay(spec, stage, logins, log, visitors);
  return { stage, late, logins, display, visitors };
}

/** What a process answers that has no machine yet. */
function refusing(status: () => MachineStatus, cancel: () => boolean, { display, logins }: Viewers): ControlHandlers {
  const refuse = (): Promise<never> => Promise.reject(new ControlError('VBOX_E_INVALID_VM_STATE', 'the machine waits to be teleported here: power it off to stop that'));
  return {
    status: async () => status(),
    powerOff: async () => {
      if (!cancel()) throw new ControlError('VBOX_E_INVALID_VM_STATE', 'the machine is just being handed over to this process: try again in a moment');
      return null;
    },
    pause: refuse,
    resume: refuse,
    reset: refuse,
    saveState: refuse,
    powerButton: refuse,
    putScancodes: refuse,
    putString: refuse,
    screenshot: refuse,
    changeScreen: refuse,
    setVrde: ({ vrde }) => display.apply(vrde),
    disconnectClient: async ({ id }) => (display.disconnect(id), null),
    lockouts: async () => logins.lockouts(),
    unlock: async ({ name }) => logins.unlock(name),
    setAdapter: refuse,
    setMedium: refuse,
    takeSnapshot: refuse,
    absorbParent: refuse,
    teleport: refuse,
  };
}
