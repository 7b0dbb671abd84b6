/** Two machines of one home, and real viewers of a moving test card that goes from one to the other: what they show, and when. */
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { type Mode, TESTCARD_ISO, TestCard } from '@belvedere/guests';
import { type Program, type Session, startViewer, until, type Viewer, VirtualDisplay } from '@belvedere/viewers';
import { freePort, type Home } from './home.js';
import { attachDvd } from './machines.js';

export const mode: Mode = { width: 640, height: 480, depth: 32 };

/** The viewers, and how each is to follow: by a redirection to the target's own address, or through the source. */
export const watchers = {
  xfreerdp: { program: 'xfreerdp', depth: 32, options: { security: 'tls' }, follows: 'redirection' },
  'xfreerdp /sec:rdp': { program: 'xfreerdp', depth: 32, options: { security: 'rdp' }, follows: 'redirection' },
  rdesktop: { program: 'rdesktop', depth: 32, options: { extra: ['-5'] }, follows: 'redirection' },
  'rdesktop -4': { program: 'rdesktop', depth: 16, options: { extra: ['-4'] }, follows: 'relay' },
} as const satisfies Readonly<Record<string, { readonly program: Program; readonly depth: 16 | 32; readonly options: Pick<Session, 'security' | 'extra'>; readonly follows: 'redirection' | 'relay' }>>;
export type Watcher = keyof typeof watchers;

export interface Watched {
  readonly viewer: Viewer;
  readonly display: VirtualDisplay;
  /** When its picture has changed: milliseconds of no particular origin. */
  readonly changes: number[];
  close(): Promise<void>;
}

/** The test card runs in machine `source`, and machine `target` waits for it at another address and the same port of the remote display. */
export class Move {
  private constructor(
    private readonly home: Home,
    readonly card: TestCard,
    private readonly displayPort: number,
    private readonly teleporterPort: number,
    private readonly linesThere: string,
    private readonly saidHere: () => string,
  ) {}

  /** @param targetPort of the target's display; absent: the source's, so that viewers can be redirected */
  static async prepare(home: Home, { sameDisplayPort = true } = {}): Promise<Move> {
    const [displayPort, otherPort, teleporterPort] = [await freePort(), await freePort(), await freePort()];
    const linesThere = join(home.folder, 'target.serial');
    await home.type('VBoxManage createhd --filename shared.vdi --size 16');
    const lines = { source: `server "${home.serialPath('source')}"`, target: `file "${linesThere}"` };
    const displays = { source: `127.0.0.1 --vrde-port ${displayPort}`, target: `127.0.0.2 --vrde-port ${sameDisplayPort ? displayPort : otherPort}` };
    for (const name of ['source', 'target'] as const) {
      await home.type(`VBoxManage createvm --name ${name} --ostype Other --register`);
      await home.type(`VBoxManage modifyvm ${name} --memory 64 --boot1 dvd --uart1 0x3F8 4 --uartmode1 ${lines[name]} --vrde on --vrde-multi-con on --vrde-address ${displays[name]}`);
      await attachDvd(home, name, TESTCARD_ISO);
      await home.type(`VBoxManage storageattach ${name} --storagectl "IDE Controller" --port 0 --device 0 --type hdd --medium shared.vdi`);
    }
    // Nobody may log in to the target: who comes in was vouched for.
    await home.type('VBoxManage modifyvm target --vrde-auth-type external --vrde-auth-library VBoxAuthSimple');
    writeFileSync(join(home.folder, 'secret'), 'open sesame\n');
    await home.type(`VBoxManage modifyvm target --teleporter on --teleporter-port ${teleporterPort} --teleporter-address 127.0.0.1 --teleporter-password-file secret`);
    await home.type('VBoxManage startvm source --type headless');
    const line = connect(home.serialPath('source'));
    await once(line, 'connect');
    let said = '';
    line.on('data', (bytes: Buffer) => (said += bytes.toString('latin1')));
    const card = new TestCard(line);
    await card.hello().catch(() => card.hello());
    await card.echo(false);
    await card.mode(mode);
    await card.rectStart();
    await home.type('VBoxManage startvm target --type headless');
    await until('the display of the target', async () => (Number((await home.info('target')).get('vrdeport')) > 0 ? true : undefined), { timeout: 60_000, interval: 200 });
    return new Move(home, card, displayPort, teleporterPort, linesThere, () => said);
  }

  /** A viewer that shows how the card's rectangle moves. */
  async watch(watcher: Watcher): Promise<Watched> {
    const { program, depth, options } = watchers[watcher];
    const display = await VirtualDisplay.start(mode);
    const viewer = await startViewer(display, { program, host: '127.0.0.1', port: this.displayPort, user: 'watcher', password: 'x', size: mode, depth, ...options });
    const changes: number[] = [];
    let last = '';
    const look = (): void => {
      const now = middle(display);
      if (now === last) return;
      last = now;
      changes.push(performance.now());
    };
    const timer = setInterval(look, 15);
    const close = async (): Promise<void> => {
      clearInterval(timer);
      await viewer.close();
      await display.close();
    };
    const before = changes.length;
    await until(`the moving picture in ${watcher}`, () => (changes.length > before + 20 ? true : undefined), { timeout: 60_000, failed: () => viewer.refusal });
    return { viewer, display, changes, close };
  }

  /** Moves the machine. */
  async go(): Promise<void> {
    await this.home.type(`VBoxManage controlvm source teleport --host 127.0.0.1 --port ${this.teleporterPort} --password-file secret`);
    await this.home.untilState('target', 'running', 60_000);
  }

  /** The keys that the guest had, on both sides, in its order: scan codes as the card tells them. */
  get keys(): string[] {
    let there = '';
    try {
      there = readFileSync(this.linesThere, 'latin1');
    } catch {
      // The target has not opened its line yet.
    }
    // A line may have begun at the source and ended at the target.
    return [...(this.saidHere() + there).matchAll(/^key (\w+)\r?$/gm)].map(([, code]) => code!);
  }
}

/** The longest time between two changes of a picture, milliseconds; and to now. */
export const longestGap = (changes: readonly number[], from = -Infinity): number =>
  [...changes.filter((at) => at >= from), performance.now()].reduce(([longest, before], at) => [Math.max(longest, before === undefined ? 0 : at - before), at] as [number, number | undefined], [0, undefined] as [number, number | undefined])[0];

/** The strip that the rectangle moves in. */
function middle(display: VirtualDisplay): string {
  const { data, stride, width, height } = display.pixels();
  const rows: Buffer[] = [];
  for (let y = Math.floor(height / 2) - 24; y < height / 2 + 24; y += 8) rows.push(Buffer.from(data.subarray(y * stride, y * stride + 4 * width)));
  return Buffer.concat(rows).toString('latin1');
}

/** Scan codes of set 1, by the letter that a US keyboard has there. */
const codes: Readonly<Record<string, number>> = Object.fromEntries(
  (['qwertyuiop', 'asdfghjkl', 'zxcvbnm'] as const).flatMap((row, at) => [...row].map((letter, i) => [letter, [0x10, 0x1e, 0x2c][at]! + i])),
);

/** Types letters into a viewer, round and round, until `stop`; each keeps its own letters, so that it is seen who typed what. */
export class Typist {
  readonly typed: string[] = [];
  private readonly stopping = new AbortController();
  private readonly done: Promise<void>;

  constructor(
    private readonly watched: Watched,
    private readonly letters: string,
  ) {
    this.done = this.run();
  }

  /** Resolves when the last of the keys that it types is up. */
  async stop(): Promise<void> {
    this.stopping.abort();
    await this.done;
  }

  /** Of these keys, as the guest had them, those of this typist, each once where it was held down long enough to repeat; a text says what is wrong. */
  heard(keys: readonly string[]): readonly string[] | string {
    const letterOf = new Map([...this.letters].map((letter) => [codes[letter]!, letter]));
    const letters: string[] = [];
    const down = new Set<number>();
    for (const text of keys) {
      const code = parseInt(text, 16);
      const letter = letterOf.get(code & 0x7f);
      if (letter === undefined || text.length > 2) continue;
      if (code & 0x80) {
        if (!down.delete(code & 0x7f)) return `${letter} was released, and was not down`;
      } else if (!down.has(code)) {
        down.add(code);
        letters.push(letter);
      }
    }
    return letters;
  }

  private async run(): Promise<void> {
    const { display } = this.watched;
    await display.moveTo(display.width / 2, 20);
    for (let at = 0; !this.stopping.signal.aborted; at++) {
      const letter = this.letters[at % this.letters.length]!;
      await display.key(letter);
      this.typed.push(letter);
    }
  }
}
