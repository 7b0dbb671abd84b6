// The test card's driver: its line protocol (testcard/PROTOCOL.md) over any duplex stream that stands for COM1.
// Commands are answered in the order they are given; what the card tells by itself arrives as events.
import type { Duplex } from 'node:stream';
import type { Mode } from './picture.js';

/** A key as the guest saw it: scan code set 1, such as `1e`, `9e`, `e04b`; Pause is `e11d45`. */
export type KeyEvent = { readonly kind: 'key'; readonly code: string };
/** The pointer as the guest saw it: pixels, buttons (bit 0 left, 1 right, 2 middle, 3 and 4 extra), wheel notches away from the user. */
export type MouseEvent = { readonly kind: 'mouse'; readonly x: number; readonly y: number; readonly buttons: number; readonly wheel: number };
/** The card has started (again); `drive` is the BIOS's number of what it booted from. */
export type ReadyEvent = { readonly kind: 'ready'; readonly drive: number };
export type PowerButtonEvent = { readonly kind: 'powerButton' };
export type CardEvent = KeyEvent | MouseEvent | ReadyEvent | PowerButtonEvent;

/** The card refused a command, said something that the protocol does not know, or its line is gone. */
export class TestCardError extends Error {
  override readonly name = 'TestCardError';
}

/** The longest line that the card sends, with room to spare. */
const LONGEST_LINE = 512;
/** Events nobody has asked for yet; older ones are dropped. */
const MOST_EVENTS = 10_000;

interface Pending {
  readonly lines: string[];
  resolve(answer: Answer): void;
  reject(error: Error): void;
}

/** Words behind `ok`, and the lines that came before it. */
interface Answer {
  readonly words: readonly string[];
  readonly lines: readonly string[];
}

interface Waiter {
  wants(event: CardEvent): boolean;
  resolve(event: CardEvent): void;
  reject(error: Error): void;
}

export class TestCard {
  readonly #serial: Duplex;
  readonly #pending: Pending[] = [];
  readonly #waiters: Waiter[] = [];
  readonly #events: CardEvent[] = [];
  #line = '';
  /** The `hello` whose answer ends what a card that has started anew may still say to earlier commands. */
  #greeting: string | undefined;
  #greetings = 0;
  #failure: TestCardError | undefined;

  /** @param serial what the guest's COM1 is connected to */
  constructor(serial: Duplex) {
    this.#serial = serial;
    serial.on('data', (bytes: Uint8Array | string) => this.#receive(typeof bytes === 'string' ? bytes : Buffer.from(bytes).toString('latin1')));
    serial.on('error', (error: Error) => this.#fail(new TestCardError(`the serial line failed: ${error.message}`, { cause: error })));
    serial.on('close', () => this.#fail(new TestCardError('the serial line was closed')));
  }

  /** Waits for the card to start; returns at once if it has said so since the last call. */
  ready(): Promise<ReadyEvent> {
    return this.next((event): event is ReadyEvent => event.kind === 'ready');
  }

  /** The card's protocol version, the drive it booted from and its mouse's identity (0, 3 with wheel, 4 with five buttons). */
  async hello(): Promise<{ version: number; drive: number; mouse: number }> {
    const [, version, drive, mouse] = (await this.#command('hello')).words;
    return { version: Number(version), drive: parseInt(drive!, 16), mouse: parseInt(mouse!, 16) };
  }

  /** Sets text mode and draws the text picture. */
  async text(): Promise<void> {
    await this.#command('text');
  }

  /** Draws the current mode's picture anew; what moves or blinks by command stops. */
  async picture(): Promise<void> {
    await this.#command('picture');
  }

  /** Sets a graphical mode and draws its picture. @throws {TestCardError} when the machine has no such mode */
  async mode(mode: Mode): Promise<{ pitch: number }> {
    const { words } = await this.#command(`mode ${mode.width} ${mode.height} ${mode.depth}`);
    return { pitch: Number(words[3]) };
  }

  /** Says which screen `mode`, `picture` and `fill` are about from now on. @param number from 1. @returns how many there are */
  async screen(number: number): Promise<number> {
    return Number((await this.#command(`screen ${number}`)).words[1]);
  }

  /** All graphical modes that the machine has. */
  async modes(): Promise<readonly Mode[]> {
    const { lines } = await this.#command('modes');
    return lines.map((line) => {
      const [, width, height, depth] = line.split(' ').map(Number);
      return { width: width!, height: height!, depth: depth! };
    });
  }

  /** Fills an area of a graphical mode. @param colour 0xrrggbb */
  async fill(x: number, y: number, width: number, height: number, colour: number): Promise<void> {
    await this.#command(`fill ${x} ${y} ${width} ${height} ${colour.toString(16).padStart(6, '0')}`);
  }

  /** Starts the rectangle that moves 4 pixels at each of 72.8 interrupts a second. */
  async rectStart(): Promise<void> {
    await this.#command('rect start');
  }

  /** Stops the rectangle and leaves it where it is. */
  async rectStop(): Promise<{ x: number; y: number }> {
    const [x, y] = (await this.#command('rect stop')).words.map(Number);
    return { x: x!, y: y! };
  }

  /** Starts the square that changes twice a second. */
  async blinkStart(): Promise<void> {
    await this.#command('blink start');
  }

  async blinkStop(): Promise<void> {
    await this.#command('blink stop');
  }

  /** Whether keys and the pointer are shown on the screen too. They are always told. */
  async echo(on: boolean): Promise<void> {
    await this.#command(`echo ${on ? 'on' : 'off'}`);
  }

  /** Whether the guest takes absolute positions (VMware's backdoor) or PS/2 movements, which is how it starts. */
  async mouse(kind: 'absolute' | 'relative'): Promise<void> {
    await this.#command(`mouse ${kind}`);
  }

  /** The BIOS's tick count: 18.2 a second. */
  async tick(): Promise<number> {
    return Number((await this.#command('tick')).words[0]);
  }

  /** Runs the benchmark. @returns its CRC-32, to compare with {@link benchResult}, and how many BIOS ticks it took by the guest's clock */
  async bench(rounds: number): Promise<{ crc: number; ticks: number }> {
    const [crc, ticks] = (await this.#command(`bench ${rounds}`)).words;
    return { crc: parseInt(crc!, 16), ticks: Number(ticks) };
  }

  /** Reads a sector of the first hard disk: its first 32-bit word, and whether all of its words are the same. */
  async diskRead(block: number): Promise<{ value: number; uniform: boolean }> {
    const [value, kind] = (await this.#command(`disk read ${block}`)).words;
    return { value: parseInt(value!, 16), uniform: kind === 'uniform' };
  }

  /** Fills a sector of the first hard disk with a 32-bit word (little-endian). */
  async diskWrite(block: number, value: number): Promise<void> {
    await this.#command(`disk write ${block} ${value}`);
  }

  /** Gives the first hard disk ATA's FLUSH CACHE and waits for it. */
  async diskFlush(): Promise<void> {
    await this.#command('disk flush');
  }

  /** Fills `mebibytes` of memory, and changes `rate` MiB of its pages a second from then on. @throws {TestCardError} when there is not so much */
  async dirtyStart(mebibytes: number, rate: number): Promise<void> {
    await this.#command(`dirty ${mebibytes} ${rate}`);
  }

  /** How many pages were changed, and how many were not as they must be. */
  async dirtyStop(): Promise<{ pages: number; errors: number }> {
    const [pages, errors] = (await this.#command('dirty stop')).words.map(Number);
    return { pages: pages!, errors: errors! };
  }

  /** Writes numbered sectors of the first hard disk from then on, one at each tick, from `block` on and round and round: see {@link journalSum}. */
  async journalStart(block: number, blocks: number): Promise<void> {
    await this.#command(`journal ${block} ${blocks}`);
  }

  /** How many sectors were written, the sum over them, and how many failed. */
  async journalStop(): Promise<{ count: number; sum: number; errors: number }> {
    const [count, sum, errors] = (await this.#command('journal stop')).words;
    return { count: Number(count), sum: parseInt(sum!, 16), errors: Number(errors) };
  }

  /** The guest's 8x16 font: 256 glyphs of 16 bytes. */
  async font(): Promise<Uint8Array> {
    const { lines } = await this.#command('font');
    return Buffer.from(lines.map((line) => line.slice('glyph '.length)).join(''), 'hex');
  }

  /** Switches the machine off from inside; resolves when the card has taken the command. */
  async powerOff(): Promise<void> {
    await this.#command('power off');
  }

  /** Resets the machine from inside; {@link ready} tells when it is back. */
  async reset(): Promise<void> {
    await this.#command('reset');
  }

  /** Waits for an event that `wants` accepts, among those that nobody has taken yet and then among those to come. Earlier ones that it refuses are dropped. */
  next<E extends CardEvent>(wants: (event: CardEvent) => event is E): Promise<E>;
  next(wants?: (event: CardEvent) => boolean): Promise<CardEvent>;
  next(wants: (event: CardEvent) => boolean = () => true): Promise<CardEvent> {
    for (let event = this.#events.shift(); event; event = this.#events.shift()) if (wants(event)) return Promise.resolve(event);
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => this.#waiters.push({ wants, resolve, reject }));
  }

  /** The next key, or the next one with this code. */
  async key(code?: string): Promise<KeyEvent> {
    return this.next((event): event is KeyEvent => event.kind === 'key' && (code === undefined || event.code === code));
  }

  /** The next report of the pointer that `wants` accepts. */
  async pointer(wants: (event: MouseEvent) => boolean = () => true): Promise<MouseEvent> {
    return this.next((event): event is MouseEvent => event.kind === 'mouse' && wants(event));
  }

  /** Forgets the events that nobody has taken. */
  forget(): void {
    this.#events.length = 0;
  }

  #command(line: string): Promise<Answer> {
    if (this.#failure) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#pending.push({ lines: [], resolve, reject });
      this.#serial.write(`${line}\n`);
    });
  }

  #receive(text: string): void {
    const lines = (this.#line + text).split('\n');
    this.#line = lines.pop()!;
    for (const line of lines) this.#take(line);
    if (this.#line.length > LONGEST_LINE) this.#fail(new TestCardError(`the serial line brought ${this.#line.length} characters without an end of line`));
  }

  #take(line: string): void {
    const event = eventOf(line);
    if (event) return this.#tell(event);
    const pending = this.#pending[0];
    const [kind, ...words] = line.split(' ');
    if (this.#greeting !== undefined) {
      if (kind === 'ok' && words.at(-1) === this.#greeting) this.#greeting = undefined;
      return;
    }
    // Firmware may talk on the line before the card starts: nobody has asked, nobody listens.
    if (!pending) return;
    if (kind === 'ok') this.#pending.shift()!.resolve({ words, lines: pending.lines });
    else if (kind === 'error') this.#pending.shift()!.reject(new TestCardError(words.join(' ')));
    else pending.lines.push(line);
  }

  #tell(event: CardEvent): void {
    if (event.kind === 'ready') this.#startedAnew();
    const at = this.#waiters.findIndex(({ wants }) => wants(event));
    if (at >= 0) {
      this.#waiters.splice(at, 1)[0]!.resolve(event);
      return;
    }
    if (this.#events.push(event) > MOST_EVENTS) this.#events.shift();
  }

  /** The card that was to answer is gone. Its successor may have found the commands in the line, or a part of them. */
  #startedAnew(): void {
    const lost = this.#pending.splice(0);
    if (lost.length > 0 || this.#greeting !== undefined) {
      this.#greeting = `again-${++this.#greetings}`;
      this.#serial.write(`hello ${this.#greeting}\n`);
    }
    for (const { reject } of lost) reject(new TestCardError('the test card started anew before it answered'));
  }

  #fail(error: TestCardError): void {
    this.#failure ??= error;
    for (const { reject } of [...this.#pending.splice(0), ...this.#waiters.splice(0)]) reject(this.#failure);
  }
}

/** What the card told by itself, if this line is that. */
function eventOf(line: string): CardEvent | undefined {
  const key = /^key ([0-9a-f]{2,6})$/.exec(line);
  if (key) return { kind: 'key', code: key[1]! };
  const mouse = /^mouse (\d+) (\d+) (\d+) (-?\d+)$/.exec(line);
  if (mouse) return { kind: 'mouse', x: Number(mouse[1]), y: Number(mouse[2]), buttons: Number(mouse[3]), wheel: Number(mouse[4]) };
  const ready = /^ready testcard 1 ([0-9a-f]{2})$/.exec(line);
  if (ready) return { kind: 'ready', drive: parseInt(ready[1]!, 16) };
  return line === 'power button' ? { kind: 'powerButton' } : undefined;
}

/**
 * Reads what the journal has written: the sectors stand one after the other from number 0 on, none written twice.
 * @returns the sum that the card tells. @throws {TestCardError} naming the sector that is not as the card writes it
 */
export function journalSum(sectors: Uint8Array, count: number): number {
  const view = new DataView(sectors.buffer, sectors.byteOffset, sectors.byteLength);
  let sum = 0;
  for (let number = 0; number < count; number++) {
    const word = (index: number): number => view.getUint32(number * 512 + index * 4, true);
    sum = ((((sum << 5) | (sum >>> 27)) ^ word(1)) + number) >>> 0;
    if (word(0) !== number || word(2) !== sum) throw new TestCardError(`sector ${number} of the journal has number ${word(0)} and sum ${word(2).toString(16)}, not ${sum.toString(16)}`);
    let value = sum;
    for (let index = 3; index < 128; index++) {
      value = (Math.imul(value, 1664525) + 1013904223) >>> 0;
      if (word(index) !== value) throw new TestCardError(`sector ${number} of the journal is torn at word ${index}`);
    }
  }
  return sum;
}

/** The CRC-32 that `bench` must answer after so many rounds. */
export function benchResult(rounds: number): number {
  const table = Uint32Array.from({ length: 256 }, (_, i) => {
    let value = i;
    for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
    return value;
  });
  const data = new Uint8Array(65536);
  let seed = 1;
  for (let i = 0; i < data.length; i++) {
    seed = (Math.imul(seed, 1664525) + 1013904223) >>> 0;
    data[i] = seed >>> 24;
  }
  let crc = 0xffffffff;
  for (let round = 0; round < rounds; round++) for (const byte of data) crc = (crc >>> 8) ^ table[(crc ^ byte) & 0xff]!;
  return (crc ^ 0xffffffff) >>> 0;
}
