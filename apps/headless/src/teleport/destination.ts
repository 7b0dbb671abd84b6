/** The machine that is to run in this process, as something that another one moves into. */
import { rm } from 'node:fs/promises';
import type { Arrival, Engine, HardwareSettings, Machine, StartOptions } from '@belvedere/emulator';
import { type Destination, PAGE_SIZE, type PageRun } from '@belvedere/teleport';
import { devicesFromBytes } from './devices.js';

export interface DestinationParts {
  readonly engine: Engine;
  readonly options: StartOptions;
  /** The hardware, with disks that may be looked at. */
  settings(): Promise<HardwareSettings>;
  /** Called with the machine that is complete, and stands still. */
  complete(machine: Machine): void;
  readonly keptFile: string;
  writeState(machine: Machine, file: string): Promise<void>;
}

export class ArrivingMachine implements Destination {
  /** Complete from `finish` on. */
  machine: Machine | undefined;
  private arrival: Arrival<Machine> | undefined;
  /** What `arrival` was built of. */
  private built: HardwareSettings | undefined;
  private standing: Promise<void> = Promise.resolve();

  constructor(private readonly parts: DestinationParts) {}

  /** Builds the engine before anybody has come: a source need not wait for that. */
  standBy(): void {
    const build = async (): Promise<void> => this.build(await this.parts.settings());
    this.standing = build().catch((cause: Error) => this.parts.options.log?.('warn', `the engine is built when a machine comes: ${cause.message}`));
  }

  async prepare(memoryBytes: number, early: Uint8Array): Promise<void> {
    await this.standing;
    const settings = await this.parts.settings();
    const pages = this.parts.engine.movingPages(settings);
    if (memoryBytes !== pages * PAGE_SIZE) throw new Error(`memory of ${memoryBytes} bytes does not fit a machine of ${pages * PAGE_SIZE}`);
    const devices = devicesFromBytes(early);
    // A disk that is another one now is another device.
    if (!this.built || !sameDevices(this.built, settings)) await this.build(settings);
    await this.arrival!.prepare(devices);
  }

  private async build(settings: HardwareSettings): Promise<void> {
    await this.arrival?.discard();
    this.built = undefined;
    this.arrival = await this.parts.engine.arrive(settings, this.parts.options);
    this.built = settings;
  }

  write(runs: readonly PageRun[]): Promise<void> {
    return this.arrival!.write(runs);
  }

  async finish(final: Uint8Array): Promise<void> {
    this.machine = await this.arrival!.complete(devicesFromBytes(final));
    this.parts.complete(this.machine);
  }

  resume(behind: number): Promise<void> {
    return this.machine!.resume(behind);
  }

  async discard(): Promise<void> {
    await this.standing;
    await this.arrival?.discard();
    this.arrival = this.machine = this.built = undefined;
  }

  async keep(): Promise<string> {
    await this.parts.writeState(this.machine!, this.parts.keptFile);
    return this.parts.keptFile;
  }

  dropKept(): Promise<void> {
    return rm(this.parts.keptFile, { force: true });
  }
}

const sameDevices = ({ drives: before }: HardwareSettings, { drives: now }: HardwareSettings): boolean => before.length === now.length && before.every(({ device }, index) => device === now[index]!.device);
