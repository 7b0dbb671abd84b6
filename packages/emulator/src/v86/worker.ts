/**
 * The thread that a machine runs in: builds the emulator, plugs its drives in, and lets the loop run.
 * Everything it says and hears is in protocol.ts.
 */
import { parentPort, workerData } from 'node:worker_threads';
import { Display } from './display.js';
import { FloppyDrives } from './floppy.js';
import { GuestClock, threadsNow } from './guest-clock.js';
import { IdeDrives } from './ide.js';
import { buildEmulator, cardClasses, type CardClasses, type Cpu, type Emulator } from './inside.js';
import { bootOrderFile } from './boot-order.js';
import { KeyboardQueue } from './keyboard.js';
import { Loop } from './loop.js';
import { Mailbox } from './mailbox.js';
import { MouseQueue } from './mouse.js';
import { NetworkCards } from './network-cards.js';
import { Power } from './power.js';
import { Cell, sharedViews, type Assignment, type FromWorker, type ToWorker } from './protocol.js';
import type { Answer, Ask } from './remote-disk.js';
import { saveDevices, restoreDevices, type Devices } from './state.js';
import { ChangedPages, readPages, writeRuns } from './changed-pages.js';
import { clearMemory, movingAreas, readMemory, writeMemory } from './guest-memory.js';
import { StateError, type StateSection } from '../saved-state.js';
import { Screens } from './screens.js';
import { removeFirstPort, SerialLine } from './serial.js';
import { parseSlot } from './slots.js';

const MIB = 1024 * 1024;
/** Milliseconds that the guest stands still for a disk before it goes on and is told later. */
const DISK_PATIENCE = 1.5;
/** Milliseconds that a guest's clocks make up for, at most. */
const LOST_MOST = 60_000;

const port = parentPort!;
const assignment = workerData as Assignment;
const shared = sharedViews(assignment.shared);
const mailbox = new Mailbox(port, shared.cells);
const clock = new GuestClock();
clock.install();

const post = (message: FromWorker, transfer: ArrayBuffer[] = []): void => port.postMessage(message, transfer);
const log = (level: 'debug' | 'info' | 'warn' | 'error', text: string): void => post({ type: 'log', level, text });

/** The real-time clock shows the host's time: UTC, or local time as a PC without time zones keeps it. */
function setHostTime(rtc: Cpu['devices']['rtc'], utc: boolean): void {
  const now = new Date();
  rtc.rtc_time = now.getTime() - (utc ? 0 : now.getTimezoneOffset() * 60_000);
  rtc.last_update = now.getTime();
}

class Requests {
  #next = 1;
  readonly #waiting = new Map<number, (answer: Answer) => void>();

  for(slot: Assignment['drives'][number]['slot']): Ask {
    return (operation, answer) => {
      const id = this.#next++;
      post({ type: 'disk', slot, id, operation }, operation.op === 'write' ? [operation.data.buffer as ArrayBuffer] : []);
      const done = mailbox.answer(id, DISK_PATIENCE);
      if (done) answer(done);
      else this.#waiting.set(id, answer);
    };
  }

  answer(id: number, answer: Answer): void {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.(answer);
  }

  /** No request is under way. */
  get quiet(): boolean {
    return this.#waiting.size === 0;
  }
}

function start(emulator: Emulator, classes: CardClasses): void {
  const cpu = emulator.v86.cpu;
  const screens = new Screens(cpu, assignment.monitorCount, shared, post);
  const display = new Display(emulator, screens.surface, shared, clock.now, (text) => log('warn', text));
  const keyboard = new KeyboardQueue(cpu, clock.now);
  const mouse = new MouseQueue(cpu, (event, data) => emulator.bus.send(event, data), screens);
  const power = new Power(cpu, () => {
    // What the guest sent as its last words leaves before the thread ends.
    collect();
    loop.end();
    post({ type: 'powerOff' });
  });
  const requests = new Requests();
  const ide = new IdeDrives(cpu, log, (channel, device) => post({ type: 'eject', slot: `ide${channel}-${device}` }));
  const floppies = new FloppyDrives(cpu, log);
  for (const { slot, kind, medium } of assignment.drives) {
    const place = parseSlot(slot)!;
    if (place.bus === 'floppy') floppies.attach(place.drive, medium, requests.for(slot));
    else ide.attach(place.channel, place.device, kind as 'hdd' | 'dvd', medium, requests.for(slot));
  }
  if (!assignment.serialPorts.includes(1)) removeFirstPort(cpu);
  const serial = assignment.serialPorts.map((index) => new SerialLine(emulator, index, (count) => post({ type: 'serialTaken', index, count })));
  const network = new NetworkCards(cpu, classes, assignment.networkAdapters);
  cpu.option_roms.push(bootOrderFile(assignment.bootOrder, assignment.drives));
  const devices: Devices = { emulator, clock, keyboard, mouse, power, ide, serial, screens };
  const restored = assignment.sections && restoreDevices(devices, assignment.sections);
  for (const { index, count } of restored ?? []) if (count > 0) post({ type: 'serialTaken', index, count: -count });
  if (restored || assignment.arrives) clearMemory(cpu);
  if (assignment.arrives) clock.stop();
  // The host's time, whatever the state had.
  setHostTime(cpu.devices.rtc, assignment.rtcUtc);

  const reset = cpu.reboot_internal.bind(cpu);
  cpu.reboot_internal = () => {
    reset();
    keyboard.reset();
    mouse.reset();
    power.reset();
    ide.reset();
    network.reset();
    screens.reset();
    tellAbsolute();
    Atomics.add(shared.cells, Cell.resets, 1);
  };

  let absolute = false;
  const tellAbsolute = (): void => {
    if (mouse.absolute === absolute) return;
    absolute = mouse.absolute;
    post({ type: 'absolute', absolute });
  };
  emulator.add_listener('vmware-absolute-mouse', tellAbsolute);

  const control = (message: Extract<ToWorker, { type: 'control' }>): void => {
    if (message.what === 'pause') {
      clock.stop();
      loop.pause();
    } else if (message.what === 'resume') {
      clock.go(message.since === undefined ? undefined : Math.max(0, Math.min(LOST_MOST, threadsNow() - message.since)));
      loop.resume();
    } else if (message.what === 'reset') {
      cpu.reboot_internal();
      loop.stir();
    } else {
      power.pressButton();
      loop.stir();
    }
    post({ type: 'done', id: message.id });
  };

  const insert = ({ slot, medium, force, id }: Extract<ToWorker, { type: 'insert' }>): void => {
    const place = parseSlot(slot)!;
    let refused = false;
    if (place.bus === 'floppy') floppies.insert(place.drive, medium, requests.for(slot));
    else refused = !ide.insert(place.channel, place.device, medium, requests.for(slot), force);
    loop.stir();
    post({ type: 'done', id, refused });
  };

  /** The request for the machine's state, while it waits for its disks. */
  let saving: Extract<ToWorker, { type: 'save' }> | undefined;
  const saveIfQuiet = (): void => {
    if (saving === undefined || !requests.quiet) return;
    collect();
    const sections = saveDevices(devices, saving.videoMemory);
    post({ type: 'done', id: saving.id, answer: { sections } }, sections.map(({ bytes }) => bytes.buffer as ArrayBuffer));
    saving = undefined;
  };

  const takeMemory = ({ runs, id }: Extract<ToWorker, { type: 'writeMemory' }>): void => {
    try {
      writeMemory(cpu, runs);
      post({ type: 'done', id });
    } catch (error) {
      post({ type: 'done', id, error: (error as Error).message });
    }
  };

  const areas = (): readonly Uint8Array[] => [...movingAreas(cpu), ...screens.memories];
  let changes: ChangedPages | undefined;

  const answer = (id: number, pages: Uint32Array | Uint8Array): void => post({ type: 'done', id, answer: { pages } }, [pages.buffer as ArrayBuffer]);

  /** Does what may be refused. */
  const attempt = (id: number, action: () => void): void => {
    try {
      action();
      post({ type: 'done', id });
    } catch (error) {
      post({ type: 'done', id, error: (error as Error).message });
    }
  };

  /** The devices of a machine that arrives. */
  const restore = (sections: readonly StateSection[], early: boolean): void => {
    const waiting = restoreDevices(devices, sections);
    loop.replaced();
    if (early) return;
    for (const { index, count } of waiting) if (count > 0) post({ type: 'serialTaken', index, count: -count });
    setHostTime(cpu.devices.rtc, assignment.rtcUtc);
    tellAbsolute();
  };

  const collect = (): void => {
    network.collect(post);
    for (const line of serial) {
      const bytes = line.takeOutput();
      if (!bytes) continue;
      post({ type: 'serial', index: line.index, bytes }, [bytes.buffer as ArrayBuffer]);
      loop.stir();
    }
  };

  const loop: Loop = new Loop({
    core: emulator.v86,
    mailbox,
    shared,
    receive(message) {
      switch (message.type) {
        case 'key':
          keyboard.push(message.bytes);
          return loop.input();
        case 'move':
          mouse.move(screens.onDesk(message.screen, message.x, message.y), message.buttons);
          return loop.input();
        case 'arrange':
          screens.arrange(message.screen, message.place);
          return loop.replaced();
        case 'wish':
          screens.wishFor(message.screen, message.width, message.height);
          return loop.replaced();
        case 'wheel':
          mouse.wheel(message.dy);
          return loop.input();
        case 'serial':
          serial.find((line) => line.index === message.index)!.write(message.bytes);
          return loop.stir();
        case 'diskDone':
          requests.answer(message.id, message);
          saveIfQuiet();
          return loop.stir();
        case 'save':
          saving = message;
          return saveIfQuiet();
        case 'readMemory': {
          const answer = readMemory(cpu, message.address);
          return post({ type: 'done', id: message.id, answer }, answer.runs.map(({ bytes }) => bytes.buffer as ArrayBuffer));
        }
        case 'writeMemory':
          return takeMemory(message);
        case 'changedPages':
          changes ??= new ChangedPages(areas);
          return answer(message.id, changes.take());
        case 'readPages':
          return answer(message.id, readPages(areas(), message.pages));
        case 'writePages':
          return attempt(message.id, () => writeRuns(areas(), message.runs));
        case 'restore':
          return attempt(message.id, () => restore(message.sections, message.early));
        case 'clock':
          return post({ type: 'done', id: message.id, answer: { since: threadsNow() - clock.behind } });
        case 'slow':
          if (message.moveEnds) {
            changes?.end();
            changes = undefined;
          }
          loop.slowDown(message.share);
          return post({ type: 'done', id: message.id });
        case 'control':
          return control(message);
        case 'insert':
          return insert(message);
        case 'frames':
          network.arrived(message.slot, message.frames);
          return loop.stir();
        case 'cable':
          network.setCable(message.slot, message.connected);
          return loop.stir();
      }
    },
    feed() {
      const next = Math.min(keyboard.feed(), mouse.feed(), network.feed());
      Atomics.store(shared.cells, Cell.keysWaiting, keyboard.waiting);
      return next;
    },
    collect,
    refresh: () => screens.refresh(display),
    untilBlink: () => display.untilBlink(),
    rate: () => clock.rate,
    failed(error) {
      collect();
      const { message, stack } = error instanceof Error ? error : new Error(String(error));
      post({ type: 'failed', message, stack: stack ?? '' });
    },
  });
  if (restored || assignment.arrives) loop.pause();
  tellAbsolute();
  post({ type: 'ready' });
  void emulator.run();
}

const exactBuffer = (bytes: Uint8Array): ArrayBuffer => bytes.slice().buffer as ArrayBuffer;

const models = assignment.networkAdapters.map(({ model }) => model);
const options = {
  bios: exactBuffer(assignment.bios),
  vgaBios: exactBuffer(assignment.vgaBios),
  memoryBytes: assignment.memoryMiB * MIB,
  vramBytes: assignment.vramMiB * MIB,
  acpi: assignment.acpi,
  cpuPortabilityLevel: assignment.cpuPortabilityLevel,
  serialPorts: assignment.serialPorts,
  ...(models[0] ? { card: models[0] } : {}),
};
const emulator = await buildEmulator(options);
try {
  start(emulator, await cardClasses(emulator, models, options));
} catch (error) {
  // An error loses its kind on the way to the other thread.
  if (!(error instanceof StateError)) throw error;
  post({ type: 'failed', message: error.message, stack: error.stack ?? '', state: true });
}
