/** A fake machine and a waiting fake target, over real TLS on loopback. For tests. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Limits } from '../limits.js';
import type { Description } from '../rules.js';
import { teleport, type TeleportOptions, type TeleportOutcome } from '../source.js';
import { SharedImages } from '../storage/shared-images.js';
import { awaitMachine, type Waiting, type WaitOptions } from '../waiting.js';
import { describe, FakeDestination, FakeDisks, FakeMachine, type GuestOptions, Stage, type Step, storage } from './fake-machine.js';

/** So short that a test of faults is over soon, and long enough for a busy host. */
export const QUICK: Partial<Limits> = { retry: 20, triesBeforeKeeping: 3, tries: 8, wrongPassword: 5, longestWrongPassword: 10, linger: 3000 };

export interface PairOptions extends Partial<GuestOptions> {
  readonly password?: string;
  readonly targetPassword?: string;
  readonly targetDescription?: Partial<Description>;
  readonly fails?: Step;
  readonly limits?: Partial<Limits>;
  readonly aside?: WaitOptions['aside'];
  /** No image at all: nothing is shared. */
  readonly diskless?: boolean;
}

export class Pair {
  private constructor(
    readonly stage: Stage,
    readonly logs: string[],
    private readonly phases: Phases,
    readonly folder: string,
    readonly machine: FakeMachine,
    readonly destination: FakeDestination,
    readonly waiting: Waiting,
    private readonly sourceOptions: TeleportOptions,
  ) {}

  static async of(options: PairOptions = {}): Promise<Pair> {
    const folder = await mkdtemp(join(tmpdir(), 'teleport-'));
    const image = join(folder, 'disk.vdi');
    await writeFile(image, 'an image');
    const pages = options.pages ?? 64;
    const stage = new Stage();
    const logs: string[] = [];
    const phases = new Phases();
    const log: WaitOptions['log'] = (level, text) => logs.push(`${level} ${text}`);
    const machine = new FakeMachine(stage, { pages, ...options });
    const destination = new FakeDestination(stage, options.fails);
    const images = options.diskless ? [] : [{ slot: 'ide0-0', path: image }];
    const password = options.password ?? 'secret';
    const limits = { ...QUICK, ...options.limits };
    const waiting = await awaitMachine({
      address: '127.0.0.1', port: 0, progress: ({ phase }) => phases.next(phase), password: options.targetPassword ?? password, destination, limits, log,
      storage: storage(new FakeDisks(stage, 'target'), await SharedImages.of(images)),
      description: describe(pages, options.targetDescription),
      ...(options.aside ? { aside: options.aside } : {}),
    });
    const sourceOptions: TeleportOptions = {
      host: '127.0.0.1', port: waiting.port, password, machine, limits, log,
      storage: storage(new FakeDisks(stage, 'source'), await SharedImages.of(images)),
      description: describe(pages),
    };
    return new Pair(stage, logs, phases, folder, machine, destination, waiting, sourceOptions);
  }

  teleport(change: Partial<TeleportOptions> = {}): Promise<TeleportOutcome> {
    return teleport({ ...this.sourceOptions, ...change });
  }

  /** The target waits for a source, with nothing left of an earlier one. */
  targetWaits(): Promise<void> {
    return this.phases.reaches('waiting');
  }

  async close(): Promise<void> {
    if (!this.waiting.cancel()) this.waiting.close();
    await this.waiting.closed;
    await rm(this.folder, { recursive: true });
  }
}

/** The phase that a side is in, and who waits for one. */
class Phases {
  private now = '';
  private waiting: { readonly phase: string; readonly done: () => void }[] = [];

  next(phase: string): void {
    this.now = phase;
    this.waiting = this.waiting.filter((one) => one.phase !== phase || (one.done(), false));
  }

  reaches(phase: string): Promise<void> {
    return this.now === phase ? Promise.resolve() : new Promise((done) => this.waiting.push({ phase, done }));
  }
}
