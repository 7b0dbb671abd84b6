/**
 * How fast a guest runs in a machine with a viewer connected, beside bare v86 in the same run.
 *
 * Run: `node dist/guest-speed.js [--rounds 300] [--turns 15]`. The guest is the test card's benchmark: a CRC-32 whose result is verified. The two take
 * turns, each standing still meanwhile; the fastest turns by the host's clock are compared, because other work on the host only ever slows one.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { Duplex } from 'node:stream';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { Home, startTestCard } from '@belvedere/acceptance';
import { benchResult, TestCard } from '@belvedere/guests';
import { startViewer, VirtualDisplay } from '@belvedere/viewers';

export interface GuestSpeed {
  /** Milliseconds for one benchmark. */
  readonly machine: number;
  readonly bare: number;
  /** The machine's speed as a share of bare v86's. */
  readonly share: number;
}

/** @param rounds of the guest's benchmark, 64 KiB each; @param turns of each side */
export async function guestSpeed(rounds: number, turns: number): Promise<GuestSpeed> {
  const home = new Home();
  const display = await VirtualDisplay.start({ width: 660, height: 500 });
  const bare = await BareV86.start();
  try {
    const port = await startTestCard(home, 'bench');
    const card = await home.testCard('bench');
    const mode = { width: 640, height: 480, depth: 32 };
    await card.mode(mode);
    const viewer = await startViewer(display, { program: 'xfreerdp', host: '127.0.0.1', port, user: 'u', password: 'p', size: mode });
    await viewer.waitFor('the test card', (picture) => picture.width === mode.width);
    await bare.card.mode(mode);

    const times: { machine: number[]; bare: number[] } = { machine: [], bare: [] };
    for (let turn = -1; turn < turns; turn++) {
      const machine = await time(card, rounds);
      await home.type('VBoxManage controlvm bench pause');
      await bare.go();
      const alone = await time(bare.card, rounds);
      await bare.stop();
      await home.type('VBoxManage controlvm bench resume');
      if (turn < 0) continue; // the first compiles what the others run
      times.machine.push(machine);
      times.bare.push(alone);
    }
    await viewer.close();
    const [machine, alone] = [Math.min(...times.machine), Math.min(...times.bare)];
    return { machine, bare: alone, share: alone / machine };
  } finally {
    await bare.end();
    await display.close();
    await home.close();
  }
}

/** Milliseconds of one benchmark, whose result is verified. */
async function time(card: TestCard, rounds: number): Promise<number> {
  const start = performance.now();
  const { crc } = await card.bench(rounds);
  const elapsed = performance.now() - start;
  if (crc !== benchResult(rounds)) throw new Error(`the guest computed ${crc.toString(16)} instead of ${benchResult(rounds).toString(16)}`);
  return elapsed;
}

/** v86 by itself in a process of its own: bare-v86.ts, its serial line on standard input and output. */
class BareV86 {
  private constructor(
    private readonly child: ChildProcess,
    readonly card: TestCard,
  ) {}

  static async start(): Promise<BareV86> {
    const child = spawn(process.execPath, [fileURLToPath(new URL('./bare-v86.js', import.meta.url))], { stdio: ['pipe', 'pipe', 'inherit', 'ipc'] });
    const card = new TestCard(Duplex.from({ writable: child.stdin!, readable: child.stdout! }));
    await Promise.race([card.ready(), once(child, 'exit').then(() => Promise.reject(new Error('bare v86 ended')))]);
    const bare = new BareV86(child, card);
    await card.hello();
    return bare;
  }
  go(): Promise<void> {
    return this.tell('go');
  }
  stop(): Promise<void> {
    return this.tell('stop');
  }
  async end(): Promise<void> {
    const gone = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await gone;
  }
  private async tell(what: string): Promise<void> {
    const done = once(this.child, 'message');
    this.child.send(what);
    await done;
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '300' }, turns: { type: 'string', default: '15' } } });
  const { machine, bare, share } = await guestSpeed(Number(values.rounds), Number(values.turns));
  process.stdout.write(`guest benchmark, one viewer connected: ${machine.toFixed(0)} ms; bare v86: ${bare.toFixed(0)} ms; share ${share.toFixed(3)} (promised: 0.9)\n`);
  process.exitCode = share >= 0.9 ? 0 : 1;
}
