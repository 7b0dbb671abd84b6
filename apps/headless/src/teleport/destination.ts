/** The machine that is to run in this process, as something that another one moves into. */
import { rm } from 'node:fs/promises';
import type { Arrival, Engine, HardwareSettings, Machine, StartOptions } from '@belvedere/emulator';
import type { Destination, PageRun } from '@belvedere/teleport';
import { devicesFromBytes } from './devices.js';

export interface DestinationParts {
  readonly engine: Engine;
  readonly options: StartOptions;
  /** The hardware, with disks that may be looked at. */
  settings(): Promise<HardwareSettings>;
  readonly keptFile: string;
  writeState(machine: Machine, file: string): Promise<void>;
}

export class ArrivingMachine implements Destination {
  /** Complete from `finish` on. */
  machine: Machine | undefined;
  private arrival: Arrival<Machine> | undefined;

  constructor(private readonly parts: DestinationParts) {}

  async prepare(memoryBytes: number, early: Uint8Array): Promise<void> {
    const settings = await this.parts.settings();
    if (memoryBytes !== settings.memoryMiB * 1024 * 1024) throw new Error(`memory of ${memoryBytes} bytes does not fit a machine of ${settings.memoryMiB} MiB`);
    devicesFromBytes(early); // what cannot be read at the end is refused at the beginning
    this.arrival = await this.parts.engine.arrive(settings, this.parts.options);
  }

  write(runs: readonly PageRun[]): Promise<void> {
    return this.arrival!.write(runs);
  }

  async finish(final: Uint8Array): Promise<void> {
    this.machine = await this.arrival!.complete(devicesFromBytes(final));
  }

  resume(): Promise<void> {
    return this.machine!.resume();
  }

  async discard(): Promise<void> {
    await this.arrival?.discard();
    this.arrival = this.machine = undefined;
  }

  async keep(): Promise<string> {
    await this.parts.writeState(this.machine!, this.parts.keptFile);
    return this.parts.keptFile;
  }

  dropKept(): Promise<void> {
    return rm(this.parts.keptFile, { force: true });
  }
}
