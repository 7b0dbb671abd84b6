/**
 * Watches the machines that run: those that this API started, and those that it finds again.
 *
 * A machine is on as long as its control connection stands. When that closes, the record that the process left says how the machine
 * ended; without one it was killed or crashed. Nothing here asks again and again: connections, process exits and folder events tell.
 */
import { ControlClient, type ControlEvents, type DrivePlace, type ExitRecord, type MachineSpec, type MachineStatus } from '@belvedere/control';
import { Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { rm } from 'node:fs/promises';
import { JudgementStore } from '../audit/judgement.store.js';
import { EventHub } from '../events/event-hub.js';
import { ApiContext } from '../home/context.js';
import { identify, isAlive, killProcess, type ProcessIdentity } from '../host/process-identity.js';
import { ApiError, textOf } from '../http/api-error.js';
import { isOnline, type MachineState } from '../machines/words.js';
import { whenFolderChanges, within } from '../concurrency/waiting.js';
import { MachineStore } from '../machines/machine.store.js';
import { exists } from '../settings-file/file.js';
import { removeUnfinished } from '../states/state-files.js';
import { describeStatus } from '../vrde/status.js';
import { readExitFile } from './exit-file.js';
import { startMachineProcess } from './machine-process.js';
import { RunningMachine } from './running-machine.js';
import { StateStore } from './state.store.js';

/** How long a machine that was starting when the API ended may take to answer, in milliseconds. */
const adoptionLimit = 30_000;

/** How long a process may take to say how its machine is when it is found, in milliseconds. */
const firstAnswerLimit = 2_000;

/** How a machine ended whose process had no time to say it. */
const unsaid = { state: 'aborted', reason: "the machine's process was killed or crashed: its log has more, if it came to say more", at: undefined } as const;

interface Found {
  readonly uuid: string;
  readonly name: string;
  readonly startedAt: string;
  readonly identity?: ProcessIdentity;
  /** Set for a child of this process: resolves when it has ended. */
  readonly ended?: Promise<void>;
}

@Injectable()
export class Supervisor implements OnApplicationShutdown {
  private readonly log = new Logger('supervisor');
  private readonly machines = new Map<string, RunningMachine>();
  private readonly stopping = new AbortController();

  constructor(
    private readonly context: ApiContext,
    private readonly states: StateStore,
    private readonly events: EventHub,
    private readonly judgements: JudgementStore,
    private readonly registry: MachineStore,
  ) {}

  /** Told when a guest has ejected a medium, also of what it ejected while no API ran. */
  onEjected: (machine: RunningMachine, drive: DrivePlace) => Promise<void> = () => Promise.resolve();

  running(uuid: string): RunningMachine | undefined {
    return this.machines.get(uuid);
  }

  /**
   * Resolves when all is heard that machines had told before this was called: a connection keeps its order, so an answer comes after what was told
   * before it. One that does not answer soon is not waited for. @param uuid of one machine; absent: of all that run
   */
  async hearOut(uuid?: string): Promise<void> {
    const asked = [...this.machines.values()].filter((machine) => uuid === undefined || machine.uuid === uuid);
    await Promise.allSettled(asked.map((machine) => machine.request('status', {}, firstAnswerLimit)));
  }

  /** Starts a machine's process. @throws ApiError; no process is left then */
  async launch(spec: MachineSpec): Promise<RunningMachine> {
    await this.forget(spec.uuid, spec.name);
    const startedAt = new Date().toISOString();
    const process = await startMachineProcess(this.context.machineProgram, spec);
    await this.states.setProcess(spec.uuid, process.identity, startedAt);
    try {
      await process.ready;
    } catch (error) {
      await process.ended;
      throw error;
    }
    try {
      const machine = await this.join({ uuid: spec.uuid, name: spec.name, startedAt, identity: process.identity, ended: process.ended });
      this.log.log(`machine '${spec.name}' started as process ${process.identity.pid}`);
      return machine;
    } catch (cause) {
      killProcess(process.identity);
      await process.ended;
      throw new ApiError('VBOX_E_VM_ERROR', `machine '${spec.name}' started, but its process ended at once`, { cause });
    }
  }

  /** Finds a machine again that ran when the API ended, or records how it ended meanwhile. */
  async adopt(uuid: string, name: string): Promise<void> {
    const { state, pid, processToken, startedAt } = await this.states.get(uuid);
    const identity = pid === null ? undefined : { pid, token: processToken ?? '' };
    const found: Found = { uuid, name, startedAt: startedAt ?? new Date().toISOString(), ...(identity ? { identity } : {}) };
    if (await this.tryJoin(found)) {
      this.log.log(`found machine '${name}' again`);
      await this.judgements.collect(uuid, name, false);
      return;
    }
    const mayCome = identity ? isAlive(identity) : state === 'starting';
    if (mayCome) this.watched(name, this.awaitAdoption(found));
    else await this.recordEnd(uuid, name, undefined);
  }

  /** The machine's process is there, but its socket is not yet: it was starting. */
  private async awaitAdoption(found: Found): Promise<void> {
    const { uuid, name, identity } = found;
    const limit = AbortSignal.any([AbortSignal.timeout(adoptionLimit), this.stopping.signal]);
    const came = await whenFolderChanges(
      this.context.home.runFolder,
      async () => {
        if (await this.tryJoin(found)) {
          await this.judgements.collect(uuid, name, false);
          return true;
        }
        return (await readExitFile(this.context.home.exitFile(uuid))) || (identity && !isAlive(identity)) ? false : undefined;
      },
      limit,
    );
    if (came || this.stopping.signal.aborted) return;
    if (identity && killProcess(identity)) this.log.warn(`machine '${name}' did not answer in ${adoptionLimit / 1000} s: its process ${identity.pid} was ended`);
    await this.recordEnd(uuid, name, undefined);
  }

  private async tryJoin(found: Found): Promise<boolean> {
    try {
      await this.join(found);
      return true;
    } catch {
      return false;
    }
  }

  /** Connects to a machine's control socket and watches it from then on. */
  private async join({ uuid, name, startedAt, identity, ended }: Found): Promise<RunningMachine> {
    const client = await ControlClient.connect(this.context.home.controlSocket(uuid));
    let machine: RunningMachine | undefined;
    const early: (() => void)[] = [];
    client.onEvent((event, data) => (machine ? this.hear(machine, event, data) : early.push(() => this.hear(machine!, event, data))));
    try {
      const asked = client.request('status', {});
      const status = await this.firstStatus(uuid, asked, identity);
      if (status.uuid !== uuid) throw new Error(`the control socket of machine {${uuid}} answers for {${status.uuid}}`);
      const process = identity?.pid === status.pid ? identity : (identify(status.pid) ?? { pid: status.pid, token: '' });
      machine = new RunningMachine(name, startedAt, status, client, process, ended);
      if (process !== identity) await this.states.setProcess(uuid, process, startedAt);
    } catch (error) {
      client.close();
      throw error;
    }
    this.machines.set(uuid, machine);
    const joined = machine;
    joined.gone = client.closed.then(() => this.lost(joined));
    this.watched(name, joined.gone);
    await this.states.set(uuid, this.shown(joined.status.state), joined.status.stateReason ?? null);
    for (const drive of joined.status.ejected ?? []) this.watched(name, this.onEjected(joined, drive));
    for (const work of early) work();
    return joined;
  }

  /** A process that is there but does not answer, such as one that its administrator has stopped, is taken as it was last recorded. */
  private async firstStatus(uuid: string, asked: Promise<MachineStatus>, identity: ProcessIdentity | undefined): Promise<MachineStatus> {
    const { state } = await this.states.get(uuid);
    return within(firstAnswerLimit, asked, () => new Error(`the process of machine {${uuid}} does not answer`)).catch((error: unknown) => {
      if (!identity || !isAlive(identity)) throw error;
      asked.then(
        (status) => this.record(uuid, this.shown(status.state), status.stateReason ?? null),
        () => undefined,
      );
      return { uuid, pid: identity.pid, state, vrde: { port: null, clients: [], clientsSoFar: 0 }, screens: [], notices: [] };
    });
  }

  /** Off is off when the process is gone, and not before. */
  private readonly shown = (state: MachineState): MachineState => (isOnline(state) ? state : 'stopping');

  private hear<E extends keyof ControlEvents>(machine: RunningMachine, event: E, data: ControlEvents[E]): void {
    const { uuid, name } = machine;
    if (event === 'vrde') {
      const vrde = data as ControlEvents['vrde'];
      machine.status = { ...machine.status, vrde };
      this.events.emit({ type: 'vrde', uuid, name, vrde: describeStatus(vrde) });
    } else if (event === 'judgement') {
      this.watched(name, this.judgements.keep(uuid, name, data));
    } else if (event === 'ejected') {
      this.watched(name, this.onEjected(machine, data as ControlEvents['ejected']));
    } else if (event === 'progress') {
      const { operation, percent } = data as ControlEvents['progress'];
      this.events.emit({ type: 'progress', uuid, name, operation, percent });
    } else if (event === 'ended') {
      machine.exit = data as ExitRecord;
      this.record(uuid, 'stopping', null);
    } else if (event === 'state') {
      const { state, reason } = data as ControlEvents['state'];
      machine.status = { ...machine.status, state };
      this.record(uuid, this.shown(state), reason ?? null);
    }
  }

  private record(...args: Parameters<StateStore['set']>): void {
    this.watched(args[0], this.states.set(...args));
  }

  /** Work that nobody waits for: what goes wrong in it is logged. */
  private watched(machine: string, work: Promise<unknown>): void {
    work.catch((error: unknown) => this.log.error(`could not follow machine '${machine}': ${textOf(error)}`, error instanceof Error ? error.stack : undefined));
  }

  private async lost(machine: RunningMachine): Promise<void> {
    const { uuid, name } = machine;
    if (this.stopping.signal.aborted) return;
    // A process that relays viewers of a machine that has gone has nothing of the machine any more.
    if (machine.exit?.relay === undefined && !(await machine.processEnds())) {
      this.log.warn(`the process of machine '${name}' closed its control connection and did not end: it was ended`);
      machine.kill('its process closed its control connection, went on, and was ended');
    }
    this.machines.delete(uuid);
    await this.recordEnd(uuid, name, machine.exit);
  }

  private async recordEnd(uuid: string, name: string, said: ExitRecord | undefined): Promise<void> {
    const ended = said ?? (await readExitFile(this.context.home.exitFile(uuid))) ?? unsaid;
    await this.forget(uuid, name);
    // The file is the truth: a process that died between writing it and saying so has saved its machine, and one that had not begun to run
    // from it has lost nothing.
    const stateFile = await this.states.stateFile(uuid);
    const saved = await exists(stateFile);
    await removeUnfinished(stateFile);
    const state = saved ? 'saved' : ended.state === 'saved' ? 'aborted' : ended.state;
    const reason = saved && ended.state === 'aborted' ? null : ended.state === 'saved' && !saved ? `its saved state '${stateFile}' is gone` : (ended.reason ?? null);
    await this.states.set(uuid, state, reason, ended.at);
    if (saved) await this.registry.rewrite(uuid);
    this.log.log(`machine '${name}' ended: ${reason === null ? state : `${state}: ${reason}`}`);
  }

  /** Removes what an earlier run left in the run folder, once its logins are kept. */
  private async forget(uuid: string, name: string): Promise<void> {
    const { home } = this.context;
    await this.judgements.collect(uuid, name, true);
    await Promise.all([home.exitFile(uuid), home.controlSocket(uuid)].map((file) => rm(file, { force: true })));
  }

  /** Machines go on without the API. */
  onApplicationShutdown(): void {
    this.stopping.abort();
    for (const machine of this.machines.values()) machine.leave();
  }
}
