/**
 * What teleporting needs of a machine, of its disks and of its surroundings: shapes only, so that any engine may fit them. Pure types.
 *
 * A page is `PAGE_SIZE` bytes of guest memory, or of what else an engine moves as pages behind it; pages are numbered from 0.
 */

export const PAGE_SIZE = 4096;

/** What to do with target pages, in order. `data` is a multiple of `PAGE_SIZE` long; `copy` takes what pages `from` on hold at that moment. */
export type PageRun =
  | { readonly kind: 'zero'; readonly first: number; readonly count: number }
  | { readonly kind: 'data'; readonly first: number; readonly data: Uint8Array }
  | { readonly kind: 'copy'; readonly first: number; readonly count: number; readonly from: number };

/** Whoever keeps a state for a bad day. */
export interface Keeper {
  /** Writes the whole state of the standing machine to disk, where an operator finds it, and says where. Rejects when there is no room. */
  keep(): Promise<string>;
  /** Deletes what `keep` wrote. */
  dropKept(): Promise<void>;
}

/** A running machine that can be moved. */
export interface Movable extends Keeper {
  /** Bytes that move as pages, a multiple of `PAGE_SIZE`. */
  readonly memoryBytes: number;
  /** Pages that may have changed since the last call, ascending; every page that is not zero at the first of a move. */
  changedPages(): Promise<Uint32Array>;
  /** What these pages hold now, one after the other. A page that changes after it was read is in the next `changedPages`. */
  readPages(pages: Uint32Array): Promise<Uint8Array>;
  /** Everything but memory, while the guest runs: what the target prepares itself with. */
  earlyDeviceState(): Promise<Uint8Array>;
  /** The guest and its clocks stand still, and no request to a disk is under way, when this resolves: with the milliseconds that its clocks are behind then. */
  pause(): Promise<number>;
  /** Everything but memory, of the paused machine. */
  finalDeviceState(): Promise<Uint8Array>;
  /** Goes on here; its clocks make up for what it stood still. Also ends what a move needed: tracking of pages, slowness. */
  resume(): Promise<void>;
  /** Lets the guest stand still for `share` of its time, 0 to 0.95. */
  slowDown(share: number): Promise<void>;
  /** The move is off, and the guest was never paused: no more tracking, full speed. */
  stay(): Promise<void>;
}

/** A machine that is to be: its memory is all zero until written. */
export interface Destination extends Keeper {
  /** Builds the machine and gives it an early state, so that the final one costs little. */
  prepare(memoryBytes: number, early: Uint8Array): Promise<void>;
  write(runs: readonly PageRun[]): Promise<void>;
  /** The final state: the machine is complete and stands still. `notBeforeDecision`: no disk is touched. */
  finish(final: Uint8Array): Promise<void>;
  /** Lets the guest go on; its clocks make up for the milliseconds that they are behind. Nothing has run when this rejects. */
  resume(behind: number): Promise<void>;
  /** Throws everything away; `prepare` may follow. */
  discard(): Promise<void>;
}

/** Who runs the machine after a hand-over. */
export type Side = 'source' | 'target';

/** Proof that both sides reach the same image: see `storage/shared-images.ts`. */
export interface ImageToken {
  /** Where the image is plugged in; both sides use the same names. */
  readonly slot: string;
  /** A random name beside the image; its contents are what the target has to tell. */
  readonly token: string;
}

/** Which decision is meant, and where it is kept: see `handover/decision.ts`. */
export interface DecisionRecord {
  /** Makes ready what `decide` needs, so that it fails before the pause where it must fail. */
  prepare(side: Side): Promise<void>;
  /** The first to say a side is obeyed by all. Rejects when that cannot be known. */
  decide(side: Side): Promise<Side>;
  /** What was decided, if anything. */
  read(): Promise<Side | undefined>;
  /** The target gives a decision for itself back: it never ran and never will. */
  giveBack(): Promise<void>;
  /** Deletes what `prepare` made. */
  tidy(side: Side): Promise<void>;
  /** Deletes the decision: everybody who could ask knows. */
  forget(): Promise<void>;
}

export interface Images {
  /** All of the disk that was written is on the host's disk when this resolves. */
  flush(): Promise<void>;
  /** Takes the right to write all images; resolves at once when it is held. */
  lock(): Promise<void>;
  unlock(): Promise<void>;
}

export interface SourceStorage extends Images {
  /** Puts a token beside each image that is open for writing; an empty list when there is none. */
  putTokens(): Promise<{ readonly tokens: readonly ImageToken[]; readonly secrets: Readonly<Record<string, string>> }>;
  removeTokens(): Promise<void>;
  /** The record beside the images; undefined when no image is shared. */
  record(id: string): DecisionRecord | undefined;
}

export interface TargetStorage extends Images {
  /** What stands in the tokens, by slot; a token that is not found is left out. */
  readTokens(tokens: readonly ImageToken[]): Promise<Readonly<Record<string, string>>>;
  record(id: string): DecisionRecord | undefined;
}

export type Log = (level: 'debug' | 'info' | 'warn' | 'error', text: string) => void;

/** Where a move is. `percent` 0 to 100 counts memory once; `remaining` is in bytes. */
export interface Progress {
  readonly phase: 'waiting' | 'connected' | 'preparing' | 'memory' | 'handingOver' | 'running';
  readonly round?: number;
  readonly percent?: number;
  readonly remaining?: number;
}

/**
 * What the programs on both sides tell each other as a move begins, such as where viewers are to go: JSON, which the move does not look into.
 * A side that says nothing, or does not listen, is moved to and from as well.
 */
export interface SourceAside {
  readonly says: object;
  /** What the target answered; undefined: nothing. Whatever it is, it was said by whoever proved the password. */
  hears(answer: unknown): void;
}

/** @returns the answer, at most 1 KiB of JSON; undefined: none */
export type TargetAside = (said: unknown) => object | undefined;
