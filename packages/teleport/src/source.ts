/**
 * The side that a machine leaves: everything before the pause, the last pages, and the source's half of the hand-over (`handover/steps.ts`).
 */
import { randomBytes } from 'node:crypto';
import { type Clock, monotonicClock } from './clock.js';
import { type Copied, type Copy, copyMemory, sendPages, sendRuns } from './copy-memory.js';
import { TeleportError, teleportError, tried } from './errors.js';
import { next, SOURCE, type SourceAction, type SourceEvent, type SourceState } from './handover/steps.js';
import { type Limits, LIMITS } from './limits.js';
import { connect, type Peer } from './line/connect.js';
import type { Line } from './line/line.js';
import { PeerClock } from './line/peer-clock.js';
import { Answer, type AnswerName, ANSWER, ASK, CLOCK, DONE, EARLY_END, get, microseconds, nameOf, parseJson, PAUSED, put, Question, type QuestionName, STATE_SIZE, TOOK } from './line/messages.js';
import { SECTIONS } from './line/sections.js';
import { changedRuns, KnownPages } from './memory/known-pages.js';
import { runsSize } from './memory/pages.js';
import { asItIs, SqueezePolicy } from './memory/squeeze.js';
import { type DecisionRecord, type Log, type Movable, PAGE_SIZE, type PageRun, type Progress, type SourceAside, type SourceStorage } from './ports.js';
import type { Description } from './rules.js';
import { storageDifferences } from './storage/shared-images.js';

export interface TeleportOptions extends Peer {
  readonly machine: Movable;
  readonly storage: SourceStorage;
  readonly description: Description;
  readonly aside?: SourceAside;
  /** The downtime that is wanted, in milliseconds. Default 250. */
  readonly maxDowntime?: number;
  /** The longest that is borne when the guest is too busy for that. Default 8 times as much. */
  readonly longestDowntime?: number;
  readonly log?: Log;
  readonly progress?: (progress: Progress) => void;
  /** Ends the move while the target does not have the machine; too late, it is ignored. */
  readonly signal?: AbortSignal;
  readonly limits?: Partial<Limits>;
  readonly clock?: Clock;
}

/** Milliseconds that the guest stood still, and where they went, one after the other. */
export interface Downtime {
  readonly total: number;
  /** Until the guest stood still. */
  readonly pause: number;
  /** Its last pages: found, read, sent. */
  readonly pages: number;
  /** Its devices: saved, sent; and the disks flushed, where that took longer. */
  readonly devices: number;
  /** The target takes it all in and completes its engine. */
  readonly load: number;
  /** Disks let go here and taken there, the decision, the guest goes on. */
  readonly handOver: number;
}

/** Milliseconds of a move before the pause, one after the other. */
export interface Preparation {
  /** The line, and the proof of the password. */
  readonly connect: number;
  /** Until the target has accepted the description. */
  readonly agree: number;
  /** The early state, and the target that makes itself ready. */
  readonly prepare: number;
  /** The rounds. */
  readonly memory: number;
}

export interface Moved {
  readonly where: 'there';
  readonly downtime: Downtime;
  readonly before: Preparation;
  readonly milliseconds: number;
  readonly rounds: number;
  /** The guest was slowed to stand still for this share of its time. */
  readonly slowed: number;
  readonly bytes: number;
  /** False: the line was encrypted, but nobody proved who is at its other end. */
  readonly authenticated: boolean;
  /** Where a state was left because nobody said that the machine runs there, though it was decided. */
  readonly kept?: string;
}

export type TeleportOutcome =
  | Moved
  /** The machine runs on here. */
  | { readonly where: 'here'; readonly error: TeleportError }
  /** Nobody knows who may run it: the state is on disk. */
  | { readonly where: 'kept'; readonly kept: string; readonly error: TeleportError };

/** Moves a machine. Never rejects for what the peer, the line or a disk does. */
export const teleport = (options: TeleportOptions): Promise<TeleportOutcome> => new Source(options).run();

class Source {
  private readonly id = randomBytes(16);
  private readonly limits: Limits;
  private readonly clock: Clock;
  private readonly started: number;
  private readonly record: DecisionRecord | undefined;
  private line: Line | undefined;
  private error: TeleportError | undefined;
  private granted = false;
  private tries = 0;
  private kept: string | undefined;
  private copied: Copied | undefined;
  private readonly times = { connected: 0, agreed: 0, prepared: 0, paused: 0, still: 0, pagesSent: 0, offered: 0, ready: 0, runs: 0 };

  constructor(private readonly options: TeleportOptions) {
    this.limits = { ...LIMITS, ...options.limits };
    this.clock = options.clock ?? monotonicClock;
    this.started = this.clock.now();
    this.record = options.storage.record(this.id.toString('hex'));
  }

  private log(level: 'info' | 'warn' | 'error', text: string): void {
    this.options.log?.(level, `teleport: ${text}`);
  }

  private report(progress: Progress): void {
    this.options.progress?.(progress);
  }

  /** @throws TeleportError when somebody said stop */
  private readonly stop = (): void => {
    if (this.options.signal?.aborted) throw new TeleportError('cancelled', 'the move was cancelled');
  };

  async run(): Promise<TeleportOutcome> {
    const { machine, storage } = this.options;
    const cut = (): void => this.line?.destroy('the move was cancelled');
    this.options.signal?.addEventListener('abort', cut);
    let copy: Copy;
    try {
      copy = await this.beforePause();
    } catch (cause) {
      const error = await this.reason(cause);
      await this.sayAbort(error.message);
      await this.record?.tidy('source').catch(() => {});
      await machine.stay();
      this.log(error.failure === 'cancelled' ? 'info' : 'warn', `the machine stays here: ${error.message}`);
      return { where: 'here', error };
    } finally {
      this.options.signal?.removeEventListener('abort', cut);
      await storage.removeTokens().catch((cause: Error) => this.log('warn', `a token stays beside an image: ${cause.message}`));
    }
    return this.handOver(copy);
  }

  /** What the peer said last tells more than that its line broke. */
  private async reason(cause: unknown): Promise<TeleportError> {
    if (this.options.signal?.aborted) return new TeleportError('cancelled', 'the move was cancelled');
    const error = teleportError(cause, 'machine');
    const words = error.failure === 'line' && this.line?.broken ? await this.line.lastWords() : undefined;
    return words === undefined ? error : new TeleportError('refused', words);
  }

  /** Everything that is paid before the pause. */
  private async beforePause(): Promise<Copy> {
    const { machine, storage, description, aside, host, port } = this.options;
    this.stop();
    this.line = await connect(this.options, this.limits);
    this.line.silence = this.limits.silence;
    this.times.connected = this.clock.now();
    this.stop();
    this.report({ phase: 'connected' });
    if (this.options.password === '') this.log('warn', `no password: the line to ${host}:${port} is encrypted, but who is at its other end is not proved`);

    const { tokens, secrets } = await storage.putTokens();
    await this.line.send('describe', Buffer.from(JSON.stringify({ id: this.id.toString('hex'), description, tokens, ...(aside ? { aside: aside.says } : {}) })));
    const accepted = parseJson((await this.line.expect('accept')).contents) as { readonly found?: unknown; readonly aside?: unknown } | null;
    const found = typeof accepted === 'object' && accepted !== null && typeof accepted.found === 'object' && accepted.found !== null ? accepted.found : {};
    const faults = storageDifferences(secrets, found as Record<string, string>);
    if (faults.length > 0) throw new TeleportError('refused', faults.join('; '));
    await this.record?.prepare('source');
    aside?.hears(accepted?.aside);
    this.times.agreed = this.clock.now();

    this.report({ phase: 'preparing' });
    const policy = new SqueezePolicy();
    const early = await machine.earlyDeviceState();
    for (let at = 0; at < early.length; at += STATE_PART) await this.line.send('early-state', asItIs(early.subarray(at, at + STATE_PART)));
    await this.line.send('early-end', put(EARLY_END, { length: early.length }));
    const prepared = get(TOOK, (await this.line.expect('prepared')).contents).milliseconds;
    this.stop();
    if (this.line.version > 1) await this.compareClocks(this.line);
    this.times.prepared = this.clock.now();

    const copy = { machine, line: this.line, known: new KnownPages(machine.memoryBytes / PAGE_SIZE), policy, clock: this.clock };
    const maxDowntime = this.options.maxDowntime ?? 250;
    const longestDowntime = Math.max(maxDowntime, this.options.longestDowntime ?? 8 * maxDowntime);
    // The final state differs little from the early one, and costs less than it did.
    this.copied = await copyMemory(copy, { maxDowntime, longestDowntime }, Math.min(prepared / 2, maxDowntime / 2), (progress) => this.report(progress), this.stop);
    this.early = early;
    return copy;
  }

  private readonly peerClock = new PeerClock();

  private async compareClocks(line: Line): Promise<void> {
    const begin = this.clock.now();
    for (let times = 0; times < LOOKS && this.clock.now() - begin < LOOKING; times++) {
      const sent = this.clock.now();
      await line.send('clock');
      const told = get(CLOCK, (await line.expect('clock')).contents).microseconds;
      this.peerClock.measured(sent, this.clock.now(), Number(told) / 1000);
    }
  }

  private early: Uint8Array = new Uint8Array(0);

  /** The last pages, the state and the disks, with the guest standing still. */
  private async lastRound(copy: Copy): Promise<void> {
    const { machine, line, policy, clock } = copy;
    line.silence = this.limits.handOver;
    const behind = await machine.pause();
    this.times.still = clock.now();
    const at = BigInt(microseconds(this.peerClock.at(this.times.still), 'u64'));
    await (line.version === 1 ? line.send('paused') : line.send('paused', put(PAUSED, { at, behind: microseconds(behind, 'u32') })));
    const flushed = this.options.storage.flush();
    flushed.catch(() => {}); // awaited below
    const [changed, state] = await Promise.all([machine.changedPages(), machine.finalDeviceState()]);
    const pages = merge(this.copied!.left, changed);
    await sendPages(copy, pages);
    this.times.pagesSent = clock.now();
    await line.send('state-size', put(STATE_SIZE, { length: state.length }));
    // Most of it is as it was in the early one.
    for (const runs of inParts(changedRuns(padded(this.early), padded(state)))) await sendRuns(line, 'state', runs, policy, clock);
    await flushed;
    this.pausedPages = pages.length;
  }

  private pausedPages = 0;

  private async handOver(copy: Copy): Promise<TeleportOutcome> {
    this.report({ phase: 'handingOver', percent: 97, remaining: this.copied!.left.length * PAGE_SIZE });
    this.times.paused = this.clock.now();
    let state: SourceState = 'paused';
    let event: SourceEvent | undefined = await this.lastRound(copy).then(
      () => 'done' as const,
      (cause: unknown) => ((this.error = teleportError(cause, 'machine')), 'failed' as const),
    );
    while (event !== undefined) {
      const [following, action]: readonly [SourceState, SourceAction] = next(SOURCE, state, event);
      state = following;
      event = await this.perform(action);
    }
    this.line?.destroy();
    return this.outcome(state);
  }

  /** Does what a step asks for and says what came of it; nothing where it was the last. */
  private async perform(action: SourceAction): Promise<SourceEvent | undefined> {
    const { machine, storage } = this.options;
    switch (action) {
      case 'offer':
        this.times.offered = this.clock.now();
        return this.answered(async (line) => {
          await line.send('done', put(DONE, { pages: this.pausedPages }));
          get(TOOK, (await line.expect('ready')).contents);
          this.times.ready = this.clock.now();
          return 'ready';
        });
      case 'unlock':
        return this.tried(() => storage.unlock());
      case 'grant':
        this.granted = true;
        return this.answered(async (line) => {
          await line.send('go');
          await line.expect('runs');
          this.times.runs = this.clock.now();
          return 'runs';
        });
      case 'decide':
        return this.decide();
      case 'lock':
        return this.tried(() => storage.lock());
      case 'keep':
        return this.keep();
      case 'ask':
        return this.doesItRun();
      case 'resume':
        await this.dropKept();
        await machine.resume();
        await this.sayAbort(this.error?.message ?? 'the machine runs on at the source');
        await this.record?.tidy('source').catch(() => {});
        return undefined;
      case 'farewell':
        this.times.runs ||= this.clock.now();
        await this.dropKept();
        await this.sayFarewell();
        await this.record?.tidy('source').catch(() => {});
        await this.record?.forget().catch((cause: Error) => this.log('warn', `a decision stays beside an image: ${cause.message}`));
        return undefined;
      case 'stop':
        return undefined;
    }
  }

  private async answered(exchange: (line: Line) => Promise<SourceEvent>): Promise<SourceEvent> {
    try {
      return await exchange(this.line!);
    } catch (cause) {
      const error = teleportError(cause, 'line');
      this.error = error;
      this.log('warn', error.message);
      if (error.failure === 'refused') return 'refused';
      this.line!.destroy();
      return 'lost';
    }
  }

  private tried(action: () => Promise<void>): Promise<'done' | 'failed'> {
    return tried(action, (error) => this.log('error', (this.error = error).message));
  }

  private async decide(): Promise<SourceEvent> {
    try {
      if (this.record) return await this.record.decide('source');
      // No image is shared: before `go` the target cannot run, after it the target has the say.
      if (!this.granted) return 'source';
      return await this.ask('takeBack');
    } catch (cause) {
      this.log('warn', `who may run the machine cannot be known yet: ${(cause as Error).message}`);
      return 'unknown';
    }
  }

  private async doesItRun(): Promise<SourceEvent> {
    try {
      const answer = await this.ask('doesItRun');
      return answer === 'target' ? 'runs' : answer === 'source' ? 'refused' : 'unknown';
    } catch (cause) {
      this.log('warn', `whether the machine runs at the target cannot be known yet: ${(cause as Error).message}`);
      return 'unknown';
    }
  }

  /** Asks on a line of its own. */
  private async ask(question: QuestionName): Promise<AnswerName> {
    const line = await connect(this.options, this.limits);
    try {
      line.silence = this.limits.handOver;
      await line.send('ask', put(ASK, { id: this.id, question: Question[question] }));
      const { answer } = get(ANSWER, (await line.expect('answer')).contents);
      return nameOf(Answer, answer) ?? 'unknown';
    } finally {
      line.destroy();
    }
  }

  /** Waits, and from some try on keeps the state on disk. */
  private async keep(): Promise<'again' | 'enough'> {
    this.tries++;
    if (this.tries > this.limits.triesBeforeKeeping && this.kept === undefined) {
      try {
        this.kept = await this.options.machine.keep();
        this.log('warn', `the machine's state is kept in ${this.kept} until it is known who runs it`);
      } catch (cause) {
        this.log('error', `the machine's state cannot be kept on disk, so it is kept in memory: ${(cause as Error).message}`);
      }
    }
    if (this.kept !== undefined && this.tries >= this.limits.tries) return 'enough';
    await this.clock.wait(Math.min(this.limits.retry, 20 * 2 ** Math.min(this.tries, 10)));
    return 'again';
  }

  private async dropKept(): Promise<void> {
    if (this.kept === undefined) return;
    await this.options.machine.dropKept();
    this.kept = undefined;
  }

  private async sayAbort(reason: string): Promise<void> {
    if (this.line && !this.line.broken) {
      await this.line.send('abort', Buffer.from(reason).subarray(0, SECTIONS.abort)).catch(() => {});
      await this.line.end();
    } else if (this.times.offered > 0) {
      // Who has nothing left of the machine will not read the decision either.
      const answer = await this.ask('isBack').catch(() => 'unknown' as const);
      if (answer === 'source') await this.record?.forget().catch(() => {});
    }
    this.line?.destroy();
  }

  private async sayFarewell(): Promise<void> {
    if (this.line && !this.line.broken) {
      await this.line.send('bye').catch(() => {});
      await this.line.end();
    } else {
      await this.ask('farewell').catch(() => {});
    }
  }

  private outcome(state: SourceState): TeleportOutcome {
    const error = this.error ?? new TeleportError('line', 'the target did not answer');
    if (state === 'here') {
      this.log('warn', `the machine runs on here: ${error.message}`);
      return { where: 'here', error };
    }
    if (state === 'kept') {
      this.log('error', `nobody knows who may run the machine: its state is in ${this.kept}`);
      return { where: 'kept', kept: this.kept!, error };
    }
    const { connected, agreed, prepared, paused, still, pagesSent, offered, ready, runs } = this.times;
    const end = runs || this.clock.now();
    this.report({ phase: 'running', percent: 100, remaining: 0 });
    this.log('info', `the machine runs at ${this.options.host}:${this.options.port}`);
    return {
      where: 'there',
      downtime: {
        total: end - paused,
        pause: still - paused,
        pages: pagesSent - still,
        devices: offered - pagesSent,
        load: (ready || end) - offered,
        handOver: ready ? end - ready : 0,
      },
      before: { connect: connected - this.started, agree: agreed - connected, prepare: prepared - agreed, memory: paused - prepared },
      milliseconds: end - this.started,
      rounds: this.copied!.rounds,
      slowed: this.copied!.slowed,
      bytes: this.line?.sent ?? 0,
      authenticated: this.options.password !== '',
      ...(this.kept === undefined ? {} : { kept: this.kept }),
    };
  }
}

/** At the target's clock: so often, or for so many milliseconds. */
const LOOKS = 16;
const LOOKING = 250;

/** Of a device state, in one section. */
const STATE_PART = 512 * 1024;

/** Runs as sections hold them. */
function* inParts(runs: readonly PageRun[]): Generator<PageRun[]> {
  let part: PageRun[] = [];
  for (const run of runs) {
    for (let at = 0; run.kind === 'data' && at < run.data.length; at += STATE_PART) {
      const data = run.data.subarray(at, at + STATE_PART);
      if (runsSize(part) + data.length > STATE_PART) {
        yield part;
        part = [];
      }
      part.push({ kind: 'data', first: run.first + at / PAGE_SIZE, data });
    }
  }
  if (part.length > 0) yield part;
}

/** To whole pages. */
function padded(bytes: Uint8Array): Uint8Array {
  if (bytes.length % PAGE_SIZE === 0) return bytes;
  const whole = new Uint8Array(Math.ceil(bytes.length / PAGE_SIZE) * PAGE_SIZE);
  whole.set(bytes);
  return whole;
}

/** Both, ascending, each once. */
const merge = (a: Uint32Array, b: Uint32Array): Uint32Array => Uint32Array.from(new Set([...a, ...b])).sort();
