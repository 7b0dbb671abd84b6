/**
 * One move at the target: from the source's description to a machine that runs here, or to nothing left of it. The target's half of the
 * hand-over is `handover/steps.ts`. The door in front of it is `waiting.ts`.
 */
import type { Clock } from './clock.js';
import { TeleportError, teleportError, tried } from './errors.js';
import { next, TARGET, type TargetAction, type TargetEvent, type TargetState } from './handover/steps.js';
import type { Limits } from './limits.js';
import type { Line } from './line/line.js';
import { type AnswerName, CLOCK, DONE, EARLY_END, get, microseconds, milliseconds, parseJson, PAUSED, put, type QuestionName, ROUND, STATE_SIZE, TOOK } from './line/messages.js';
import { type Frame, SECTIONS } from './line/sections.js';
import { applyRuns, decodeRuns } from './memory/pages.js';
import { unfold } from './memory/squeeze.js';
import { type DecisionRecord, type Destination, type ImageToken, type Log, PAGE_SIZE, type Progress, type TargetAside, type TargetStorage } from './ports.js';
import { checkDescription, type Description, differences } from './rules.js';

export interface TargetOptions {
  readonly destination: Destination;
  readonly storage: TargetStorage;
  readonly description: Description;
  readonly aside?: TargetAside;
  readonly log?: Log;
  readonly progress?: (progress: Progress) => void;
}

export type MoveOutcome =
  | { readonly where: 'here'; readonly stoodStill: number }
  /** Nothing is left here. */
  | { readonly where: 'empty'; readonly error: TeleportError }
  | { readonly where: 'kept'; readonly kept: string; readonly error: TeleportError };

interface Request {
  readonly id: string;
  readonly description: Description;
  readonly tokens: readonly ImageToken[];
  readonly aside: unknown;
}

export interface Tidings {
  /** The machine runs here; the source is told next. */
  runs(stoodStill: number): void;
  /** The source knows, and will not ask. */
  sourceKnows(): void;
}

export class Move {
  /** 32 hexadecimal digits; empty until the source has said it. */
  id = '';
  private state: TargetState | 'receiving' = 'receiving';
  private record: DecisionRecord | undefined;
  private error: TeleportError | undefined;
  private kept: string | undefined;
  private tries = 0;
  /** When it was that the guest's clocks show, by this side's. */
  private clocksShow = 0;
  /** When it stood still, as far as is known here. */
  private pausedAt = 0;
  private stoodStill = 0;
  private loadTime = 0;
  private prepared = false;
  private early = new Uint8Array(0);
  /** Set while an event is awaited that may also come from elsewhere; the first one counts. */
  private accept: ((event: TargetEvent) => boolean) | undefined;

  constructor(
    private readonly line: Line,
    private readonly options: TargetOptions,
    private readonly limits: Limits,
    private readonly clock: Clock,
    private readonly tell: Tidings,
  ) {}

  private log(level: 'info' | 'warn' | 'error', text: string): void {
    this.options.log?.(level, `teleport: ${text}`);
  }

  private report(progress: Progress): void {
    this.options.progress?.(progress);
  }

  /** Ends the move if the machine may not run here yet. @returns whether it does */
  cancel(): boolean {
    if (this.state === 'receiving') {
      this.error ??= new TeleportError('cancelled', 'the target was cancelled');
      void this.line.send('refuse', Buffer.from(this.error.message)).catch(() => {});
      void this.line.end();
      return true;
    }
    this.error ??= new TeleportError('cancelled', 'the target was cancelled');
    return this.accept?.('cancelled') ?? false;
  }

  /** Answers a source that lost its line. */
  answer(question: QuestionName): AnswerName {
    if (this.state === 'running') return 'target';
    if (this.state === 'empty' || this.state === 'returned') {
      if (question === 'isBack') this.accept?.('back');
      return 'source';
    }
    if ((question === 'takeBack' || question === 'isBack') && this.accept?.('back')) return 'source';
    return 'unknown';
  }

  /** @param first the `describe` section */
  async run(first: Frame): Promise<MoveOutcome> {
    try {
      await this.receive(first);
    } catch (cause) {
      this.error ??= teleportError(cause, 'line');
      this.log('warn', `nothing was taken over: ${this.error.message}`);
      if (!this.line.broken) await this.line.send('refuse', Buffer.from(this.error.message).subarray(0, SECTIONS.refuse)).catch(() => {});
      await this.line.end();
      if (this.prepared) await this.options.destination.discard();
      await this.record?.tidy('target').catch(() => {});
      return { where: 'empty', error: this.error };
    }
    return this.handOver();
  }

  // ── before the hand-over ──

  private async receive(first: Frame): Promise<void> {
    const { id, description, tokens, aside } = this.parseRequest(first);
    this.id = id;
    const found = differences(description, this.options.description);
    if (description.memoryBytes > this.limits.memory) found.push(`memory of ${description.memoryBytes} bytes: at most ${this.limits.memory} can be taken`);
    if (found.length > 0) throw new TeleportError('refused', found.join('; '));
    const { storage } = this.options;
    await this.line.send('accept', Buffer.from(JSON.stringify({ found: await storage.readTokens(tokens), ...this.answerAside(aside) })));
    // Both sides have the record, or neither: the hand-over's rules differ.
    this.record = tokens.length > 0 ? storage.record(id) : undefined;
    this.report({ phase: 'preparing' });
    await this.receiveEarlyState(description.memoryBytes);
    await this.record?.prepare('target');
    await this.receiveMemory(description.memoryBytes / PAGE_SIZE);
  }

  private parseRequest({ contents }: Frame): Request {
    try {
      const { id, description, tokens, aside } = parseJson(contents) as Record<string, unknown>;
      if (typeof id !== 'string' || !/^[0-9a-f]{32}$/.test(id)) throw new Error('no id');
      if (!Array.isArray(tokens) || tokens.length > 64 || !tokens.every(isToken)) throw new Error('no tokens');
      return { id, description: checkDescription(description), tokens, aside };
    } catch (cause) {
      throw new TeleportError('line', `the source's description makes no sense: ${(cause as Error).message}`, { cause });
    }
  }

  private answerAside(said: unknown): { readonly aside?: object } {
    if (said === undefined) return {};
    const aside = this.options.aside?.(said);
    return aside && JSON.stringify(aside).length <= LONGEST_ASIDE ? { aside } : {};
  }

  private async receiveEarlyState(memoryBytes: number): Promise<void> {
    const parts: Uint8Array[] = [];
    let length = 0;
    for (;;) {
      const { name, contents } = await this.line.expect('early-state', 'early-end');
      if (name === 'early-end') {
        if (get(EARLY_END, contents).length !== length) throw new TeleportError('line', 'the early state is not complete');
        break;
      }
      const part = await unfold(contents, Math.min(SECTIONS['early-state'], this.limits.state - length));
      parts.push(part);
      length += part.length;
      if (length > this.limits.state) throw new TeleportError('line', `a device state of more than ${this.limits.state} bytes`);
    }
    this.early = Buffer.concat(parts, length);
    const start = this.clock.now();
    this.prepared = true;
    await this.options.destination.prepare(memoryBytes, this.early);
    await this.line.send('prepared', put(TOOK, { milliseconds: milliseconds(this.clock.now() - start) }));
  }

  private async receiveMemory(pages: number): Promise<void> {
    for (;;) {
      const { name, contents } = await this.line.expect('memory', 'round', 'clock', 'paused');
      if (name === 'memory') {
        await this.take(contents, pages);
      } else if (name === 'round') {
        const { round, left } = get(ROUND, contents);
        this.report({ phase: 'memory', round, percent: 95, remaining: left * PAGE_SIZE });
        await this.writing;
        await this.line.send('round-end');
      } else if (name === 'clock') {
        await this.line.send('clock', put(CLOCK, { microseconds: BigInt(microseconds(this.clock.now(), 'u64')) }));
      } else {
        this.pausedAt = this.clock.now();
        this.clocksShow = this.shownBy(contents);
        this.report({ phase: 'handingOver', percent: 97 });
        return this.receiveRest(pages);
      }
    }
  }

  /** Version 1 does not tell: as long ago as is known here. */
  private shownBy(paused: Uint8Array): number {
    if (this.line.version === 1) return this.pausedAt;
    const { at, behind } = get(PAUSED, paused);
    return Math.min(this.pausedAt, Number(at) / 1000) - behind / 1000;
  }

  private writing: Promise<void> = Promise.resolve();

  /** Takes pages in while the next are under way. @throws Error of the write before */
  private async take(contents: Uint8Array, pages: number): Promise<void> {
    const runs = decodeRuns(await unfold(contents, SECTIONS.memory), pages);
    await this.writing;
    this.writing = this.options.destination.write(runs);
    this.writing.catch(() => {}); // awaited before anything else is said
  }

  private async receiveRest(pages: number): Promise<void> {
    this.line.silence = this.limits.handOver;
    let state: Uint8Array | undefined;
    for (;;) {
      const { name, contents } = await this.line.expect('memory', 'state-size', 'state', 'done');
      if (name === 'memory') {
        await this.take(contents, pages);
      } else if (name === 'state-size') {
        const { length } = get(STATE_SIZE, contents);
        if (state || length > this.limits.state) throw new TeleportError('line', `a device state of ${length} bytes`);
        const whole = Math.ceil(Math.max(length, this.early.length) / PAGE_SIZE) * PAGE_SIZE;
        const space = new Uint8Array(whole);
        space.set(this.early);
        state = space.subarray(0, length);
      } else if (name === 'state') {
        if (!state) throw new TeleportError('line', 'a device state without its size');
        const space = new Uint8Array(state.buffer);
        applyRuns(space, decodeRuns(await unfold(contents, SECTIONS.state), space.length / PAGE_SIZE));
      } else {
        get(DONE, contents);
        if (!state) throw new TeleportError('line', 'no device state');
        await this.writing;
        this.final = state;
        return;
      }
    }
  }

  private final: Uint8Array = new Uint8Array(0);

  // ── the hand-over ──

  private async handOver(): Promise<MoveOutcome> {
    this.state = 'loading';
    const start = this.clock.now();
    let event: TargetEvent | undefined = await this.tried(() => this.options.destination.finish(this.final));
    this.loadTime = this.clock.now() - start;
    while (event !== undefined) {
      const [state, action]: readonly [TargetState, TargetAction] = next(TARGET, this.state as TargetState, event);
      this.state = state;
      event = await this.perform(action);
    }
    const error = this.error ?? new TeleportError('line', 'the source has the machine again');
    if (this.state === 'running') return { where: 'here', stoodStill: this.stoodStill };
    if (this.state === 'kept') {
      this.log('error', `nobody knows who may run the machine: its state is in ${this.kept}`);
      return { where: 'kept', kept: this.kept!, error };
    }
    this.log('warn', `the machine runs at the source: ${error.message}`);
    return { where: 'empty', error };
  }

  private async perform(action: TargetAction): Promise<TargetEvent | undefined> {
    const { destination, storage } = this.options;
    switch (action) {
      case 'sayReady':
        return this.awaitGo();
      case 'lock':
        return this.tried(() => storage.lock());
      case 'decide':
        return this.decide();
      case 'run':
        return this.tried(async () => {
          await this.dropKept();
          this.stoodStill = this.clock.now() - this.pausedAt;
          await destination.resume(this.clock.now() - this.clocksShow);
        });
      case 'sayRuns':
        await this.sayRuns();
        return undefined;
      case 'keep':
        return this.keep();
      case 'giveBack':
        return this.tried(async () => {
          await storage.unlock();
          await this.record?.giveBack();
        });
      case 'sayRefused':
        await this.say('refuse');
        return this.orElsewhere(async () => ((await this.line.expect('bye')), 'again' as const), 'again');
      case 'look':
        return this.look();
      case 'discard':
      case 'refuse':
        await this.empty();
        if (action === 'refuse') await this.say('refuse');
        await this.line.end();
        return undefined;
      case 'stop':
        await storage.unlock().catch((cause: Error) => this.log('warn', cause.message));
        this.line.destroy();
        return undefined;
    }
  }

  private async awaitGo(): Promise<TargetEvent> {
    return this.orElsewhere(async () => {
      await this.line.send('ready', put(TOOK, { milliseconds: milliseconds(this.loadTime) }));
      await this.line.expect('go');
      return 'go' as const;
    }, this.record ? 'lost' : 'stranded');
  }

  /** What the line says, or what comes from elsewhere meanwhile; `otherwise` when the line is lost. `abort` on it means `back`. */
  private orElsewhere(listen: () => Promise<TargetEvent>, otherwise: TargetEvent): Promise<TargetEvent> {
    return new Promise((resolve) => {
      const accept = (event: TargetEvent): boolean => {
        if (this.accept !== accept) return false;
        this.accept = undefined;
        resolve(event);
        return true;
      };
      this.accept = accept;
      listen().then(accept, (cause: unknown) => {
        const error = teleportError(cause, 'line');
        if (this.accept === accept) this.error = error;
        accept(error.failure === 'refused' ? 'back' : otherwise);
      });
    });
  }

  private tried(action: () => Promise<void>): Promise<'done' | 'failed'> {
    return tried(action, (error) => this.log('error', (this.error = error).message));
  }

  private async decide(): Promise<TargetEvent> {
    if (!this.record) return 'target'; // no image is shared: `go` was the source's word
    try {
      return await this.record.decide('target');
    } catch (cause) {
      this.log('warn', `who may run the machine cannot be known yet: ${(cause as Error).message}`);
      return 'unknown';
    }
  }

  private async look(): Promise<'source' | 'unknown'> {
    const decided = await this.record?.read().catch(() => undefined);
    return decided === 'source' ? 'source' : 'unknown';
  }

  /** Waits, and from some try on keeps the state on disk. Who runs again meanwhile may say so. */
  private async keep(): Promise<TargetEvent> {
    this.tries++;
    const certain = this.state === 'failing';
    if ((certain || this.tries > this.limits.triesBeforeKeeping) && this.kept === undefined) {
      try {
        this.kept = await this.options.destination.keep();
        this.log('warn', `the machine's state is kept in ${this.kept} until it is known who runs it`);
      } catch (cause) {
        this.log('error', `the machine's state cannot be kept on disk, so it is kept in memory: ${(cause as Error).message}`);
      }
    }
    if (certain) return 'again';
    if (this.kept !== undefined && this.tries >= this.limits.tries) return 'enough';
    const wait = async (): Promise<TargetEvent> => {
      await this.clock.wait(Math.min(this.limits.retry, 20 * 2 ** Math.min(this.tries, 10)));
      return 'again';
    };
    return 'back' in TARGET[this.state as TargetState] ? this.orElsewhere(wait, 'again') : wait();
  }

  private async dropKept(): Promise<void> {
    if (this.kept === undefined) return;
    await this.options.destination.dropKept();
    this.kept = undefined;
  }

  /** Nothing is left here, and the record is not needed any more where it says so. */
  private async empty(): Promise<void> {
    await this.options.destination.discard();
    await this.dropKept();
    await this.options.storage.unlock();
    await this.record?.tidy('target').catch(() => {});
    if ((await this.look()) === 'source') await this.record?.forget().catch(() => {});
  }

  private async say(name: 'refuse'): Promise<void> {
    const text = Buffer.from(this.error?.message ?? 'the target cannot run the machine').subarray(0, SECTIONS[name]);
    if (!this.line.broken) await this.line.send(name, text).catch(() => {});
  }

  /** Then waits for the source's last word, for as long as it may still ask. */
  private async sayRuns(): Promise<void> {
    this.report({ phase: 'running', percent: 100, remaining: 0 });
    this.tell.runs(this.stoodStill);
    await this.record?.tidy('target').catch(() => {});
    try {
      await this.line.send('runs', put(TOOK, { milliseconds: milliseconds(this.stoodStill) }));
      await this.line.expect('bye');
      this.tell.sourceKnows();
    } catch (cause) {
      this.log('info', `the source did not say good-bye: ${(cause as Error).message}`);
    }
    await this.line.end();
  }
}

const isToken = (value: unknown): value is ImageToken =>
  typeof value === 'object' && value !== null && typeof (value as ImageToken).slot === 'string' && typeof (value as ImageToken).token === 'string';

/** Characters of JSON. */
const LONGEST_ASIDE = 1024;
