import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';

jest.setTimeout(120_000);

const program = fileURLToPath(new URL('./testing/side.main.js', import.meta.url));
interface Said {
  readonly port?: number;
  readonly phase?: string;
  readonly outcome?: string;
  readonly runs?: boolean;
  readonly kept?: readonly string[];
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
let sides: Side[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'teleport-'));
  await writeFile(join(folder, 'disk.vdi'), 'an image');
  sides = [];
});
afterEach(async () => {
  await Promise.all(sides.map((side) => side.kill()));
  await rm(folder, { recursive: true });
});

const start = (...words: readonly string[]): Side => {
  const side = new Side(...words);
  sides.push(side);
  return side;
};

/** Starts both; a side that is given a step kills itself there. */
async function move(steps: { readonly source?: string; readonly target?: string }): Promise<{ source: Side; target: Side; port: string }> {
  const target = start('target', folder, '0', steps.target ?? '-');
  const port = String((await target.says((said) => said.port !== undefined)).port);
  return { source: start('source', folder, port, steps.source ?? '-'), target, port };
}

const has = (said: Said): boolean => said.outcome !== undefined;

test.each(['prepare', 'write', 'write+', 'finish', 'finish+', 'lock', 'lock+'])('the target is killed at "%s": the machine runs on at the source', async (step) => {
  const { source, target } = await move({ target: step });
  expect(await source.says(has)).toEqual({ outcome: 'here', runs: true, kept: [], problems: [] });
  await target.gone;
});

test('the target is killed between the decision and the first instruction: the state is kept on disk', async () => {
  const { source } = await move({ target: 'resume' });
  expect(await source.says(has)).toEqual({ outcome: 'there', runs: false, kept: ['source'], problems: [] });
});

test.each(['earlyDeviceState', 'readPages', 'pause+', 'flush'])('the source is killed at "%s", before the target has the machine: the target waits for the next', async (step) => {
  const { source, target, port } = await move({ source: step });
  await source.gone;
  await target.saysLast((said) => said.phase === 'waiting');
  expect(await start('source', folder, port, '-').says(has)).toMatchObject({ outcome: 'there', runs: false });
  expect(await target.says(has)).toEqual({ outcome: 'here', runs: true, kept: [], problems: [] });
});

test.each(['unlock', 'unlock+'])('the source is killed at "%s", when the target has the machine: it runs there', async (step) => {
  const { target } = await move({ source: step });
  expect(await target.says(has)).toEqual({ outcome: 'here', runs: true, kept: [], problems: [] });
});
