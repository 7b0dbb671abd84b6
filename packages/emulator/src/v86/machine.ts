/**
 * A machine on the embedded engine, as the main thread holds it: messages to the engine's thread and what comes back.
 */
import type { Worker } from 'node:worker_threads';
import { cp437 } from '../code-page.js';
import { Emitter } from '../emitter.js';
import {
  SettingsError,
  TrayLockedError,
  type DriveKind,
  type DriveSlot,
  type Ended,
  type HardwareSettings,
  type Machine,
  type MachineState,
  type MachineStatistics,
  type ScreenPlace,
  type SerialPort,
  type StartOptions,
} from '../engine.js';
import { checkMedium } from '../check-settings.js';
import type { BlockDevice, Keyboard, Pointer, Screen, Unsubscribe } from '../ports.js';
import { DESK_MOST } from '../desk.js';
import { hardwareOf } from '../hardware.js';
import type { Departure, DeviceState, PageRun } from '../moving.js';
import { checkState, StateError, type MemoryRun, type SavedState } from '../saved-state.js';
import { scancodeBytes } from '../scancode.js';
import { DiskServer, mediumShape } from './disk-server.js';
import type { MemoryPortion } from './guest-memory.js';
import { V86_VERSION } from './inside.js';
import { threadsNow } from './guest-clock.js';
import { LIMITS } from './limits.js';
import { NetworkPorts } from './network-ports.js';
import { Cell, Counter, sharedViews, type ClockShows, type Control, type FromWorker, type Pages, type SavedDevices, type ToWorker } from './protocol.js';
import { SharedScreen } from './shared-screen.js';

/** Bytes of memory that are sent to the thread at a time, and how many such portions it may have before it. */
const PORTION = 4 << 20;
const PORTIONS_UNDERWAY = 8;
/** Bytes that may wait for a guest to read its serial port. */
const SERIAL_WAITING = 1024 * 1024;
/** The smallest screen that a guest is asked for, in pixels. */
const SCREEN_LEAST = { width: 320, height: 200 } as const;
/** Notches of one wheel event, at most. */
const WHEEL_MOST = 100;
/** The share of its time that a guest can be made to stand still. */
const SLOWEST = 0.95;

type Done = Extract<FromWorker, { type: 'done' }>;

export class V86Machine implements Machine {
  readonly keyboard: Keyboard;
  readonly pointer: Pointer;
  readonly serial: readonly V86SerialPort[];
  readonly network: NetworkPorts;
  readonly ended: Promise<Ended>;
  readonly #shared;
  readonly #screens: readonly SharedScreen[];
  readonly #disks: DiskServer;
  readonly #kinds: ReadonlyMap<DriveSlot, DriveKind>;
  readonly #acpi: boolean;
  readonly #states = new Emitter<[MachineState, string?]>();
  readonly #ejections = new Emitter<[DriveSlot]>();
  readonly #answers = new Map<number, (done?: Done) => void>();
  readonly #log: NonNullable<StartOptions['log']>;
  #nextId = 1;
  #state: MachineState = 'running';
  #stateReason: string | undefined;
  #absolute = false;
  #resolveEnded!: (ended: Ended) => void;
  #ending: Promise<void> | undefined;

  constructor(
    private readonly worker: Worker,
    shared: SharedArrayBuffer,
    private settings: HardwareSettings,
    log: StartOptions['log'],
    /** A machine that begins with a saved state stands still. */
    restored: boolean,
  ) {
    if (restored) this.#state = 'paused';
    this.#shared = sharedViews(shared);
    this.#log = log ?? (() => undefined);
    this.#screens = Array.from({ length: settings.monitorCount }, (_unused, screen) => new SharedScreen(this.#shared.cells, Cell.damaged + screen, screen === 0, screen === 0 ? undefined : (width, height) => this.#wish(screen, width, height)));
    this.#disks = new DiskServer(settings.drives, () => void this.#stall());
    this.#kinds = new Map(settings.drives.map(({ slot, kind }) => [slot, kind]));
    this.#acpi = settings.acpi;
    this.serial = settings.serialPorts.map(({ index }) => new V86SerialPort(index, (bytes) => this.#send({ type: 'serial', index, bytes })));
    this.network = new NetworkPorts(settings.networkAdapters, (message) => this.#send(message));
    this.keyboard = { scancode: (code, down) => this.#send({ type: 'key', bytes: scancodeBytes(code, down) }) };
    this.pointer = this.#pointer();
    this.ended = new Promise((resolve) => {
      this.#resolveEnded = resolve;
    });
  }

  get screens(): readonly Screen[] {
    return this.#screens;
  }

  get state(): MachineState {
    return this.#state;
  }

  get stateReason(): string | undefined {
    return this.#stateReason;
  }

  /** Listens to the thread; resolves when its guest runs. @throws Error when the engine could not be built */
  async begin(): Promise<void> {
    let ready!: () => void;
    const isReady = new Promise<void>((resolve) => {
      ready = resolve;
    });
    this.worker.on('message', (message: FromWorker) => (message.type === 'ready' ? ready() : this.#receive(message)));
    this.worker.on('error', (error) => void this.#end({ reason: 'failed', error }));
    this.worker.on('exit', (code) => void this.#end({ reason: 'failed', error: new Error(`the engine's thread ended by itself, code ${code}`) }));
    const ended = await Promise.race([isReady, this.ended]);
    if (ended?.reason === 'failed' && ended.error instanceof StateError) throw ended.error;
    if (ended?.reason === 'failed') throw new Error(`the v86 engine did not start: ${ended.error.message}`, { cause: ended.error });
  }

  async pause(): Promise<void> {
    if (this.#state !== 'running') return;
    await this.#control('pause');
    this.#enter('paused');
  }

  async resume(lost?: number): Promise<void> {
    if (this.#state !== 'paused') return;
    const since = lost === undefined ? {} : { since: threadsNow() - lost };
    await this.#disks.retry();
    await this.#request((id) => ({ type: 'control', what: 'resume', ...since, id }));
    this.#enter('running');
  }

  async reset(): Promise<void> {
    await this.#control('reset');
  }

  async powerButton(): Promise<void> {
    if (!this.#acpi) throw new Error('this machine has no power button: switch ACPI on in its settings');
    await this.#control('powerButton');
  }

  async powerOff(): Promise<void> {
    await this.#end({ reason: 'powerOff', by: 'host' });
  }

  async insert(slot: DriveSlot, device: BlockDevice | null, { force = false } = {}): Promise<void> {
    const kind = this.#kinds.get(slot);
    if (kind === undefined) throw new SettingsError(`${slot} has no drive: this machine has ${[...this.#kinds.keys()].join(', ') || 'none'}`);
    if (kind === 'hdd') throw new SettingsError(`the disk at ${slot} cannot be changed while the machine runs: power it off first`);
    checkMedium(slot, kind, device, LIMITS);
    const medium = await mediumShape(slot, device);
    let replaced: Promise<void> | undefined;
    await this.#request(
      (id) => ({ type: 'insert', slot, id, medium, force }),
      [],
      // Between the last request for the old medium and the first for the new one.
      (done) => {
        if (!done?.refused) replaced = this.#replace(slot, device);
      },
    );
    if (!replaced) throw new TrayLockedError(`the guest has locked the tray of the drive at ${slot}: eject the medium in the guest, or force it out`);
    await replaced;
  }

  /** What is in a drive is another medium from now on; resolves when the one before is no longer asked for anything. */
  #replace(slot: DriveSlot, device: BlockDevice | null): Promise<void> {
    this.settings = { ...this.settings, drives: this.settings.drives.map((drive) => (drive.slot === slot ? { ...drive, device } : drive)) };
    return this.#disks.replace(slot, device);
  }

  async saveState(): Promise<SavedState> {
    if (this.#state !== 'paused') throw new Error(`the state of a machine can be saved while it is paused, and it is ${this.#state}: pause it first`);
    const devices = await this.#devices(true);
    return { ...devices, memory: this.#memory(devices.memorySize) };
  }

  depart(): Departure {
    const pages = async (message: (id: number) => ToWorker): Promise<Uint32Array | Uint8Array> => (await this.#ask<Pages>(message)).pages;
    const slow = async (share: number, moveEnds: boolean): Promise<void> => void (await this.#request((id) => ({ type: 'slow', share, moveEnds, id })));
    return {
      changedPages: async () => (await pages((id) => ({ type: 'changedPages', id }))) as Uint32Array,
      readPages: async (numbers) => (await pages((id) => ({ type: 'readPages', pages: numbers, id }))) as Uint8Array,
      devices: () => this.#devices(false),
      behind: async () => {
        const { since } = await this.#ask<ClockShows>((id) => ({ type: 'clock', id }));
        return threadsNow() - since;
      },
      slowDown: (share) => slow(Math.max(0, Math.min(SLOWEST, share)), false),
      end: () => slow(0, true),
    };
  }

  async #devices(videoMemory: boolean): Promise<DeviceState> {
    const held = this.#disks.heldBecause;
    if (held !== undefined) throw new Error(`the state cannot be saved while the guest waits for a write to its disk (${held}): resume the machine first`);
    if (this.#state === 'paused') await this.#disks.quiet();
    const { sections } = await this.#ask<SavedDevices>((id) => ({ type: 'save', videoMemory, id }));
    return { engine: 'v86', engineVersion: V86_VERSION, hardware: hardwareOf(this.settings), sections, memorySize: this.settings.memoryMiB * 1024 * 1024 };
  }

  /** Of a machine that arrives. */
  async writePages(runs: readonly PageRun[]): Promise<void> {
    await this.#request((id) => ({ type: 'writePages', runs, id }));
  }

  /** @param early another state follows. @throws StateError */
  async restoreDevices({ engine, engineVersion, hardware, sections }: DeviceState, early: boolean): Promise<void> {
    checkState({ engine, engineVersion, hardware }, 'v86', V86_VERSION, hardwareOf(this.settings));
    const done = await this.#request((id) => ({ type: 'restore', sections, early, id }));
    if (!done) throw new Error('the machine ended before its devices were restored');
  }

  /**
   * Fills the memory of a machine that is built from a state; it may be called while the thread still builds it.
   * @throws StateError when it does not fit; whatever reading it throws
   */
  async fillMemory(memory: AsyncIterable<MemoryRun>): Promise<void> {
    let runs: MemoryRun[] = [];
    let bytes = 0;
    const underway: Promise<unknown>[] = [];
    const send = async (): Promise<void> => {
      const portion = runs;
      [runs, bytes] = [[], 0];
      if (underway.length === PORTIONS_UNDERWAY) await underway.shift();
      this.#requireAlive();
      const sent = this.#request((id) => ({ type: 'writeMemory', runs: portion, id }), portion.map((run) => run.bytes.buffer as ArrayBuffer));
      sent.catch(() => undefined);
      underway.push(sent);
    };
    for await (const run of memory) {
      // Each in a buffer of its own, which can be handed over.
      runs.push({ address: run.address, bytes: Uint8Array.prototype.slice.call(run.bytes) });
      bytes += run.bytes.length;
      if (bytes >= PORTION) await send();
    }
    await send();
    await Promise.all(underway);
    this.#requireAlive();
  }

  #requireAlive(): void {
    if (this.#state === 'ended') throw new Error('the machine ended before its memory was restored');
  }

  /** One portion is read ahead. */
  async *#memory(size: number): AsyncGenerator<MemoryRun> {
    const portion = (address: number): Promise<MemoryPortion> => {
      if (this.#state !== 'paused') throw new Error(`the machine's memory was to be saved, but it is ${this.#state} now`);
      return this.#ask<MemoryPortion>((id) => ({ type: 'readMemory', address, id }));
    };
    for (let ahead = portion(0), at = 0; at < size; ) {
      const { runs, next } = await ahead;
      at = next;
      if (at < size) {
        ahead = portion(at);
        ahead.catch(() => undefined);
      }
      yield* runs;
    }
  }

  arrange(screen: number, place: ScreenPlace): void {
    const { on, x, y } = place;
    if (!this.#screens[screen]) throw new SettingsError(`there is no screen ${screen + 1}: this machine has ${this.#screens.length}`);
    if (![x, y].every((at) => Number.isInteger(at) && Math.abs(at) <= DESK_MOST)) throw new SettingsError(`a screen cannot be at ${x}, ${y}: use whole numbers from ${-DESK_MOST} to ${DESK_MOST}`);
    if (!on && screen === 0) throw new SettingsError('the first screen cannot be switched off: the machine starts on it');
    this.#send({ type: 'arrange', screen, place: { on, x, y } });
  }

  #wish(screen: number, width: number, height: number): void {
    const { width: widest, height: highest } = LIMITS.screen;
    const fits = (pixels: number, least: number, most: number): boolean => Number.isInteger(pixels) && least <= pixels && pixels <= most;
    if (!fits(width, SCREEN_LEAST.width, widest) || !fits(height, SCREEN_LEAST.height, highest)) {
      throw new RangeError(`a screen of ${width}x${height} is not possible here: use ${SCREEN_LEAST.width}x${SCREEN_LEAST.height} to ${widest}x${highest}`);
    }
    this.#send({ type: 'wish', screen, width, height });
  }

  textScreen(): string[] {
    const { cells, text } = this.#shared;
    const columns = Atomics.load(cells, Cell.textColumns);
    const rows = Atomics.load(cells, Cell.textRows);
    return Array.from({ length: rows }, (_unused, row) => cp437(text.subarray(row * columns, (row + 1) * columns)));
  }

  onEject(listener: (slot: DriveSlot) => void): Unsubscribe {
    return this.#ejections.on(listener);
  }

  onState(listener: (state: MachineState, reason?: string) => void): Unsubscribe {
    return this.#states.on(listener);
  }

  statistics(): MachineStatistics {
    const { cells, counters } = this.#shared;
    return {
      instructions: counters[Counter.instructions]!,
      guestTime: counters[Counter.guestTime]!,
      screenTime: counters[Counter.screenTime]!,
      wakes: counters[Counter.wakes]!,
      refreshes: counters[Counter.refreshes]!,
      copiedBytes: counters[Counter.copiedBytes]!,
      keysWaiting: Atomics.load(cells, Cell.keysWaiting),
      resets: Atomics.load(cells, Cell.resets),
    };
  }

  #pointer(): Pointer {
    const absolute = (): boolean => this.#absolute;
    return {
      get absolute() {
        return absolute();
      },
      move: (x, y, buttons, screen = 0) => {
        if (!Number.isFinite(x) || !Number.isFinite(y)) throw new RangeError(`${x}, ${y} is no position`);
        if (!this.#screens[screen]) throw new RangeError(`there is no screen ${screen + 1}`);
        this.#send({ type: 'move', screen, x, y, buttons: buttons & 0x1f });
      },
      wheel: (dx, dy) => {
        if (!Number.isFinite(dx) || !Number.isFinite(dy)) throw new RangeError(`${dx}, ${dy} are no notches`);
        const limit = (notches: number): number => Math.max(-WHEEL_MOST, Math.min(WHEEL_MOST, Math.round(notches)));
        this.#send({ type: 'wheel', dx: limit(dx), dy: limit(dy) });
      },
    };
  }

  #receive(message: Exclude<FromWorker, { type: 'ready' }>): void {
    switch (message.type) {
      case 'resize':
        return this.#screens[message.screen]!.replaced(message.width, message.height, message.pixels, message.tiles);
      case 'damage':
        return this.#screens[message.screen]!.damaged();
      case 'desk':
        return message.screens.forEach((place, screen) => this.#screens[screen]!.placed(place));
      case 'absolute':
        this.#absolute = message.absolute;
        return;
      case 'serial':
        return this.#serialPort(message.index).arrived(message.bytes);
      case 'serialTaken':
        return this.#serialPort(message.index).taken(message.count);
      case 'frames':
        return this.network.fromGuest(message.slot, message.frames, message.taken);
      case 'done':
        this.#answers.get(message.id)?.(message);
        this.#answers.delete(message.id);
        return;
      case 'eject':
        void this.#replace(message.slot, null).then(() => this.#ejections.emit(message.slot));
        return;
      case 'disk':
        void this.#disks.serve(message.slot, message.operation).then((result) => this.#send({ type: 'diskDone', id: message.id, ...result }));
        return;
      case 'log':
        return this.#log(message.level, message.text);
      case 'powerOff':
        void this.#end({ reason: 'powerOff', by: 'guest' });
        return;
      case 'failed': {
        const error = message.state ? new StateError(message.message) : new Error(message.message);
        error.stack = message.stack;
        void this.#end({ reason: 'failed', error });
      }
    }
  }

  #serialPort(index: number): V86SerialPort {
    return this.serial.find((port) => port.index === index)!;
  }

  /** Posted first and counted second: a thread that has seen the count finds the message. */
  #send(message: ToWorker, transfer: ArrayBuffer[] = []): void {
    if (this.#state === 'ended') return;
    this.worker.postMessage(message, transfer);
    Atomics.add(this.#shared.cells, Cell.messages, 1);
    Atomics.notify(this.#shared.cells, Cell.messages);
  }

  async #control(what: Control): Promise<void> {
    await this.#request((id) => ({ type: 'control', what, id }));
  }

  /**
   * Sends a message that is answered; resolves too when the machine ends, and there is nobody left to answer.
   * @param then called at once with the answer, before any later message is looked at
   */
  async #request(message: (id: number) => ToWorker, transfer?: ArrayBuffer[], then: (done?: Done) => void = () => undefined): Promise<Done | undefined> {
    if (this.#state === 'ended') throw new Error('the machine is off');
    const id = this.#nextId++;
    const answered = new Promise<Done | undefined>((resolve) =>
      this.#answers.set(id, (done) => {
        then(done);
        resolve(done);
      }),
    );
    this.#send(message(id), transfer);
    const done = await answered;
    if (done?.error !== undefined) throw new StateError(done.error);
    return done;
  }

  /** Asks for something; a machine that ends gives no answer. */
  async #ask<T>(message: (id: number) => ToWorker): Promise<T> {
    const done = await this.#request(message);
    if (!done) throw new Error('the machine ended before its state was saved');
    return done.answer as T;
  }

  /** The host has no room for what the guest writes: the guest stands still until somebody has made some. */
  async #stall(): Promise<void> {
    if (this.#state === 'ended') return;
    await this.#control('pause');
    this.#enter('paused');
  }

  #enter(state: MachineState): void {
    const reason = state === 'paused' ? this.#disks.heldBecause : undefined;
    if (this.#state === 'ended' || (this.#state === state && this.#stateReason === reason)) return;
    this.#state = state;
    this.#stateReason = reason;
    this.#states.emit(state, reason);
  }

  /** The first reason counts. */
  #end(ended: Ended): Promise<void> {
    this.#ending ??= (async () => {
      // Ends the thread between two ticks or in a sleep; a running tick is broken off.
      this.network.close();
      await this.worker.terminate();
      await this.#disks.quiet();
      this.#enter('ended');
      for (const answer of this.#answers.values()) answer();
      this.#answers.clear();
      this.#resolveEnded(ended);
    })();
    return this.#ending;
  }
}

class V86SerialPort implements SerialPort {
  readonly #listeners = new Emitter<[Uint8Array]>();
  #waiting = 0;

  constructor(
    readonly index: number,
    private readonly send: (bytes: Uint8Array) => void,
  ) {}

  write(bytes: Uint8Array): void {
    if (this.#waiting + bytes.length > SERIAL_WAITING) {
      throw new Error(`serial port ${this.index}: ${this.#waiting} bytes wait for the guest to read them; write again when it has`);
    }
    this.#waiting += bytes.length;
    this.send(bytes);
  }

  onData(listener: (bytes: Uint8Array) => void): Unsubscribe {
    return this.#listeners.on(listener);
  }

  arrived(bytes: Uint8Array): void {
    this.#listeners.emit(bytes);
  }

  taken(count: number): void {
    this.#waiting -= count;
  }
}
