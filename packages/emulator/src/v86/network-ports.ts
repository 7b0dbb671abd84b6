/**
 * The cables between a machine's cards and what they lead to, in the main thread. A link is paused while more than `UNDER_WAY` bytes have not
 * reached the guest, so that neither a guest that reads slowly nor one that stands still fills the host's memory.
 */
import { SettingsError, type Network, type NetworkAdapterSettings } from '../engine.js';
import type { Unsubscribe } from '../ports.js';
import type { ToWorker } from './protocol.js';

/** Bytes of frames on their way to one card: above the first the link is paused, below the second it goes on. The card tells of 64 KiB at a time. */
const UNDER_WAY = 256 * 1024;
const GO_ON = 128 * 1024;
/** A link that is paused and sends on loses what goes beyond this. */
const MOST = 1024 * 1024;

class Port {
  #gathered: Uint8Array[] = [];
  #underWay = 0;
  #paused = false;
  readonly #stop: Unsubscribe | undefined;

  constructor(
    readonly settings: NetworkAdapterSettings,
    private readonly send: (message: ToWorker) => void,
    private connected: boolean,
  ) {
    this.#stop = settings.link?.onFrame((frame) => this.#toGuest(frame));
  }

  fromGuest(frames: readonly Uint8Array[]): void {
    if (this.connected) for (const frame of frames) this.settings.link?.send(frame);
  }

  taken(bytes: number): void {
    this.#underWay -= bytes;
    if (!this.#paused || this.#underWay > GO_ON) return;
    this.#paused = false;
    this.settings.link?.resume();
  }

  setCable(connected: boolean): void {
    this.connected = connected;
    this.send({ type: 'cable', slot: this.settings.slot, connected });
  }

  close(): void {
    this.#stop?.();
  }

  /** Frames that come together are sent together. */
  #toGuest(frame: Uint8Array): void {
    if (!this.connected || this.#underWay + frame.length > MOST) return;
    this.#underWay += frame.length;
    // In a buffer of its own: what a frame is a view of would be copied whole.
    if (this.#gathered.push(Uint8Array.from(frame)) === 1) queueMicrotask(() => this.#flush());
    if (this.#paused || this.#underWay < UNDER_WAY) return;
    this.#paused = true;
    this.settings.link?.pause();
  }

  #flush(): void {
    const frames = this.#gathered;
    this.#gathered = [];
    this.send({ type: 'frames', slot: this.settings.slot, frames });
  }
}

export class NetworkPorts implements Network {
  readonly #ports: ReadonlyMap<number, Port>;

  constructor(adapters: readonly NetworkAdapterSettings[], send: (message: ToWorker) => void) {
    this.#ports = new Map(adapters.map((settings) => [settings.slot, new Port(settings, send, settings.cableConnected)]));
  }

  setCable(slot: number, connected: boolean): void {
    const port = this.#ports.get(slot);
    if (!port) throw new SettingsError(`there is no network adapter in slot ${slot}: this machine has ${[...this.#ports.keys()].join(', ') || 'none'}`);
    port.setCable(connected);
  }

  /** Frames that the guest sent by `slot`, and how many bytes of those for it are under way no more. */
  fromGuest(slot: number, frames: readonly Uint8Array[], taken: number): void {
    const port = this.#ports.get(slot)!;
    port.fromGuest(frames);
    port.taken(taken);
  }

  /** No frame goes either way any more. */
  close(): void {
    for (const port of this.#ports.values()) port.close();
  }
}
