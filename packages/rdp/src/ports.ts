/**
 * What this package needs of others: a screen, a keyboard, a pointer, and somebody who judges logins. Structural: providers import
 * nothing.
 */

/** A rectangle of screen pixels. INVARIANT: width > 0, height > 0, inside the screen */
export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Disjoint rectangles; never collapsed into one bounding box. */
export type Region = readonly Rect[];

export type Unsubscribe = () => void;

/** A guest screen. */
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
  /** Called when there is damage that nobody took yet. */
  onDamage(listener: () => void): Unsubscribe;
  /** Width, height, stride and pixels have changed; everything is damaged. */
  onResize(listener: () => void): Unsubscribe;
  requestSize?(width: number, height: number): void;
  /** Where it stands beside the other screens, in pixels; absent: nobody has said. */
  readonly x?: number;
  readonly y?: number;
  /** The guest shows something on it; absent: it does. */
  readonly on?: boolean;
  /** `x`, `y` or `on` have changed. */
  onPlace?(listener: () => void): Unsubscribe;
}

export interface Keyboard {
  /** Set 1, 0x01 to 0x7f, with 0xe000 added for the E0 prefix (0xe01d is right Ctrl); 0xe11d is Pause's E1 prefix. */
  scancode(code: number, down: boolean): void;
  /** A UTF-16 code unit; clients are told whether there is this. */
  unicode?(codeUnit: number, down: boolean): void;
  /**
   * Which toggles the guest has lit: bit 0 Scroll Lock, 1 Num Lock, 2 Caps Lock. Absent: not known, and then toggles are not synchronised.
   */
  readonly indicators?: number;
}

export interface Pointer {
  /** The guest takes absolute positions right now. */
  readonly absolute: boolean;
  /** To a position in pixels of one screen, counted from 0, or of the first. `buttons`: bit 0 left, 1 right, 2 middle, 3 and 4 extra */
  move(x: number, y: number, buttons: number, screen?: number): void;
  /** Notches; dy > 0 is away from the user, dx > 0 to the right. */
  wheel(dx: number, dy: number): void;
}

/** Moving pictures: whether they are shown as video, and who finds them. */
export interface VideoRedirection {
  /** Asked for each frame; whoever changes its answer calls `policyChanged`. */
  readonly enabled: boolean;
  /** A new finder, for a screen of this size. */
  finder(width: number, height: number): VideoFinder;
}

/** Finds the moving pictures on one screen. */
export interface VideoFinder {
  /**
   * Takes in a frame.
   *
   * @param changed what differs from the frame before; disjoint
   * @param pixels 0x00RRGGBB, row-major, without gaps: read until the next call
   * @param now milliseconds, never less than the last time
   */
  frame(changed: Region, pixels: Uint32Array, now: number): VideoChanges;
  /** When `frame` is to be called at the latest, with no change if there was none. */
  readonly wake: number | undefined;
}

export interface VideoChanges {
  /** All that there are now. */
  readonly streams: readonly VideoStream[];
  /** Pixels that were in a stream's parts before this frame and are in none now: to be shown exactly from here on. */
  readonly released: Region;
}

/** A picture that moves. The object stays the same for as long as the picture does. */
export interface VideoStream {
  /** Never used again. */
  readonly id: number;
  /** The whole picture, screen pixels. */
  readonly rect: Rect;
  /** Where in `rect` the picture shows; disjoint. */
  readonly parts: Region;
  /** Grows by one whenever the picture has changed. */
  readonly frames: number;
  /** When it changed last, milliseconds of the hub's clock. */
  readonly time: number;
  /** Milliseconds between its frames, in the mean. */
  readonly interval: number;
  /** JPEG quality that is asked for, 10 to 100. */
  readonly quality: number;
  /** The newest frame's pixels of a rectangle as JPEG: encoded once for each frame, then shared. */
  jpeg(rect: Rect): Uint8Array;
}

/** Who may connect. No authenticator, or one that fails, refuses. */
export interface Authenticator {
  judge(attempt: LogonAttempt, signal: AbortSignal): Promise<Judgement>;
  /** Nobody gets in without credentials: a client that brings none is asked for them. Without it whatever it brings is judged. */
  readonly needsCredentials?: boolean;
  /**
   * An account's NT hash, 16 bytes; `undefined` if there is no such account, or none that may log in this way. Its presence turns Network
   * Level Authentication on, from the next connection on. It grants nothing: who proved a password is judged as well.
   */
  ntHash?(user: string, domain: string, client: LogonClient, signal: AbortSignal): Promise<Uint8Array | undefined>;
  /** Hears of a login that was refused without being judged: its proof by Network Level Authentication failed. */
  refused?(attempt: Omit<LogonAttempt, 'password'>, reason: string): void;
}

export interface LogonAttempt extends LogonClient {
  readonly user: string;
  /** Empty if the client proved its password without handing it on. */
  readonly password: string;
  readonly domain: string;
}

/** Where a login comes from. */
export interface LogonClient {
  /** Of this connection, unique in the process. */
  readonly clientId: number;
  readonly machineId: string;
  /** Of the client, as its socket shows it. */
  readonly address: string;
  readonly clientName: string;
}

export type Judgement = { readonly granted: true } | { readonly granted: false; readonly reason: string };
