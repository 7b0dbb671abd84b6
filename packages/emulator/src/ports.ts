/**
 * What the emulator offers to a remote display and what it asks of a disk: shapes only, so that any package may provide or use them.
 * Pure types.
 */

/** A rectangle of screen pixels. INVARIANT: width > 0, height > 0, inside the screen. */
export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Disjoint rectangles; never collapsed into one bounding box. */
export type Region = readonly Rect[];

export type Unsubscribe = () => void;

/** A guest screen, as a remote display sees it. */
export interface Screen {
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
  /** Bytes a row. */
  readonly stride: number;
  /** BGRX rows, row-major, in shared memory; a new array after a resize. */
  readonly pixels: Uint8Array;
  /** What may have changed since the last call. */
  takeDamage(): Region;
  /** Calls `listener` when there is damage that nobody took yet. */
  onDamage(listener: () => void): Unsubscribe;
  /** Calls `listener` when width, height, stride and pixels have changed; everything is damaged then. */
  onResize(listener: () => void): Unsubscribe;
  /** Asks the guest for another size, where it can be asked. @throws RangeError for a size that it cannot have */
  requestSize?(width: number, height: number): void;
  /** The guest shows something on it; a screen that it does not use is black. */
  readonly on: boolean;
  /** Where its upper left corner is on the desk that the pointer moves over, in pixels. */
  readonly x: number;
  readonly y: number;
  /** Calls `listener` when `on`, `x` or `y` have changed. */
  onPlace(listener: () => void): Unsubscribe;
}

export interface Keyboard {
  /**
   * A key went down or up.
   *
   * @param code scancode of set 1, 0x01 to 0x7f; 0xE000 added for the E0 prefix (0xE01D is right Ctrl); 0xE11D is Pause
   * @param down false when released. A held key's repeats are further calls with `true`
   * @throws RangeError for a code that no keyboard has
   */
  scancode(code: number, down: boolean): void;
  unicode?(codeUnit: number, down: boolean): void;
}

/** Buttons are bits: 0 left, 1 right, 2 middle, 3 and 4 extra. */
export interface Pointer {
  /** The guest takes absolute positions right now. */
  readonly absolute: boolean;
  /**
   * A position in pixels of one screen, of the first if none is named; translated to relative movement where the guest knows only that.
   * Absolute positions are told as parts of the desk: of the least rectangle around all screens that are on.
   */
  move(x: number, y: number, buttons: number, screen?: number): void;
  /** Notches; dy > 0 is away from the user, dx > 0 to the right. */
  wheel(dx: number, dy: number): void;
}

/** A disk's bytes, by offset; the engine sees no more of an image than this. */
export interface BlockDevice {
  /** Bytes, a multiple of 512 (2048 for a DVD). */
  readonly size: number;
  readonly readOnly: boolean;
  /** Reads `length` bytes from `offset`; rejects when the host cannot. */
  read(offset: number, length: number): Promise<Uint8Array>;
  /** Rejects when the host cannot; with an error whose `code` is `ENOSPC` when it could once there is room, and nothing written before is lost. */
  write(offset: number, data: Uint8Array): Promise<void>;
  /** Resolves when all that was written before is on the host's disk; rejects as `write` does. */
  flush(): Promise<void>;
  close(): Promise<void>;
}

/**
 * The far end of a network card's cable: whatever takes a guest's Ethernet frames and has frames for it. A frame begins with the receiver's
 * address and ends before the checksum; 14 to 1518 bytes.
 */
export interface NetworkLink {
  /** A frame from the guest, the link's to keep. One that it has no room for is lost, as on any network. */
  send(frame: Uint8Array): void;
  /** Calls `listener` with each frame for the guest, which is the listener's to keep. */
  onFrame(listener: (frame: Uint8Array) => void): Unsubscribe;
  /** The guest's card is full: frames are held back until `resume`. One that is on its way already may still come. */
  pause(): void;
  resume(): void;
}
