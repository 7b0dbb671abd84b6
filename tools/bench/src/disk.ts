/**
 * A VDI beside the raw file, both by the interface that an engine has of a disk, in the same run; and how a dynamic image of 1 TB opens.
 *
 * Run: `node dist/disk.js [--megabytes 256] [--turns 16] [--folder PATH]`. A guest's controller has one request at a time under way, of one sector to 1 MiB, and
 * flushes now and then; so does this. Each pass is measured whole, with the flush that ends its writes and with every stall in between. In each turn both sides make the
 * pass, one right after the other, in changing order; their times are compared within the turn. Whoever is second in a turn may find the host busy with what the first has left, so two turns, one in each order, are one
 * comparison (the geometric mean of their shares), and of those the median counts. First writes to a
 * new image, which must find room for it, are passes of their own; cold reads begin with nothing of the file in the host's cache. What was read is verified: against what was written, and
 * in the end all bytes of the two disks against each other.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { type BlockDevice, createVdi, openImage } from '@belvedere/disk';
import { median } from './median.js';

export interface DiskFigure {
  readonly what: string;
  /** MB (10^6 bytes) a second, in the median of the turns. */
  readonly raw: number;
  readonly vdi: number;
  /** The VDI's speed as a share of the raw file's, in two turns of changed order: the median of all such pairs, the least and the most. */
  readonly share: number;
  readonly least: number;
  readonly most: number;
}

export interface OpeningFigure {
  /** Milliseconds. */
  readonly opened: number;
  /** Bytes. */
  readonly memory: number;
}

const KiB = 1024;
const MiB = 1024 * KiB;

/** One pass over the disk, or over places all over it. */
interface Pass {
  readonly what: string;
  readonly does: 'read' | 'write';
  /** Bytes of a request. */
  readonly size: number;
  /** At the most: the disk may have fewer places. */
  readonly requests: number;
  /** At places all over the disk; without, in order from its beginning. */
  readonly scattered?: true;
  /** On an image that was just made. */
  readonly fresh?: true;
  /** With nothing of the file in the host's cache. */
  readonly cold?: true;
}

const passes: readonly Pass[] = [
  { what: 'first writes in order, 4 KiB', does: 'write', size: 4 * KiB, requests: 4000, fresh: true },
  { what: 'first writes in order, 128 KiB', does: 'write', size: 128 * KiB, requests: 1000, fresh: true },
  { what: 'first writes in order, 1 MiB', does: 'write', size: MiB, requests: 256, fresh: true },
  { what: 'first writes all over, 4 KiB', does: 'write', size: 4 * KiB, requests: 2000, scattered: true, fresh: true },
  { what: 'writes in order, 4 KiB', does: 'write', size: 4 * KiB, requests: 4000 },
  { what: 'writes in order, 128 KiB', does: 'write', size: 128 * KiB, requests: 1000 },
  { what: 'writes in order, 1 MiB', does: 'write', size: MiB, requests: 256 },
  { what: 'writes all over, 4 KiB', does: 'write', size: 4 * KiB, requests: 4000, scattered: true },
  { what: 'reads in order, 4 KiB', does: 'read', size: 4 * KiB, requests: 4000 },
  { what: 'reads in order, 128 KiB', does: 'read', size: 128 * KiB, requests: 1000 },
  { what: 'reads in order, 1 MiB', does: 'read', size: MiB, requests: 256 },
  { what: 'reads all over, 4 KiB', does: 'read', size: 4 * KiB, requests: 4000, scattered: true },
  { what: 'cold reads in order, 128 KiB', does: 'read', size: 128 * KiB, requests: 1000, cold: true },
  { what: 'cold reads all over, 4 KiB', does: 'read', size: 4 * KiB, requests: 1000, scattered: true, cold: true },
];

/** Bytes that tell where they belong, which pass wrote them last, and are nowhere zero. */
function bytesOf(offset: number, length: number, mark: number): Uint8Array {
  const words = new Uint32Array(length / 4);
  for (let i = 0; i < words.length; i++) words[i] = (Math.imul(offset / 4 + i, 2654435761) ^ (mark * 0x01010101)) | 0x80000001;
  return new Uint8Array(words.buffer);
}

/** Places of a pass's requests, in their order; each at most once. */
function offsetsOf({ size, requests, scattered }: Pass, diskSize: number): number[] {
  const places = Math.floor(diskSize / size);
  return Array.from({ length: Math.min(requests, places) }, (_, i) => (scattered ? (i * 7919 + 13) % places : i) * size);
}

const sides = ['raw', 'vdi'] as const;
type Side = (typeof sides)[number];

/** The two disks of a run, and what must be on them. */
class Disks {
  private devices: Partial<Record<Side, BlockDevice>> = {};
  private readonly expected: Uint8Array;
  private number = 0;

  constructor(
    readonly folder: string,
    readonly size: number,
  ) {
    this.expected = new Uint8Array(size);
  }

  async renew(): Promise<void> {
    await this.remove();
    this.number++;
    writeFileSync(this.path('raw'), '');
    truncateSync(this.path('raw'), this.size);
    await createVdi(this.path('vdi'), { size: this.size });
    this.devices = { raw: await openImage(this.path('raw'), { format: 'RAW' }), vdi: await openImage(this.path('vdi')) };
    this.expected.fill(0);
  }

  async remove(): Promise<void> {
    for (const side of sides) {
      await this.devices[side]?.close();
      rmSync(this.path(side), { force: true });
    }
    this.devices = {};
  }

  /** Milliseconds of one side's pass, its flush included. */
  async time(side: Side, pass: Pass, offsets: readonly number[], data: readonly Uint8Array[]): Promise<number> {
    const device = this.devices[side]!;
    if (pass.cold) {
      await device.flush();
      dropCache(this.path(side));
    }
    const read: Uint8Array[] = [];
    const start = performance.now();
    if (pass.does === 'read') for (const offset of offsets) read.push(await device.read(offset, pass.size));
    else {
      for (const [index, offset] of offsets.entries()) await device.write(offset, data[index]!);
      await device.flush();
    }
    const elapsed = performance.now() - start;
    for (const [index, bytes] of read.entries()) {
      const offset = offsets[index]!;
      if (Buffer.compare(bytes, this.expected.subarray(offset, offset + bytes.length)) !== 0) throw new Error(`${pass.what}, ${side}: wrong bytes at ${offset}`);
    }
    return elapsed;
  }

  written(offsets: readonly number[], data: readonly Uint8Array[]): void {
    for (const [index, offset] of offsets.entries()) this.expected.set(data[index]!, offset);
  }

  /** @throws Error when a disk holds anything but what was written to it */
  async verify(): Promise<void> {
    const wanted = createHash('sha256').update(this.expected).digest('hex');
    for (const side of sides) if ((await digest(this.devices[side]!)) !== wanted) throw new Error(`the ${side} disk does not hold what was written to it`);
  }

  private path(side: Side): string {
    return join(this.folder, `${this.number}.${side}`);
  }
}

/** Makes the host forget what it has of a file: GNU dd asks for that with posix_fadvise. @throws Error where it cannot be asked */
function dropCache(path: string): void {
  const { status, stderr } = spawnSync('dd', [`if=${path}`, 'iflag=nocache', 'count=0'], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`cold reads need GNU dd: ${stderr}`);
}

/** @param megabytes of the disk, in MiB; @param turns of both sides, in each pass: an even number */
export async function diskFigures(megabytes: number, turns: number, parent = tmpdir()): Promise<DiskFigure[]> {
  const disks = new Disks(mkdtempSync(join(parent, 'belvedere-bench-disk-')), megabytes * MiB);
  try {
    const times = passes.map((): Record<Side, number[]> => ({ raw: [], vdi: [] }));
    for (let turn = 0; turn < turns; turn++) {
      for (const [index, pass] of passes.entries()) {
        if (pass.fresh) await disks.renew();
        else if (passes[index - 1]?.fresh) await fillBoth(disks);
        const offsets = offsetsOf(pass, disks.size);
        const data = pass.does === 'write' ? offsets.map((offset) => bytesOf(offset, pass.size, turn * passes.length + index)) : [];
        for (const side of (turn + index) % 2 ? (['vdi', 'raw'] as const) : sides) times[index]![side].push(await disks.time(side, pass, offsets, data));
        if (pass.does === 'write') disks.written(offsets, data);
        if (pass.fresh) await disks.verify();
      }
      await disks.verify();
    }
    return passes.map((pass, index) => figureOf(pass, times[index]!, offsetsOf(pass, disks.size).length * pass.size));
  } finally {
    await disks.remove();
    rmSync(disks.folder, { recursive: true, force: true });
  }
}

/** Every block of both disks has its place from here on. */
async function fillBoth(disks: Disks): Promise<void> {
  const pass: Pass = { what: 'filling', does: 'write', size: MiB, requests: Infinity };
  const offsets = offsetsOf(pass, disks.size);
  const data = offsets.map((offset) => bytesOf(offset, MiB, 255));
  for (const side of sides) await disks.time(side, pass, offsets, data);
  disks.written(offsets, data);
}

function figureOf({ what }: Pass, { raw, vdi }: Readonly<Record<Side, readonly number[]>>, bytes: number): DiskFigure {
  const turns = raw.map((time, turn) => time / vdi[turn]!);
  const shares = turns.flatMap((share, turn) => (turn % 2 ? [Math.sqrt(share * turns[turn - 1]!)] : []));
  return { what, raw: bytes / median(raw) / 1000, vdi: bytes / median(vdi) / 1000, share: median(shares), least: Math.min(...shares), most: Math.max(...shares) };
}

async function digest(device: BlockDevice): Promise<string> {
  const hash = createHash('sha256');
  for (let at = 0; at < device.size; at += 1 << 20) hash.update(await device.read(at, Math.min(1 << 20, device.size - at)));
  return hash.digest('hex');
}

/** Opens a dynamic image of 1 TB that has been written in a few places, several times; the fastest counts. */
export async function opening(parent = tmpdir()): Promise<OpeningFigure> {
  const folder = mkdtempSync(join(parent, 'belvedere-bench-disk-'));
  try {
    const path = join(folder, 'terabyte.vdi');
    await createVdi(path, { size: 2 ** 40 });
    const writer = await openImage(path);
    for (let i = 0; i < 16; i++) await writer.write(i * 2 ** 36, bytesOf(i * 2 ** 36, 4 * KiB, 1));
    await writer.close();
    let opened = Infinity;
    let memory = 0; // the largest: what is collected meanwhile only ever lowers one
    for (let i = 0; i < 10; i++) {
      const before = process.memoryUsage().arrayBuffers;
      const start = performance.now();
      const image = await openImage(path);
      opened = Math.min(opened, performance.now() - start);
      memory = Math.max(memory, process.memoryUsage().arrayBuffers - before);
      if (Buffer.compare(await image.read(15 * 2 ** 36, 4 * KiB), bytesOf(15 * 2 ** 36, 4 * KiB, 1)) !== 0) throw new Error('the image of 1 TB reads wrong');
      await image.close();
    }
    return { opened, memory };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({ options: { megabytes: { type: 'string', default: '256' }, turns: { type: 'string', default: '16' }, folder: { type: 'string', default: tmpdir() } } });
  const [megabytes, turns] = [Number(values.megabytes), Number(values.turns)];
  if (!(Number.isInteger(megabytes) && megabytes >= 1 && megabytes <= 4096)) throw new RangeError(`--megabytes ${values.megabytes}: give a whole number from 1 to 4096`);
  if (!(Number.isInteger(turns / 2) && turns >= 2 && turns <= 100)) throw new RangeError(`--turns ${values.turns}: give an even number from 2 to 100`);
  const load = (): string => loadavg()[0]!.toFixed(1);
  console.log(`${megabytes} MiB, ${turns} turns; the host's load is ${load()}`);
  for (const { what, raw, vdi, share, least, most } of await diskFigures(megabytes, turns, values.folder)) {
    console.log(`${share.toFixed(2)} of raw (${least.toFixed(2)} to ${most.toFixed(2)}): ${vdi.toFixed(0).padStart(5)} MB/s beside ${raw.toFixed(0).padStart(5)} MB/s  ${what}`);
  }
  console.log(`the host's load is ${load()}`);
  const { opened, memory } = await opening(values.folder);
  console.log(`a dynamic image of 1 TB opens in ${opened.toFixed(1)} ms, with ${(memory / 2 ** 20).toFixed(1)} MiB`);
}
