/**
 * A machine's state at one instant, as any engine hands it out and takes it back: device state by named, versioned sections, guest memory
 * by pages, so that either can travel without the other. What the bytes of a section mean is its engine's own business.
 *
 * Pure: shapes, what must be the same on both sides, and the error that a state is refused with.
 */
/** Bytes of a page of guest memory. */
export const PAGE = 4096;

/** One part of a machine's devices. `version` counts the layouts of this part alone. */
export interface StateSection {
  readonly name: string;
  readonly version: number;
  readonly bytes: Uint8Array;
}

/** Consecutive bytes of guest memory. INVARIANT: address and length are multiples of `PAGE`, length > 0, all inside the memory. */
export interface MemoryRun {
  readonly address: number;
  readonly bytes: Uint8Array;
}

export interface SavedState {
  /** The engine's name, and the version whose states it can take. */
  readonly engine: string;
  readonly engineVersion: string;
  /** What the machine was built of, by name; see hardware.ts. */
  readonly hardware: Readonly<Record<string, string>>;
  readonly sections: readonly StateSection[];
  /** Bytes of guest memory. */
  readonly memorySize: number;
  /** Every page that is not all zeroes, ascending. Read once, and while the machine stands still. */
  readonly memory: AsyncIterable<MemoryRun>;
}

/** A state that this machine cannot take, with the reason. */
export class StateError extends Error {
  override readonly name = 'StateError';
}

/** Each difference between two machines' hardware, with both values. */
export function hardwareDifferences(saved: Readonly<Record<string, string>>, present: Readonly<Record<string, string>>): string[] {
  const names = [...new Set([...Object.keys(saved), ...Object.keys(present)])];
  const value = (of: Readonly<Record<string, string>>, name: string): string => (Object.hasOwn(of, name) ? of[name]! : 'none');
  return names.flatMap((name) => (value(saved, name) === value(present, name) ? [] : [`${name}: ${value(saved, name)} in the state, ${value(present, name)} in the machine`]));
}

/** @throws StateError for a state of another engine, of another version of it, or of other hardware */
export function checkState(state: Pick<SavedState, 'engine' | 'engineVersion' | 'hardware'>, engine: string, engineVersion: string, hardware: Readonly<Record<string, string>>): void {
  if (state.engine !== engine || state.engineVersion !== engineVersion) {
    throw new StateError(`the state is of engine ${state.engine} ${state.engineVersion}, and this is ${engine} ${engineVersion}: start it with that one, or discard the state`);
  }
  const differences = hardwareDifferences(state.hardware, hardware);
  if (differences.length) throw new StateError(`the state was saved with other hardware (${differences.join('; ')}): change it back, or discard the state`);
}
