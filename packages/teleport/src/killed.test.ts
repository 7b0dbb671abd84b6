import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { type Cut, CutRelay } from './testing/cut-relay.js';

const program = fileURLToPath(new URL('./testing/side.main.js', import.meta.url));
interface Said {
  readonly port?: number;
  readonly phase?: string;
  readonly outcome?: string;
  readonly runs?: boolean;
  readonly problems?: readonly string[];
}

/** A side in a process of its own, and what it says. */
class Side {
  private readonly said: Said[] = [];
  private waiting: (() => void)[] = [];
  readonly gone: Promise<void>;
  readonly process: ChildProcess;

  constructor(...words: readonly string[]) {
    this.process = spawn(process.execPath, [program, ...words], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.gone = new Promise((resolve) => this.process.once('exit', () => resolve()));
    createInterface({ input: this.process.stdout! }).on('line', (line) => {
      this.said.push(JSON.parse(line) as Said);
      this.waiting.splice(0).forEach((wake) => wake());
    });
  }

  async says(wanted: (said: Said) => boolean): Promise<Said> {
    for (;;) {
      const found = this.said.find(wanted);
      if (found) return found;
      await new Promise<void>((resolve) => this.waiting.push(resolve));
    }
  }

  /** Has said it last. */
  async saysLast(wanted: (said: Said) => boolean): Promise<void> {
    while (!wanted(this.said.at(-1)!)) await new Promise<void>((resolve) => this.waiting.push(resolve));
  }

  async kill(): Promise<void> {
    this.process.kill('SIGKILL');
    await this.gone;
  }
}

let folder: string;
/** Bytes of a move without a fault. */
let passed: CutRelay['passed'];
let sides: Side[];
const makeFolder = async (): Promise<void> => {
  folder = await mkdtemp(join(tmpdir(), 'teleport-'));
  await writeFile(join(folder, 'disk.vdi'), 'an image');
  sides = [];
};
const clear = async (): Promise<void> => {
  await Promise.all(sides.map((side) => side.kill()));
  await rm(folder, { recursive: true });
};
beforeEach(makeFolder);
afterEach(clear);

beforeAll(async () => {
  await makeFolder();
  const target = start('target', folder);
  const relay = await CutRelay.to((await target.says((said) => said.port !== undefined)).port!);
  await start('source', folder, String(relay.port)).says(has);
  ({ passed } = relay);
  await relay.close();
  await clear();
}, 12_000);

const start = (...words: readonly string[]): Side => {
  const side = new Side(...words);
  sides.push(side);
  return side;
};

/** Starts both; when the line has carried `cut.after` bytes, `victim` is killed. */
async function killAt(cut: Cut, victim: 'source' | 'target'): Promise<{ source: Side; target: Side }> {
  const target = start('target', folder);
  const { port } = await target.says((said) => said.port !== undefined);
  let source: Side | undefined = undefined;
  const relay = await CutRelay.to(port!, { ...cut, before: () => (victim === 'source' ? source! : target).kill() });
  source = start('source', folder, String(relay.port));
  await (victim === 'source' ? source : target).gone;
  await relay.close();
  return { source, target };
}

const has = (said: Said): boolean => said.outcome !== undefined;

test.each([
  ['toTarget', 0.1],
  ['toTarget', 0.7],
  ['toSource', 0.8],
] as const)('the target is killed (%s, %d of the way): the machine runs on at the source', async (way, share) => {
  const { source } = await killAt({ way, after: Math.floor(share * passed[way]), forGood: true }, 'target');
  expect(await source.says(has)).toEqual({ outcome: 'here', runs: true, problems: [] });
}, 12_000);

test('the source is killed while the target does not have the machine: it is over, and the target waits for the next', async () => {
  const { target } = await killAt({ way: 'toTarget', after: Math.floor(0.5 * passed.toTarget), forGood: true }, 'source');
  const { port } = await target.says((said) => said.port !== undefined);
  await target.saysLast((said) => said.phase === 'waiting');
  expect(await start('source', folder, String(port)).says(has)).toMatchObject({ outcome: 'there', runs: false });
  expect(await target.says(has)).toEqual({ outcome: 'here', runs: true, problems: [] });
}, 12_000);

test('the source is killed when the target has said that it is ready: the machine runs there', async () => {
  // The target's last two messages, `ready` and `runs`, are a record of their own each, of more than 20 bytes.
  const { target } = await killAt({ way: 'toSource', after: passed.toSource - 20, forGood: true }, 'source');
  expect(await target.says(has)).toEqual({ outcome: 'here', runs: true, problems: [] });
}, 12_000);
