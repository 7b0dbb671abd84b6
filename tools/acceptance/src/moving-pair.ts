/**
 * Two machines of a home between which one guest moves: the test card, which counts, compares its memory and writes numbered sectors to the
 * disk that both have. What must hold whatever happens on the way is judged here.
 */
import { spawnSync } from 'node:child_process';
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { once } from 'node:events';
import { join } from 'node:path';
import { openImage } from '@belvedere/disk';
import { journalSum } from '@belvedere/guests';
import { until } from '@belvedere/viewers';
import { freePort, type Home } from './home.js';
import { makeMovable } from './machines.js';

export type Place = 'a' | 'b';
export const otherThan = (place: Place): Place => (place === 'a' ? 'b' : 'a');

const PASSWORD = 'open sesame';
const JOURNAL = { first: 1000, sectors: 100_000 };
const PATIENCE = 240_000;

/** Where the guest is after a move, whatever became of it: nobody runs it where it was killed with its process. */
export type Settled = Place | 'killed' | 'kept';

export class MovingPair {
  private readonly ports: Record<Place, number> = { a: 0, b: 0 };

  private constructor(private readonly home: Home) {}

  static async make(home: Home): Promise<MovingPair> {
    const pair = new MovingPair(home);
    await home.type('VBoxManage createhd --filename shared.vdi --size 64');
    for (const place of ['a', 'b'] as const) {
      await makeMovable(home, place, 'shared.vdi');
      pair.ports[place] = await freePort();
    }
    return pair;
  }

  /** Switches the guest on, and lets it work. */
  async boot(place: Place): Promise<void> {
    await this.teleporter(place, false);
    await this.home.client.request('POST /machines/{ref}/start', { path: { ref: place }, body: {} });
    const card = await this.home.testCard(place);
    await card.dirtyStart(8, 2);
    await card.journalStart(JOURNAL.first, JOURNAL.sectors);
  }

  async waits(place: Place): Promise<number> {
    await this.teleporter(place, true);
    await this.home.client.request('POST /machines/{ref}/start', { path: { ref: place }, body: {} });
    return this.ports[place];
  }

  private async teleporter(place: Place, enabled: boolean): Promise<void> {
    await this.home.client.request('PATCH /machines/{ref}', { path: { ref: place }, body: { teleporter: { enabled, port: this.ports[place], address: '127.0.0.1', password: PASSWORD } } });
  }

  move(from: Place, port: number): Promise<{ readonly downtime: number }> {
    return this.home.client.request('POST /machines/{ref}/teleport', { path: { ref: from }, body: { host: '127.0.0.1', port, password: PASSWORD, maxDowntime: 1000 } });
  }

  /** A move on which nothing happens. @returns milliseconds that the guest stood still */
  async go(from: Place): Promise<number> {
    const { downtime } = await this.move(from, await this.waits(otherThan(from)));
    await this.home.untilState(otherThan(from), 'running', PATIENCE);
    return downtime;
  }

  async pid(place: Place): Promise<number> {
    const { run } = await this.home.client.request('GET /machines/{ref}', { path: { ref: place } });
    if (!run) throw new Error(`machine ${place} does not run`);
    return run.pid;
  }

  private async state(place: Place): Promise<{ readonly state: string; readonly reason: string }> {
    const { state, stateReason } = await this.home.client.request('GET /machines/{ref}', { path: { ref: place } });
    return { state, reason: stateReason ?? '' };
  }

  /** Waits until both sides know. @throws when both run it, or nobody does although no process was killed */
  async settled(from: Place, killed: Place | undefined): Promise<Settled> {
    const to = otherThan(from);
    return until(`the end of the move from ${from} to ${to}`, async () => {
      const [source, target] = [await this.state(from), await this.state(to)];
      // Of a process that was killed the API says what it was last, until it has seen that it is gone.
      const heard = (place: Place, { state }: { readonly state: string }): boolean => killed !== place || ['aborted', 'teleported'].includes(state);
      if (!heard(from, source) || !heard(to, target)) return undefined;
      const said = `source ${source.state} (${source.reason}), target ${target.state} (${target.reason})`;
      if (source.state === 'running' && target.state === 'running') throw new Error(`both sides run it: ${said}`);
      if (target.state === 'running' && ['teleported', 'aborted'].includes(source.state)) return to;
      const waits = target.state === 'teleportingin' && target.reason.startsWith('waiting');
      if (source.state === 'running' && (waits || ['aborted', 'poweroff'].includes(target.state))) return from;
      if (/ kept /.test(`${source.reason} ${target.reason}`) && source.state !== 'teleporting' && target.state === 'aborted') return 'kept';
      if (source.state === 'aborted' && (waits || target.state === 'aborted')) {
        if (killed !== from) throw new Error(`nobody runs it: ${said}`);
        return 'killed';
      }
      if (target.state === 'aborted' && source.state === 'teleported') {
        if (killed !== to) throw new Error(`nobody runs it: ${said}`);
        return 'killed';
      }
      return undefined;
    }, { timeout: PATIENCE, interval: 100 });
  }

  /** Switches the guest off where it runs, and judges all that it did. @returns how many sectors it wrote */
  async judge(place: Place): Promise<number> {
    const card = await this.home.testCard(place);
    const journal = await card.journalStop();
    const memory = await card.dirtyStop();
    await card.diskFlush();
    if (journal.errors > 0) throw new Error(`${journal.errors} sectors could not be written or read again`);
    if (memory.errors > 0) throw new Error(`${memory.errors} pages of memory are not as they must be`);
    await this.off(place);
    const image = await openImage(this.disk, { format: 'VDI', device: 'hdd', owner: 'a judge', readOnly: true });
    try {
      const sum = journalSum(await image.read(JOURNAL.first * 512, journal.count * 512), journal.count);
      if (sum !== journal.sum) throw new Error(`the disk's sum is ${sum.toString(16)}, the guest's ${journal.sum.toString(16)}`);
    } finally {
      await image.close();
    }
    this.checkImage();
    return journal.count;
  }

  async off(place: Place): Promise<void> {
    await this.home.client.request('POST /machines/{ref}/power-off', { path: { ref: place } });
    await this.home.untilState(place, 'poweroff', PATIENCE);
  }

  /** Ends the wait of a side that waits still. */
  async waitsNoLonger(place: Place): Promise<void> {
    if ((await this.state(place)).state === 'teleportingin') await this.off(place);
  }

  /** Switches off what runs or waits. */
  async allOff(): Promise<void> {
    for (const place of ['a', 'b'] as const) if (['running', 'paused', 'teleportingin'].includes((await this.state(place)).state)) await this.off(place);
  }

  /** @throws with what qemu-img finds wrong with the image; nothing is known where it is not installed */
  checkImage(): void {
    const { status, stdout, error } = spawnSync('qemu-img', ['check', '-f', 'vdi', this.disk], { encoding: 'utf8' });
    if (!error && status !== 0) throw new Error(`the image is damaged: ${stdout}`);
  }

  private get disk(): string {
    return join(this.home.folder, 'shared.vdi');
  }
}

/** What happens, and when: after so many bytes of the line have passed this way. */
export interface Fault {
  readonly way: 'toTarget' | 'toSource';
  readonly after: number;
  /** The line is cut, or a side's process is killed. */
  readonly what: 'cut' | 'source' | 'target';
}

/** Carries a line, and lets one fault happen on it; later lines are carried whole. */
export class FaultyRelay {
  readonly passed = { toTarget: 0, toSource: 0 };
  /** Whether it has happened. */
  happened = false;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly port: number,
    private readonly fault: Fault | undefined,
    private readonly strike: () => void,
  ) {}

  /** @param strike kills a process; a cut is made here */
  static async to(port: number, fault?: Fault, strike: () => void = () => undefined): Promise<FaultyRelay> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const relay = new FaultyRelay(server, port, fault, strike);
    server.on('connection', (near) => relay.carry(near));
    return relay;
  }

  get at(): number {
    return (this.server.address() as AddressInfo).port;
  }

  private carry(near: Socket): void {
    const far = connect(this.port, '127.0.0.1');
    const both = [near, far];
    const cut = (): void => both.forEach((socket) => socket.destroy());
    for (const socket of both) {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => (this.sockets.delete(socket), cut()));
    }
    this.pass(near, far, 'toTarget', cut);
    this.pass(far, near, 'toSource', cut);
  }

  private pass(from: Socket, to: Socket, way: Fault['way'], cut: () => void): void {
    from.on('end', () => to.end());
    from.on('data', (chunk: Buffer) => {
      const left = this.fault?.way === way && !this.happened ? this.fault.after - this.passed[way] : Infinity;
      this.passed[way] += chunk.length;
      if (chunk.length <= left) return void to.write(chunk);
      this.happened = true;
      if (this.fault!.what === 'cut') return void to.write(chunk.subarray(0, left), cut);
      this.strike();
      to.write(chunk);
    });
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }
}
