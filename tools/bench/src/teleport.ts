/**
 * Teleporting beside QEMU's live migration, in the same run: the same guest, as busy, of the same memory, with a disk that both sides share.
 *
 * Run: `node dist/teleport.js [--memory 256,1024] [--rates 0,10,50,200] [--turns 1] [--max-downtime 250] [--no-qemu]`.
 * The guest is the test card, which fills half of its memory and changes so many MiB of pages a second; afterwards it says whether a page
 * of it is not as it must be. The downtime of QEMU is from its source's STOP to its target's RESUME, by the host's clock.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { attachDvd, freePort, Home } from '@belvedere/acceptance';
import { TESTCARD_ISO, type TestCard } from '@belvedere/guests';
import { until } from '@belvedere/viewers';
import { median } from './median.js';
import { Qemu } from './qemu.js';

export interface Load {
  /** MiB. */
  readonly memory: number;
  /** MiB of pages a second. */
  readonly rate: number;
  /** Milliseconds that the guest may stand still. */
  readonly maxDowntime: number;
}

/** Milliseconds and bytes. */
export interface Move {
  readonly total: number;
  readonly downtime: number;
  readonly bytes: number;
  readonly rounds: number;
  readonly parts?: Readonly<Record<string, number>>;
  /** Pages of the guest that are not as they must be afterwards; of ours there is none, or the benchmark ends. */
  readonly wrong?: number;
  /** MiB of pages that the guest changed a second, before the move. */
  readonly dirtied: number;
}

const filled = (memory: number): number => memory / 2;

/** Fills the guest's memory and keeps it busy for a second. @returns what it changes, in MiB a second */
async function busy(card: TestCard, { memory, rate }: Load): Promise<number> {
  await card.dirtyStart(filled(memory), rate);
  const begin = performance.now();
  await new Promise((resolve) => setTimeout(resolve, 1000));
  const { pages, errors } = await card.dirtyStop();
  const seconds = (performance.now() - begin) / 1000;
  if (errors > 0) throw new Error(`${errors} pages were wrong before the move`);
  await card.dirtyStart(filled(memory), rate);
  return pages / 256 / seconds;
}

async function check(card: TestCard): Promise<void> {
  const { errors } = await card.dirtyStop();
  if (errors > 0) throw new Error(`${errors} pages are wrong after the move`);
}

export async function ours(load: Load): Promise<Move> {
  const home = new Home();
  try {
    const port = await freePort();
    await home.type('VBoxManage createhd --filename shared.vdi --size 64');
    for (const name of ['source', 'target']) {
      await home.type(`VBoxManage createvm --name ${name} --ostype Other --register`);
      await home.type(`VBoxManage modifyvm ${name} --memory ${load.memory} --vram 8 --nic1 none --boot1 dvd --uart1 0x3F8 4 --uartmode1 server "${home.serialPath(name)}"`);
      await attachDvd(home, name, TESTCARD_ISO);
      await home.type(`VBoxManage storageattach ${name} --storagectl "IDE Controller" --port 0 --device 0 --type hdd --medium shared.vdi`);
    }
    await home.type(`VBoxManage modifyvm target --teleporter on --teleporter-port ${port} --teleporter-address 127.0.0.1 --teleporter-password secret`);
    await home.type('VBoxManage startvm source --type headless');
    const dirtied = await busy(await home.testCard('source'), load);
    await home.type('VBoxManage startvm target --type headless');
    const { downtime, total, bytes, rounds, parts } = await home.client.request('POST /machines/{ref}/teleport', { path: { ref: 'source' }, body: { host: '127.0.0.1', port, password: 'secret', maxDowntime: load.maxDowntime } });
    await home.untilState('target', 'running');
    await check(await home.testCard('target'));
    return { downtime, total, bytes, rounds, parts: { ...parts }, dirtied };
  } finally {
    await home.close();
  }
}

interface Migration {
  readonly status: string;
  readonly 'error-desc'?: string;
  readonly ram: { readonly transferred: number; readonly 'dirty-sync-count': number };
}

export async function qemus(load: Load): Promise<Move> {
  const home = new Home();
  const started: Qemu[] = [];
  try {
    const disk = join(home.folder, 'shared.raw');
    spawnSync('truncate', ['-s', '64M', disk]);
    const port = await freePort();
    const options = ['-m', String(load.memory), '-cdrom', TESTCARD_ISO, '-boot', 'd', '-drive', `file=${disk},format=raw,if=ide`];
    const source = await Qemu.start(home.folder, 'source', options);
    started.push(source);
    const card = await source.card();
    await card.ready();
    const dirtied = await busy(card, load);
    const target = await Qemu.start(home.folder, 'target', [...options, '-incoming', `tcp:127.0.0.1:${port}`]);
    started.push(target);
    // As fast as it can, and a guest that is too busy is slowed down, as ours is.
    await source.ask('migrate-set-capabilities', { capabilities: [{ capability: 'auto-converge', state: true }] });
    await source.ask('migrate-set-parameters', { 'max-bandwidth': 10 * 1024 ** 3, 'downtime-limit': load.maxDowntime });
    const begin = Date.now();
    await source.ask('migrate', { uri: `tcp:127.0.0.1:${port}` });
    const { ram } = await until('the end of the migration', async () => {
      const migration = await source.ask<Migration>('query-migrate');
      if (migration.status === 'failed') throw new Error(migration['error-desc'] ?? 'the migration failed');
      return migration.status === 'completed' ? migration : undefined;
    }, { timeout: 300_000, interval: 20 });
    const [stopped, resumed] = [await source.event('STOP'), await target.event('RESUME')];
    const there = await target.card();
    const { errors: wrong } = await there.dirtyStop();
    return { wrong, downtime: resumed.at - stopped.at, total: resumed.at - begin, bytes: ram.transferred, rounds: ram['dirty-sync-count'], dirtied };
  } finally {
    for (const qemu of started) await qemu.end();
    await home.close();
  }
}

const MiB = 1024 * 1024;
const show = (name: string, { total, downtime, bytes, rounds, parts, dirtied, wrong = 0 }: Move): string =>
  `  ${name.padEnd(10)} total ${total.toFixed(0).padStart(6)} ms, downtime ${downtime.toFixed(0).padStart(4)} ms, ${(bytes / MiB).toFixed(0).padStart(5)} MiB, ${rounds} rounds, the guest changed ${dirtied.toFixed(0)} MiB/s${parts ? `, stood still for ${Object.entries(parts).map(([part, time]) => `${part} ${time}`).join(', ')} ms` : ''}${wrong > 0 ? `; ${wrong} PAGES ARE WRONG AFTERWARDS` : ''}\n`;

/** The move of the middle downtime. */
const middle = (moves: readonly Move[]): Move => {
  const wanted = median(moves.map(({ downtime }) => downtime));
  return [...moves].sort((a, b) => Math.abs(a.downtime - wanted) - Math.abs(b.downtime - wanted))[0]!;
};

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({
    options: { memory: { type: 'string', default: '256,1024' }, rates: { type: 'string', default: '0,10,50,200' }, turns: { type: 'string', default: '1' }, 'max-downtime': { type: 'string', default: '250' }, 'no-qemu': { type: 'boolean', default: false } },
  });
  const maxDowntime = Number(values['max-downtime']);
  for (const memory of values.memory.split(',').map(Number)) {
    for (const rate of values.rates.split(',').map(Number)) {
      const load: Load = { memory, rate, maxDowntime };
      process.stdout.write(`${memory} MiB, ${filled(memory)} of them full, ${rate === 0 ? 'idle' : `${rate} MiB/s`}, ${maxDowntime} ms asked for:\n`);
      const [mine, peers]: Move[][] = [[], []];
      for (let turn = 0; turn < Number(values.turns); turn++) {
        mine!.push(await ours(load));
        if (!values['no-qemu']) peers!.push(await qemus(load));
      }
      process.stdout.write(show('Belvedere', middle(mine!)));
      if (peers!.length) process.stdout.write(show('QEMU', middle(peers!)));
    }
  }
}
