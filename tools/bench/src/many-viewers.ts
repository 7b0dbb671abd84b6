/**
 * Many viewers on one screen: what each further one costs, and whether one that has stopped costs the others anything.
 *
 * Run: `node dist/many-viewers.js [--viewers 50] [--seconds 6] [--rate 10]`. A text of 480x360 pixels scrolls on a screen of 1024x768; viewers are clients of ours by TLS
 * at 24 bits a pixel, in processes of their own, which have what processor time the server leaves. One of them is stopped by SIGSTOP until its socket
 * has been full for a while, and woken. Frames are known by a square of a colour of their own.
 */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { constants, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { RdpServer, serverIdentity } from '@belvedere/rdp';
import type { Report, Sighting } from './many-viewers-client.js';
import { median } from './median.js';
import { Canvas, HEIGHT, MARK, markOf, WIDTH } from './screen.js';

const PASSWORD = 'a password';
const TEXT = { x: 64, y: 64, width: 480, height: 360 };

/** Viewers in one process. */
class Crowd {
  private constructor(private readonly child: ChildProcess, readonly count: number) {}

  static async gather(port: number, count: number): Promise<Crowd> {
    const child = fork(new URL('./many-viewers-client.js', import.meta.url), [String(port), PASSWORD, String(count)]);
    setPriority(child.pid!, constants.priority.PRIORITY_BELOW_NORMAL);
    await Crowd.answer(child);
    return new Crowd(child, count);
  }

  private static async answer(child: ChildProcess): Promise<Report> {
    const ended = once(child, 'exit').then(([code]) => Promise.reject(new Error(`a process of viewers has ended with ${code}`)));
    ended.catch(() => undefined);
    const [report] = (await Promise.race([once(child, 'message'), ended])) as [Report];
    return report;
  }

  /** What each viewer has seen since the last time. */
  async seen(): Promise<readonly Sighting[][]> {
    const answer = Crowd.answer(this.child);
    this.child.send('report');
    const report = await answer;
    return 'seen' in report ? report.seen : [];
  }

  stop(): void {
    this.child.kill('SIGSTOP');
  }

  wake(): void {
    this.child.kill('SIGCONT');
  }

  async leave(): Promise<void> {
    const gone = once(this.child, 'exit');
    this.child.disconnect();
    await gone;
  }
}

/** Draws frames, evenly. */
class Film {
  private readonly drawn: number[] = [];
  private isOver = false;
  private readonly over: Promise<void>;

  constructor(private readonly canvas: Canvas, rate: number) {
    this.over = this.run(rate);
  }

  /** Frames that were drawn. */
  get count(): number {
    return this.drawn.length;
  }

  /** Milliseconds from a frame's drawing. */
  age([frame, time]: Sighting): number {
    return time - this.drawn[frame]!;
  }

  async end(): Promise<void> {
    this.isOver = true;
    await this.over;
  }

  private async run(rate: number): Promise<void> {
    const start = performance.now();
    for (let frame = 0; !this.isOver; frame++) {
      await setTimeout(Math.max(0, start + (frame * 1000) / rate - performance.now()));
      this.canvas.desktop.text(TEXT, frame);
      this.canvas.desktop.fill(MARK, markOf(frame));
      this.drawn.push(performance.timeOrigin + performance.now());
      this.canvas.changed(this.canvas.desktop.take());
    }
  }
}

/** Milliseconds of this process' processor time in a second. */
async function cost(seconds: number): Promise<number> {
  const before = process.cpuUsage();
  const start = performance.now();
  await setTimeout(seconds * 1000);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / (performance.now() - start);
}

/** Frames a second and their age, in the mean of the viewers. */
function sight(seen: readonly (readonly Sighting[])[], film: Film, seconds: number): { rate: number; age: number } {
  return { rate: median(seen.map((viewer) => viewer.length / seconds)), age: median(seen.flatMap((viewer) => viewer.map((each) => film.age(each)))) };
}

const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(1);

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { viewers: { type: 'string', default: '50' }, seconds: { type: 'string', default: '6' }, rate: { type: 'string', default: '10' } } });
  const [viewers, seconds, rate] = [Number(values.viewers), Number(values.seconds), Number(values.rate)];
  const folder = mkdtempSync(join(tmpdir(), 'belvedere-viewers-'));
  const identity = await serverIdentity(folder, { commonName: 'viewers', altNames: [] });
  const canvas = new Canvas();
  canvas.desktop.fill({ x: 0, y: 0, width: WIDTH, height: HEIGHT }, 0x336699);
  const server = await RdpServer.listen({
    ports: [0], addresses: ['127.0.0.1'], machineId: '00000000-0000-0000-0000-000000000000', name: 'viewers', securityMethod: 'tls', multiConnection: true, reuseConnection: false,
    authenticator: { judge: ({ password }) => Promise.resolve(password === PASSWORD ? { granted: true } : { granted: false, reason: 'wrong password' }) },
    screens: [canvas], keyboard: { scancode: () => undefined }, pointer: { absolute: true, move: () => undefined, wheel: () => undefined },
    certificate: () => identity.tls, standard: identity.standard,
  });
  const film = new Film(canvas, rate);
  const crowds: Crowd[] = [];
  try {
    const alone = await cost(seconds);
    console.log(`no viewer: ${alone.toFixed(1)} ms of processor time a second, which are the drawing's`);
    const first = await Crowd.gather(server.port, 1);
    crowds.push(first);
    await first.seen();
    const one = (await cost(seconds)) - alone;
    const { rate: rateOfOne, age: ageOfOne } = sight(await first.seen(), film, seconds);
    console.log(`the first viewer: ${one.toFixed(1)} ms a second; ${rateOfOne.toFixed(1)} frames/s, seen ${ageOfOne.toFixed(0)} ms after they were drawn`);

    const rest = await Crowd.gather(server.port, viewers - 1);
    crowds.push(rest);
    await rest.seen();
    const all = (await cost(seconds)) - alone;
    const before = sight(await rest.seen(), film, seconds);
    const further = (all - one) / rest.count;
    console.log(`${viewers} viewers: ${all.toFixed(1)} ms a second, ${further.toFixed(2)} for each further one, ${((100 * further) / one).toFixed(1)} % of the first; ${before.rate.toFixed(1)} frames/s, ${before.age.toFixed(0)} ms`);

    const memory = process.memoryUsage().rss;
    first.stop();
    const stopped = server.clients[0]!;
    let out = -1;
    for (let step = 0; step < 60 && stopped.bytesOut !== out; step++) {
      out = stopped.bytesOut;
      await setTimeout(2000);
    }
    if (stopped.bytesOut !== out) throw new Error("the stopped viewer's socket did not fill within two minutes: give a higher --rate");
    await rest.seen();
    await setTimeout(seconds * 1000);
    const during = sight(await rest.seen(), film, seconds);
    console.log(
      `one stopped, its socket full: the others ${during.rate.toFixed(1)} frames/s (${(100 * (during.rate / before.rate - 1)).toFixed(1)} %), ${during.age.toFixed(0)} ms (${(100 * (during.age / before.age - 1)).toFixed(1)} %); this process ${mib(process.memoryUsage().rss - memory)} MiB larger`,
    );
    const newest = film.count - 1;
    const woken = performance.timeOrigin + performance.now();
    first.wake();
    let caught: Sighting | undefined;
    while (!caught) {
      caught = (await first.seen())[0]!.find(([frame]) => frame >= newest);
      await setTimeout(20);
    }
    console.log(`woken: it shows the newest picture after ${(caught[1] - woken).toFixed(0)} ms`);
  } finally {
    for (const crowd of crowds) crowd.wake();
    await Promise.all(crowds.map((crowd) => crowd.leave()));
    await film.end();
    await server.close('measured');
    rmSync(folder, { recursive: true });
  }
}

await main();
