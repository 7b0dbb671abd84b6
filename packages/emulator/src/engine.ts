/**
 * The engine interface: hardware settings in, a running machine out. It names nothing of any one engine.
 * Pure types, and the error that settings are refused with.
 */
import type { BlockDevice, Keyboard, NetworkLink, Pointer, Screen, Unsubscribe } from './ports.js';
import type { Firmware } from './firmware.js';
import type { Arrival, Departure } from './moving.js';
import type { SavedState } from './saved-state.js';

export type DriveKind = 'hdd' | 'dvd' | 'floppy';

/** Where a drive is plugged in: `ide<channel>-<device>` or `floppy<drive>`, such as `ide1-0` for the secondary master. */
export type DriveSlot = `ide${number}-${number}` | `floppy${number}`;

export type BootDevice = 'floppy' | 'dvd' | 'disk' | 'net' | 'none';

export interface DriveSettings {
  readonly slot: DriveSlot;
  readonly kind: DriveKind;
  /** The medium; null leaves a DVD or floppy drive empty. The engine never closes it. */
  readonly device: BlockDevice | null;
}

export interface SerialPortSettings {
  /** 1 is COM1. */
  readonly index: number;
  readonly ioBase: number;
  readonly irq: number;
}

export type NetworkCardModel = 'ne2000' | 'virtio';

export interface NetworkAdapterSettings {
  /** From 1; two adapters never share one. */
  readonly slot: number;
  readonly model: NetworkCardModel;
  /** Twelve hexadecimal digits. */
  readonly mac: string;
  readonly cableConnected: boolean;
  /** What the cable leads to; null: nowhere. The engine never closes it. */
  readonly link: NetworkLink | null;
}

export interface HardwareSettings {
  readonly memoryMiB: number;
  readonly vramMiB: number;
  readonly monitorCount: number;
  readonly cpuCount: number;
  /** The higher, the fewer features the guest's processor has; default 0: all. */
  readonly cpuPortabilityLevel?: number;
  readonly acpi: boolean;
  /** The guest's clock shows UTC; otherwise the host's local time. */
  readonly rtcUtc: boolean;
  /** First to last; a device that is not listed is not booted from. */
  readonly bootOrder: readonly BootDevice[];
  readonly drives: readonly DriveSettings[];
  readonly serialPorts: readonly SerialPortSettings[];
  readonly networkAdapters: readonly NetworkAdapterSettings[];
}

/** What an engine can build; `checkSettings` compares settings with it. */
export interface EngineLimits {
  readonly memoryMiB: Range;
  readonly vramMiB: Range;
  readonly cpuCount: Range;
  readonly cpuPortabilityLevel: Range;
  readonly monitorCount: Range;
  /** Every slot and the kinds of drive that fit it. */
  readonly slots: Readonly<Record<string, readonly DriveKind[]>>;
  /** The serial ports that can be had: an index has one address and one interrupt. */
  readonly serialPorts: readonly SerialPortSettings[];
  /** The slots that a network adapter may be in, and its models. */
  readonly networkAdapters: { readonly slots: Range; readonly models: readonly NetworkCardModel[] };
  readonly bootDevices: readonly BootDevice[];
  /** Largest screen, in pixels; a mode also has to fit into video memory. */
  readonly screen: { readonly width: number; readonly height: number };
  /** Sizes of floppy images, in bytes. */
  readonly floppySizes: readonly number[];
}

/** Both ends included. */
export interface Range {
  readonly min: number;
  readonly max: number;
}

/** Settings that this engine cannot build, with what to do about it. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
}

/** The guest holds a drive's tray shut. */
export class TrayLockedError extends Error {
  override readonly name = 'TrayLockedError';
}

export interface StartOptions {
  readonly firmware: Firmware;
  /** Takes what an operator may want to read; never a guest's data. */
  readonly log?: (level: 'debug' | 'info' | 'warn' | 'error', text: string) => void;
}

export interface Engine {
  readonly name: string;
  /** Whose states it can take: those of the same version. */
  readonly version: string;
  readonly limits: EngineLimits;
  /** @throws SettingsError when a machine of these settings cannot be built */
  validate(settings: HardwareSettings): void;
  /** Builds the machine and lets it run. @throws SettingsError as `validate`; Error when the engine cannot start */
  start(settings: HardwareSettings, options: StartOptions): Promise<Machine>;
  /**
   * Builds the machine as `state` has it; it stands still until it is resumed. Its real-time clock shows the host's time, every other clock
   * goes on from where it stood.
   *
   * @throws StateError when the state is of another engine or version, of other hardware, or damaged; SettingsError and Error as `start`
   */
  restore(settings: HardwareSettings, state: SavedState, options: StartOptions): Promise<Machine>;
  /** What a guest finds its processor to have at a portability level, as Linux names it. */
  cpuFeatures(level: number): readonly string[];
  /** How many pages a machine of these settings moves: guest memory, and behind it what else moves so. */
  movingPages(settings: HardwareSettings): number;
  /** Builds a machine that another one's memory and devices are put into, piece by piece. @throws SettingsError and Error as `start` */
  arrive(settings: HardwareSettings, options: StartOptions): Promise<Arrival<Machine>>;
}

export type MachineState = 'running' | 'paused' | 'ended';

/** Why a machine is no more. `by` tells who switched it off. */
export type Ended = { readonly reason: 'powerOff'; readonly by: 'guest' | 'host' } | { readonly reason: 'failed'; readonly error: Error };

/** Counted since the machine started; times in milliseconds of host time. */
export interface MachineStatistics {
  readonly instructions: number;
  /** Time spent in the guest, and in looking at its screens. */
  readonly guestTime: number;
  readonly screenTime: number;
  /** How often the idle guest was woken. */
  readonly wakes: number;
  /** Looks at video memory, and bytes copied because they had changed. */
  readonly refreshes: number;
  readonly copiedBytes: number;
  /** Keyboard bytes that the guest has not yet taken. */
  readonly keysWaiting: number;
  readonly resets: number;
}

export interface SerialPort {
  readonly index: number;
  /** @throws Error when more than 1 MiB waits that the guest has not read */
  write(bytes: Uint8Array): void;
  onData(listener: (bytes: Uint8Array) => void): Unsubscribe;
}

export interface Network {
  /** Plugs the cable of an adapter in or pulls it. @throws SettingsError for a slot that has no adapter */
  setCable(slot: number, connected: boolean): void;
}

/** Where a screen stands on the desk that the pointer moves over, in pixels, and whether it is on. */
export interface ScreenPlace {
  readonly on: boolean;
  readonly x: number;
  readonly y: number;
}

export interface Machine {
  readonly screens: readonly Screen[];
  readonly keyboard: Keyboard;
  readonly pointer: Pointer;
  readonly serial: readonly SerialPort[];
  readonly network: Network;
  readonly state: MachineState;
  /**
   * Why the machine is paused when nobody asked for it: the host has no room for what the guest writes. Such a write is neither failed nor
   * lost but held, and the guest waits for it; `resume` does it again first. Other failures of a disk are the guest's to hear of.
   */
  readonly stateReason: string | undefined;
  /** Resolves once, when the machine is off for good; never rejects. The screens keep the last picture. */
  readonly ended: Promise<Ended>;
  /** The guest and its clocks stand still when this resolves, and the screens show what they stand at. */
  pause(): Promise<void>;
  /**
   * @param lost milliseconds that the guest's clocks are behind and make up for: by going faster, so that no tick of a timer is missing.
   * Default: what they had still to make up for before the machine was paused
   * @throws Error of the disk when there is still no room for what was held; the machine stays paused then
   */
  resume(lost?: number): Promise<void>;
  /**
   * The state of a machine that stands still. Resolves when no request to a disk is under way; the disks are the caller's to keep as they
   * are with it. The machine goes on as if nothing had been, once the memory was read.
   *
   * @throws Error when the machine is not paused
   */
  saveState(): Promise<SavedState>;
  /** Begins to give the machine away while it runs; one at a time. */
  depart(): Departure;
  /** Presses the reset button. */
  reset(): Promise<void>;
  /** Presses the power button; the guest decides what it does. @throws Error when the machine has no ACPI */
  powerButton(): Promise<void>;
  /** Pulls the plug; resolves when the engine is gone and no request to a disk is under way. */
  powerOff(): Promise<void>;
  /**
   * Changes the medium of a DVD or floppy drive; null ejects.
   * @param options force: also where the guest has locked the tray
   * @throws SettingsError when the slot has no such drive or the medium does not fit, TrayLockedError
   */
  insert(slot: DriveSlot, device: BlockDevice | null, options?: { readonly force?: boolean }): Promise<void>;
  /** Calls `listener` when the guest has ejected a drive's medium; the engine asks for nothing of it any more. */
  onEject(listener: (slot: DriveSlot) => void): Unsubscribe;
  /**
   * Puts a screen somewhere on the desk, or switches it off: it is dark then, whatever the guest shows. Screens that were put nowhere stand
   * side by side. The guest hears nothing of it.
   *
   * @throws SettingsError for a screen or a place that there is not, and for the first screen to be switched off
   */
  arrange(screen: number, place: ScreenPlace): void;
  /** Rows of the first screen's text; empty in a graphical mode. */
  textScreen?(): string[];
  /** @param listener `reason` as `stateReason` */
  onState(listener: (state: MachineState, reason?: string) => void): Unsubscribe;
  statistics(): MachineStatistics;
}
