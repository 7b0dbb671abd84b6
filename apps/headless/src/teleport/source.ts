/** The machine of this process as something that can be moved. */
import { rm } from 'node:fs/promises';
import type { Departure, Machine } from '@belvedere/emulator';
import type { Movable } from '@belvedere/teleport';
import { devicesToBytes } from './devices.js';

export interface SourceParts {
  readonly machine: Machine;
  /** What moves as pages. */
  readonly memoryBytes: number;
  /** Called just before the guest stands still. */
  readonly beforePause?: () => void;
  /** Writes the state of the machine, which stands still, to this file. */
  readonly keptFile: string;
  writeState(file: string): Promise<void>;
}

export class MovingMachine implements Movable {
  readonly memoryBytes: number;
  private readonly departure: Departure;

  constructor(private readonly parts: SourceParts) {
    this.memoryBytes = parts.memoryBytes;
    this.departure = parts.machine.depart();
  }

  changedPages(): Promise<Uint32Array> {
    return this.departure.changedPages();
  }

  readPages(pages: Uint32Array): Promise<Uint8Array> {
    return this.departure.readPages(pages);
  }

  async earlyDeviceState(): Promise<Uint8Array> {
    return devicesToBytes(await this.departure.devices());
  }

  async finalDeviceState(): Promise<Uint8Array> {
    return devicesToBytes(await this.departure.devices());
  }

  async pause(): Promise<number> {
    this.parts.beforePause?.();
    await this.parts.machine.pause();
    return this.departure.behind();
  }

  async resume(): Promise<void> {
    await this.departure.end();
    await this.parts.machine.resume(await this.departure.behind());
  }

  slowDown(share: number): Promise<void> {
    return this.departure.slowDown(share);
  }

  stay(): Promise<void> {
    return this.departure.end();
  }

  async keep(): Promise<string> {
    await this.parts.writeState(this.parts.keptFile);
    return this.parts.keptFile;
  }

  dropKept(): Promise<void> {
    return rm(this.parts.keptFile, { force: true });
  }
}
