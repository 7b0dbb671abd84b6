/**
 * A machine's state as this package takes and gives it: shapes only, which an engine's own fit.
 * Pure types.
 */

export interface StateSection {
  readonly name: string;
  /** Of this section's own layout. */
  readonly version: number;
  readonly bytes: Uint8Array;
}

/** Consecutive pages of guest memory: 4096 bytes each. */
export interface MemoryRun {
  readonly address: number;
  readonly bytes: Uint8Array;
}

export interface SavedState {
  readonly engine: string;
  readonly engineVersion: string;
  /** What the machine was built of, by name. */
  readonly hardware: Readonly<Record<string, string>>;
  readonly sections: readonly StateSection[];
  /** Bytes of guest memory. */
  readonly memorySize: number;
  /** What is not all zeroes, ascending. */
  readonly memory: AsyncIterable<MemoryRun>;
}

/** Whose state it is. */
export interface SavedMachine {
  readonly uuid: string;
  readonly name: string;
}

/** What stands at the start of a file, before any state. */
export interface StateAbout {
  readonly machine: SavedMachine;
  /** ISO 8601. */
  readonly savedAt: string;
  readonly engine: string;
  readonly engineVersion: string;
  readonly hardware: Readonly<Record<string, string>>;
  readonly memorySize: number;
}
