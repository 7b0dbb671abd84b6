/**
 * A machine that moves to another process while it runs: how an engine gives it away and takes it in, piece by piece. It names nothing of
 * any one engine. Pure types.
 */
import type { SavedState } from './saved-state.js';

/** What to do with pages, in order. `data` holds whole pages; `copy` takes what pages `from` on hold at that moment. */
export type PageRun =
  | { readonly kind: 'zero'; readonly first: number; readonly count: number }
  | { readonly kind: 'data'; readonly first: number; readonly data: Uint8Array }
  | { readonly kind: 'copy'; readonly first: number; readonly count: number; readonly from: number };

/** A machine's state without what moves as pages: guest memory and what else the engine keeps beside its devices. */
export type DeviceState = Omit<SavedState, 'memory'>;

/** The side that a machine leaves. Every call is answered between two steps of the guest. */
export interface Departure {
  /** Numbers of the pages that have changed since the last call, ascending; at the first every page that is not all zeroes. */
  changedPages(): Promise<Uint32Array>;
  /** What these pages hold now, one after the other. */
  readPages(pages: Uint32Array): Promise<Uint8Array>;
  /** The devices as they are now, once no request to a disk is under way; of a running machine this is one instant. */
  devices(): Promise<DeviceState>;
  /** Milliseconds that the guest's clocks are behind the host's now: what it stands still for, and what it has not made up for yet. */
  behind(): Promise<number>;
  /** Lets the guest stand still for this share of its time, 0 to 0.95. */
  slowDown(share: number): Promise<void>;
  /** Nothing is noted any more, and the guest runs at full speed. */
  end(): Promise<void>;
}

/** The side that takes a `Machine` in: it stands there, built, with empty memory. */
export interface Arrival<Machine> {
  /** @throws StateError for pages outside its memory */
  write(runs: readonly PageRun[]): Promise<void>;
  /** Takes devices as they were a while ago, so that the last ones cost less. @throws StateError as `complete` */
  prepare(devices: DeviceState): Promise<void>;
  /** The machine with these devices, standing still. @throws StateError as `Engine.restore`; nothing is left of it then */
  complete(devices: DeviceState): Promise<Machine>;
  /** Nothing is left of it. */
  discard(): Promise<void>;
}
