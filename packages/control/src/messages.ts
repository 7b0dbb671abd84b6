/** The requests and events of a machine's control socket, each with its types. Pure types. */
import type { ExitRecord, JudgementRecord, Lockout, MediumSpec, PortForwardSpec, VrdeSpec } from './spec.js';

export type MachineState = 'starting' | 'restoring' | 'running' | 'paused' | 'saving' | 'teleporting' | 'teleportingin' | 'stopping' | 'saved' | 'teleported' | 'poweroff' | 'aborted';

export interface VrdeClient {
  readonly id: number;
  readonly user: string;
  readonly domain: string;
  readonly clientName: string;
  readonly address: string;
  readonly clientVersion: number;
  readonly encryption: string;
  /** ISO 8601. */
  readonly since: string;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** What it has sent for features that are switched off, and that nobody got: input events, or packets of channels. */
  readonly dropped: readonly { readonly feature: string; readonly messages: number }[];
}

export interface VrdeStatus {
  /** The port really bound; `null` while the server does not listen. */
  readonly port: number | null;
  /** Why the server does not listen although it is switched on. */
  readonly problem?: string;
  readonly clients: readonly VrdeClient[];
  readonly clientsSoFar: number;
  /** The last session that ended: ISO 8601. */
  readonly lastStart?: string;
  readonly lastEnd?: string;
}

export interface ScreenStatus {
  readonly width: number;
  readonly height: number;
  /** Where it stands beside the others, in pixels. */
  readonly x: number;
  readonly y: number;
  /** The guest shows something on it. */
  readonly on: boolean;
}

/** What becomes of a screen; absent: as it was. */
export interface ScreenChange {
  /** Counted from 0. */
  readonly screen: number;
  /** What the guest is asked for, in pixels. */
  readonly size?: { readonly width: number; readonly height: number };
  readonly place?: { readonly on: boolean; readonly x: number; readonly y: number };
}

export interface MachineStatus {
  readonly uuid: string;
  readonly pid: number;
  readonly state: MachineState;
  /** Why it is paused although nobody paused it: what the host lacks. */
  readonly stateReason?: string;
  readonly vrde: VrdeStatus;
  readonly screens: readonly ScreenStatus[];
  /** What the administrator should know of this run, such as an adapter that has no network behind it. */
  readonly notices: readonly string[];
  /** The image that each hard disk writes. */
  readonly disks?: readonly (DrivePlace & { readonly path: string })[];
  /** Drives whose medium the guest has ejected, until they have another. */
  readonly ejected?: readonly DrivePlace[];
}

/** A differencing image that a disk is to go on in. */
export interface BranchSpec extends DrivePlace {
  readonly path: string;
  readonly uuid: string;
  /** What the registry calls the image that it will hang on. */
  readonly parent: string;
}

export interface TeleportRequest {
  readonly host: string;
  readonly port: number;
  /** As the target was given it: see `TeleporterSpec`. Empty: none. */
  readonly password: string;
  /** Milliseconds. */
  readonly maxDowntime: number;
}

export interface TeleportResult {
  /** Milliseconds that the guest stood still, and that all of it took. */
  readonly downtime: number;
  readonly total: number;
  /** What the guest stood still for, one after the other, in milliseconds. */
  readonly parts: { readonly pause: number; readonly pages: number; readonly devices: number; readonly load: number; readonly handOver: number };
  /** Bytes sent. */
  readonly bytes: number;
  readonly rounds: number;
  /** False: the line was encrypted, and nobody proved who was at its other end. */
  readonly authenticated: boolean;
}

export interface DrivePlace {
  readonly controller: string;
  readonly port: number;
  readonly device: number;
}

/** Method name to its parameters and result. */
export interface ControlMethods {
  status: { params: Record<string, never>; result: MachineStatus };
  pause: { params: Record<string, never>; result: null };
  resume: { params: Record<string, never>; result: null };
  reset: { params: Record<string, never>; result: null };
  powerOff: { params: Record<string, never>; result: null };
  /** Answers when the state is in its file; the process ends then. A machine whose state cannot be saved goes on. */
  saveState: { params: Record<string, never>; result: null };
  /**
   * Keeps the machine's state in `stateFile`, and lets each disk go on in a new differencing image, made at `path` with `uuid`, on what it
   * was until now. All of it or nothing; the machine goes on either way.
   */
  takeSnapshot: { params: { stateFile: string; branches: readonly BranchSpec[] }; result: null };
  /** A disk takes over what the image that it hangs on holds, while the machine runs; it hangs on that one's parent then. */
  absorbParent: { params: DrivePlace; result: null };
  /** Moves the machine to another host; answers when it runs there, and the process ends then. A machine that cannot be moved goes on. */
  teleport: { params: TeleportRequest; result: TeleportResult };
  powerButton: { params: Record<string, never>; result: null };
  /** Raw set-1 bytes, as `controlvm keyboardputscancode` takes them. */
  putScancodes: { params: { scancodes: readonly number[] }; result: null };
  /** Text typed on a US keyboard. */
  putString: { params: { text: string }; result: null };
  /** A PNG, base64. */
  screenshot: { params: { screen: number }; result: { png: string; width: number; height: number } };
  /** Asks the guest for another size of a screen, and puts it elsewhere. All of it or nothing. */
  changeScreen: { params: ScreenChange; result: null };
  /** Opens, closes or changes the remote display of the running machine. */
  setVrde: { params: { vrde: VrdeSpec }; result: VrdeStatus };
  /** Plugs a network card's cable in or out, and opens and closes ports of the host until they are these. All of it or nothing. */
  setAdapter: { params: { slot: number; cableConnected: boolean; forwards: readonly PortForwardSpec[] }; result: null };
  disconnectClient: { params: { id: number }; result: null };
  lockouts: { params: Record<string, never>; result: readonly Lockout[] };
  /** Forgives one address or user, or, without a name, everybody; answers how many lock-outs that lifted. */
  unlock: { params: { name?: string }; result: number };
  setMedium: {
    /** `force`: also where the guest has locked the tray. */
    params: DrivePlace & { medium: MediumSpec | null; force: boolean };
    result: null;
  };
}

/** Event name to its data. */
export interface ControlEvents {
  state: { readonly state: MachineState; readonly reason?: string };
  vrde: VrdeStatus;
  /** The guest has ejected a medium; its image is closed. */
  ejected: DrivePlace;
  judgement: JudgementRecord;
  /** How far long work has come, from 0 to 100. */
  progress: { readonly operation: 'saveState' | 'takeSnapshot' | 'teleport'; readonly percent: number };
  ended: ExitRecord;
}

export type ControlMethod = keyof ControlMethods;
export type Params<M extends ControlMethod> = ControlMethods[M]['params'];
export type Result<M extends ControlMethod> = ControlMethods[M]['result'];

/** VirtualBox's result codes, as far as a machine process answers with them. */
export type ErrorCode =
  | 'VBOX_E_OBJECT_NOT_FOUND'
  | 'VBOX_E_INVALID_VM_STATE'
  | 'VBOX_E_VM_ERROR'
  | 'VBOX_E_FILE_ERROR'
  | 'VBOX_E_HOST_ERROR'
  | 'VBOX_E_NOT_SUPPORTED'
  | 'VBOX_E_OBJECT_IN_USE'
  | 'E_INVALIDARG';

/** A request that makes no sense for this machine, with a result code and what to do. */
export class ControlError extends Error {
  override readonly name = 'ControlError';
  constructor(
    readonly code: ErrorCode,
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
