/**
 * What the two threads of a machine say to each other, and the memory they share.
 * Pure: message shapes and the layout of one shared block.
 */
import type { BootDevice, DriveKind, DriveSlot, NetworkCardModel, ScreenPlace } from '../engine.js';
import type { PageRun } from '../moving.js';
import type { MemoryRun, StateSection } from '../saved-state.js';
import type { MemoryPortion } from './guest-memory.js';

/** A drive as the engine's thread sees it: its medium's size and nothing of its bytes. */
export interface DriveShape {
  readonly slot: DriveSlot;
  readonly kind: DriveKind;
  readonly medium: MediumShape | null;
}

export interface MediumShape {
  readonly size: number;
  readonly readOnly: boolean;
  readonly firstSector: Uint8Array;
}

/** A network adapter as the engine's thread sees it. */
export interface AdapterShape {
  readonly slot: number;
  readonly model: NetworkCardModel;
  readonly mac: Uint8Array;
  readonly connected: boolean;
}

/** The worker's `workerData`. */
export interface Assignment {
  readonly memoryMiB: number;
  readonly vramMiB: number;
  readonly monitorCount: number;
  readonly cpuPortabilityLevel: number;
  readonly acpi: boolean;
  readonly rtcUtc: boolean;
  readonly bootOrder: readonly BootDevice[];
  readonly drives: readonly DriveShape[];
  readonly serialPorts: readonly number[];
  readonly networkAdapters: readonly AdapterShape[];
  readonly bios: Uint8Array;
  readonly vgaBios: Uint8Array;
  readonly shared: SharedArrayBuffer;
  /** The devices' state that the machine begins with, standing still and with empty memory; absent: it is switched on. */
  readonly sections?: readonly StateSection[];
  /** The machine stands still with empty memory, and gets both piece by piece. */
  readonly arrives?: true;
}

/** What the engine's thread answers to a request; a request that has no answer is `done`. */
export type Answer = SavedDevices | MemoryPortion | Pages | ClockShows;

/** Numbers of pages, or what they hold. */
export interface Pages {
  readonly pages: Uint32Array | Uint8Array;
}

export interface ClockShows {
  readonly since: number;
}

export interface SavedDevices {
  readonly sections: readonly StateSection[];
}

export type Control = 'pause' | 'resume' | 'reset' | 'powerButton';

export type ToWorker =
  | { readonly type: 'frames'; readonly slot: number; readonly frames: readonly Uint8Array[] }
  | { readonly type: 'cable'; readonly slot: number; readonly connected: boolean }
  | { readonly type: 'key'; readonly bytes: readonly number[] }
  /** Pixels of one screen. */
  | { readonly type: 'move'; readonly screen: number; readonly x: number; readonly y: number; readonly buttons: number }
  | { readonly type: 'arrange'; readonly screen: number; readonly place: ScreenPlace }
  /** The size that the guest is told to give one of the further screens. */
  | { readonly type: 'wish'; readonly screen: number; readonly width: number; readonly height: number }
  | { readonly type: 'wheel'; readonly dx: number; readonly dy: number }
  | { readonly type: 'serial'; readonly index: number; readonly bytes: Uint8Array }
  /** `since`: when it was, by `threadsNow`, that the guest's clocks show; they make up for all of it when it goes on. */
  | { readonly type: 'control'; readonly what: Control; readonly since?: number; readonly id: number }
  /** Asks when it was, by `threadsNow`, that the guest's clocks show. */
  | { readonly type: 'clock'; readonly id: number }
  /** Asks for the devices' state, once no request to a disk is under way; `videoMemory` is left out where it moves as pages. */
  | { readonly type: 'save'; readonly videoMemory: boolean; readonly id: number }
  | { readonly type: 'readMemory'; readonly address: number; readonly id: number }
  | { readonly type: 'writeMemory'; readonly runs: readonly MemoryRun[]; readonly id: number }
  /** Asks for the pages that changed since the last one; the first begins to note them. */
  | { readonly type: 'changedPages'; readonly id: number }
  | { readonly type: 'readPages'; readonly pages: Uint32Array; readonly id: number }
  | { readonly type: 'writePages'; readonly runs: readonly PageRun[]; readonly id: number }
  /** `early`: another state follows, and this one only saves it time. */
  | { readonly type: 'restore'; readonly sections: readonly StateSection[]; readonly early: boolean; readonly id: number }
  /** Of its time, the guest stands still for this share; the end of a move forgets what was noted too. */
  | { readonly type: 'slow'; readonly share: number; readonly moveEnds: boolean; readonly id: number }
  | { readonly type: 'insert'; readonly slot: DriveSlot; readonly medium: MediumShape | null; readonly force: boolean; readonly id: number }
  | { readonly type: 'diskDone'; readonly id: number; readonly data?: Uint8Array; readonly error?: string };

export type DiskOperation =
  | { readonly op: 'read'; readonly offset: number; readonly length: number }
  | { readonly op: 'write'; readonly offset: number; readonly data: Uint8Array; readonly durable: boolean }
  | { readonly op: 'flush' };

export type FromWorker =
  | { readonly type: 'ready' }
  /** `taken`: so many bytes of frames have reached the guest, or were lost. */
  | { readonly type: 'frames'; readonly slot: number; readonly frames: readonly Uint8Array[]; readonly taken: number }
  | { readonly type: 'resize'; readonly screen: number; readonly width: number; readonly height: number; readonly pixels: SharedArrayBuffer; readonly tiles: SharedArrayBuffer }
  | { readonly type: 'damage'; readonly screen: number }
  /** Where each screen is now. */
  | { readonly type: 'desk'; readonly screens: readonly ScreenPlace[] }
  | { readonly type: 'absolute'; readonly absolute: boolean }
  | { readonly type: 'serial'; readonly index: number; readonly bytes: Uint8Array }
  | { readonly type: 'serialTaken'; readonly index: number; readonly count: number }
  /** `refused`: nothing was changed, because the guest has locked the tray. */
  | { readonly type: 'done'; readonly id: number; readonly answer?: Answer; readonly error?: string; readonly refused?: boolean }
  | { readonly type: 'eject'; readonly slot: DriveSlot }
  | { readonly type: 'disk'; readonly slot: DriveSlot; readonly id: number; readonly operation: DiskOperation }
  | { readonly type: 'log'; readonly level: 'debug' | 'info' | 'warn' | 'error'; readonly text: string }
  | { readonly type: 'powerOff' }
  | { readonly type: 'failed'; readonly message: string; readonly stack: string; readonly state?: true };

/** Cells of `Shared.cells`. */
export const Cell = {
  /** Counts the messages to the worker; a sleeping worker waits for it to change. */
  messages: 0,
  keysWaiting: 2,
  resets: 3,
  /** Size of the text screen; 0 in graphical modes. */
  textColumns: 4,
  textRows: 5,
  /** A cell for each screen: 1 from the first damaged tile until someone takes the damage. */
  damaged: 8,
} as const;

/** Counters of `Shared.counters`. */
export const Counter = { instructions: 0, guestTime: 1, screenTime: 2, wakes: 3, refreshes: 4, copiedBytes: 5 } as const;

const CELLS = 16;
const COUNTERS = 16;
/** The most characters a text screen can have here; larger ones are not reported as text. */
export const TEXT_CAPACITY = 0x4000;

/** Views of the block that both threads share. */
export interface Shared {
  readonly cells: Int32Array;
  readonly counters: Float64Array;
  /** Characters of the text screen in the guest's code page, row-major. */
  readonly text: Uint8Array;
}

export const newSharedBlock = (): SharedArrayBuffer => new SharedArrayBuffer(CELLS * 4 + COUNTERS * 8 + TEXT_CAPACITY);

export const sharedViews = (block: SharedArrayBuffer): Shared => ({
  cells: new Int32Array(block, 0, CELLS),
  counters: new Float64Array(block, CELLS * 4, COUNTERS),
  text: new Uint8Array(block, CELLS * 4 + COUNTERS * 8, TEXT_CAPACITY),
});
