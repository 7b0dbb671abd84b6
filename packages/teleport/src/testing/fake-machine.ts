/**
 * A machine and a destination without an engine: memory is an array, the guest a function that writes to it. For tests.
 *
 * `Stage` watches all of them: whose guest runs, how often the state that was handed over came to life, what lies on disk.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { applyRuns } from '../memory/pages.js';
import { type Destination, type Movable, PAGE_SIZE, type PageRun, type SourceStorage, type TargetStorage } from '../ports.js';
import type { Description } from '../rules.js';

/** What both sides' fakes write down. */
export class Stage {
  readonly running = new Set<'source' | 'target'>();
  readonly kept = new Set<'source' | 'target'>();
  holder: 'source' | 'target' | undefined = 'source';
  problems: string[] = [];
  /** Memory and state at the instant of the pause. */
  atPause: { memory: Uint8Array; state: Uint8Array } | undefined;

  starts(side: 'source' | 'target'): void {
    this.running.add(side);
    if (this.running.size > 1) this.problems.push('two run');
    if (this.holder !== side) this.problems.push(`${side} runs without its disks`);
  }
}

export interface GuestOptions {
  readonly pages: number;
  /** Written to memory before each look at changed pages; gets the share of time that it runs. */
  readonly guest?: (memory: Uint8Array, speed: number) => unknown;
  readonly state?: () => Uint8Array;
  /** Milliseconds that the guest's clocks are behind in a pause. */
  readonly behind?: number;
  readonly keepFails?: boolean;
}

export class FakeMachine implements Movable {
  readonly memory: Uint8Array;
  speed = 1;
  private readonly shadow: Uint8Array;

  constructor(
    readonly stage: Stage,
    private readonly options: GuestOptions,
  ) {
    this.memory = new Uint8Array(options.pages * PAGE_SIZE);
    this.shadow = new Uint8Array(this.memory.length);
    stage.starts('source');
  }

  get memoryBytes(): number {
    return this.memory.length;
  }

  private get runs(): boolean {
    return this.stage.running.has('source');
  }

  async changedPages(): Promise<Uint32Array> {
    if (this.runs) await this.options.guest?.(this.memory, this.speed);
    const changed: number[] = [];
    for (let page = 0; page < this.options.pages; page++) {
      const [now, before] = [this.memory, this.shadow].map((memory) => memory.subarray(page * PAGE_SIZE, (page + 1) * PAGE_SIZE));
      if (Buffer.compare(now, before) !== 0) {
        changed.push(page);
        before.set(now);
      }
    }
    return Uint32Array.from(changed);
  }

  readPages(pages: Uint32Array): Promise<Uint8Array> {
    const bytes = new Uint8Array(pages.length * PAGE_SIZE);
    pages.forEach((page, index) => bytes.set(this.memory.subarray(page * PAGE_SIZE, (page + 1) * PAGE_SIZE), index * PAGE_SIZE));
    return Promise.resolve(bytes);
  }

  private state(): Uint8Array {
    return this.options.state?.() ?? new Uint8Array(10_000).fill(7);
  }

  earlyDeviceState(): Promise<Uint8Array> {
    return Promise.resolve(this.state());
  }

  async pause(): Promise<number> {
    if (this.runs) await this.options.guest?.(this.memory, this.speed);
    this.stage.running.delete('source');
    return this.options.behind ?? 0;
  }

  finalDeviceState(): Promise<Uint8Array> {
    if (this.runs) this.stage.problems.push('the final state is taken while the guest runs');
    const state = this.state();
    this.stage.atPause = { memory: this.memory.slice(), state: state.slice() };
    return Promise.resolve(state);
  }

  resume(): Promise<void> {
    this.speed = 1;
    this.shadow.fill(0);
    this.stage.starts('source');
    return Promise.resolve();
  }

  stay(): Promise<void> {
    this.speed = 1;
    this.shadow.fill(0);
    return Promise.resolve();
  }

  slowDown(share: number): Promise<void> {
    this.speed = 1 - share;
    return Promise.resolve();
  }

  keep(): Promise<string> {
    if (this.options.keepFails) return Promise.reject(new Error('no space left on device'));
    this.stage.kept.add('source');
    return Promise.resolve('/kept/source');
  }

  dropKept(): Promise<void> {
    this.stage.kept.delete('source');
    return Promise.resolve();
  }
}

/** Steps of a destination that can be made to fail. */
export type Step = 'prepare' | 'write' | 'finish' | 'resume';

export class FakeDestination implements Destination {
  memory = new Uint8Array(0);
  final = new Uint8Array(0);
  /** Milliseconds that the guest's clocks make up for. */
  behind = -1;
  discarded = 0;

  constructor(
    readonly stage: Stage,
    private readonly fails?: Step,
  ) {}

  private async step(step: Step): Promise<void> {
    await sleep(0);
    if (this.fails === step) throw new Error(`${step}: out of memory`);
  }

  async prepare(memoryBytes: number): Promise<void> {
    await this.step('prepare');
    this.memory = new Uint8Array(memoryBytes);
  }

  async write(runs: readonly PageRun[]): Promise<void> {
    if (this.fails === 'write') await this.step('write');
    applyRuns(this.memory, runs);
  }

  async finish(final: Uint8Array): Promise<void> {
    await this.step('finish');
    this.final = Uint8Array.from(final);
  }

  async resume(behind: number): Promise<void> {
    await this.step('resume');
    this.behind = behind;
    this.stage.starts('target');
  }

  discard(): Promise<void> {
    if (this.stage.running.has('target')) this.stage.problems.push('a running machine is thrown away');
    this.discarded++;
    this.memory = new Uint8Array(0);
    return Promise.resolve();
  }

  keep(): Promise<string> {
    this.stage.kept.add('target');
    return Promise.resolve('/kept/target');
  }

  dropKept(): Promise<void> {
    this.stage.kept.delete('target');
    return Promise.resolve();
  }
}

/** Disks without bytes: who holds them. */
export class FakeDisks {
  constructor(
    private readonly stage: Stage,
    private readonly side: 'source' | 'target',
  ) {}

  flush(): Promise<void> {
    return this.stage.holder === this.side ? Promise.resolve() : Promise.reject(new Error('flush without the lock'));
  }

  lock(): Promise<void> {
    if (this.stage.holder !== undefined && this.stage.holder !== this.side) return Promise.reject(new Error(`the image is in use by the ${this.stage.holder}`));
    this.stage.holder = this.side;
    return Promise.resolve();
  }

  unlock(): Promise<void> {
    if (this.stage.holder === this.side) this.stage.holder = undefined;
    return Promise.resolve();
  }
}

type Beside = Pick<SourceStorage & TargetStorage, 'putTokens' | 'removeTokens' | 'readTokens' | 'record'>;

/** Disks, and tokens and records beside real images. */
export function storage(disks: FakeDisks, beside: Beside): SourceStorage & TargetStorage {
  return {
    flush: () => disks.flush(),
    lock: () => disks.lock(),
    unlock: () => disks.unlock(),
    putTokens: () => beside.putTokens(),
    removeTokens: () => beside.removeTokens(),
    readTokens: (tokens) => beside.readTokens(tokens),
    record: (id) => beside.record(id),
  };
}

export const describe = (pages: number, change: Partial<Description> = {}): Description => ({
  engine: { name: 'fake', version: '1' },
  firmware: { bios: '00' },
  hardware: { cpus: 1, drives: [{ slot: 'ide0-0', kind: 'hdd' }] },
  features: ['fpu', 'sse2'],
  snapshots: 0,
  memoryBytes: pages * PAGE_SIZE,
  ...change,
});
