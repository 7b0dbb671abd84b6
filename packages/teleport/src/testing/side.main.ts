/**
 * One side of a move in a process of its own, so that it can be killed: `node side.main.js target FOLDER PORT STEP`, or `source` with the
 * target's port. At the step it kills itself, as nothing else can so exactly; `-` is none. Says what happens as lines of JSON.
 * The machine's disk is a file, locked by the process that holds it.
 */
import { readFileSync } from 'node:fs';
import { link, unlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { PAGE_SIZE } from '../ports.js';
import { teleport } from '../source.js';
import { SharedImages } from '../storage/shared-images.js';
import { awaitMachine } from '../waiting.js';
import { describe, FakeDestination, FakeDisks, FakeMachine, Stage, storage } from './fake-machine.js';
import { QUICK } from './pair.js';

const [side, folder, port, lastStep] = process.argv.slice(2) as ['source' | 'target', string, string, string];
const PAGES = 24;
const say = (line: Record<string, unknown>): void => void process.stdout.write(`${JSON.stringify(line)}\n`);

/** What is done, unless it is the step to die at: before it, or with a `+` after it. */
async function step<T>(name: string, action: () => Promise<T>): Promise<T> {
  if (name === lastStep) await die();
  const result = await action();
  if (`${name}+` === lastStep) await die();
  return result;
}

function die(): Promise<never> {
  process.kill(process.pid, 'SIGKILL');
  return new Promise(() => {});
}

/** The same, with every method a step of its own name. */
const stepwise = <T extends object>(target: T): T =>
  new Proxy(target, {
    get(of, name) {
      const value: unknown = Reflect.get(of, name, of);
      return typeof value === 'function' ? (...given: unknown[]) => step(String(name), () => Reflect.apply(value, of, given) as Promise<unknown>) : value;
    },
  });

const stage = new Stage();
stage.holder = undefined;

/** The lock as a file that says which process holds it; one that is gone does not count. */
class FileLock extends FakeDisks {
  private readonly file = join(folder, 'lock');
  private readonly mine = join(folder, `lock-${process.pid}`);

  override async lock(): Promise<void> {
    if (stage.holder === side) return;
    await writeFile(this.mine, String(process.pid));
    for (;;) {
      const made = await link(this.mine, this.file).then(() => true, () => false);
      if (made) break;
      const holder = Number(readFileSync(this.file, 'utf8'));
      if (isAlive(holder)) throw new Error(`in use by process ${holder}`);
      await unlink(this.file);
    }
    stage.holder = side;
  }

  override async unlock(): Promise<void> {
    if (stage.holder !== side) return;
    stage.holder = undefined;
    await unlink(this.file);
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

const disks = stepwise(new FileLock(stage, side));
const shared = storage(disks, await SharedImages.of([{ slot: 'ide0-0', path: join(folder, 'disk.vdi') }]));
const common = { storage: shared, description: describe(PAGES), password: 'secret', limits: { ...QUICK, connect: 5000, linger: 500 } };

if (side === 'target') {
  const destination = stepwise(new FakeDestination(stage));
  const waiting = await awaitMachine({ ...common, destination, address: '127.0.0.1', port: 0, progress: ({ phase }) => say({ phase }) });
  say({ port: waiting.port });
  say({ outcome: (await waiting.outcome).where, runs: stage.running.has('target'), kept: [...stage.kept], problems: stage.problems });
} else {
  await new FileLock(stage, side).lock();
  const machine = new FakeMachine(stage, { pages: PAGES, guest: (memory) => memory.fill(3, 0, PAGE_SIZE) });
  for (let at = 0; at < machine.memory.length / 2; at++) machine.memory[at] = (at * 7919) >>> (at % 13);
  const outcome = await teleport({ ...common, machine: stepwise(machine), host: '127.0.0.1', port: Number(port) });
  say({ outcome: outcome.where, runs: stage.running.has('source'), kept: [...stage.kept], problems: stage.problems });
}
// The machine, if it runs here, runs until this process is killed.
setInterval(() => {}, 60_000);
