/**
 * A VDI beside the raw file, both by the interface that an engine has of a disk, in the same run; and how a dynamic image of 1 TB opens.
 *
 * Run: `node dist/disk.js [--megabytes 256] [--turns 7] [--folder PATH]`. Raw and VDI take turns, one request at a time as a guest's controller has
 * it, each turn of writes with the flush that ends it; the fastest turns are compared, because other work on the host only ever slows one.
 * What was read is verified: against what was written, and in the end all bytes of the two disks against each other.
 */
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { type BlockDevice, createVdi, openImage } from '@belvedere/disk';

export interface DiskFigure {
  readonly what: string;
  /** MB (10^6 bytes) a second. */
  readonly raw: number;
  readonly vdi: number;
  /** The VDI's speed as a share of the raw file's. */
  readonly share: number;
}

export interface OpeningFigure {
  /** Milliseconds. */
  readonly opened: number;
  /** Bytes. */
  readonly memory: number;
}

const KiB = 1024;
const sequential = 128 * KiB;
const random = 4 * KiB;
/** Requests of a turn of random ones. */
const randomRequests = 4000;

/** One request's place on the disk, and its bytes. */
interface Request {
  readonly offset: number;
  readonly data: Uint8Array;
}

interface Pass {
  readonly what: string;
  readonly writes: boolean;
  readonly requests: readonly Request[];
}

/** Bytes that tell where they belong, in which turn they were written, and are nowhere zero. */
function bytesOf(offset: number, length: number, turn: number): Uint8Array {
  const words = new Uint32Array(length / 4);
  for (let i = 0; i < words.length; i++) words[i] = (Math.imul(offset / 4 + i, 2654435761) ^ (turn * 0x01010101)) | 0x80000001;
  return new Uint8Array(words.buffer);
}

function passes(size: number): Pass[] {
  const inOrder = Array.from({ length: size / sequential }, (_, i) => ({ offset: i * sequential, data: bytesOf(i * sequential, sequential, 1) }));
  // Each 4 KiB of the disk once before any comes again.
  const step = size / random;
  const scattered = Array.from({ length: Math.min(randomRequests, step) }, (_, i) => ((i * 7919 + 13) % step) * random);
  const again = scattered.map((offset) => ({ offset, data: bytesOf(offset, random, 2) }));
  return [
    { what: 'sequential writes to a new image, 128 KiB', writes: true, requests: inOrder },
    { what: 'sequential writes, 128 KiB', writes: true, requests: inOrder },
    { what: 'sequential reads, 128 KiB', writes: false, requests: inOrder },
    { what: 'random writes, 4 KiB', writes: true, requests: again },
    { what: 'random reads, 4 KiB', writes: false, requests: again },
  ];
}

/** Milliseconds of all requests of a pass. */
async function run(device: BlockDevice, { what, writes, requests }: Pass): Promise<number> {
  const start = performance.now();
  if (writes) {
    for (const { offset, data } of requests) await device.write(offset, data);
    await device.flush();
    return performance.now() - start;
  }
  const read: Uint8Array[] = [];
  for (const { offset, data } of requests) read.push(await device.read(offset, data.length));
  const elapsed = performance.now() - start;
  for (const [index, { offset, data }] of requests.entries()) if (Buffer.compare(read[index]!, data) !== 0) throw new Error(`${what}: wrong bytes at ${offset}`);
  return elapsed;
}

/** @param megabytes of the disk, in MiB; @param turns of each side */
export async function diskFigures(megabytes: number, turns: number, parent = tmpdir()): Promise<DiskFigure[]> {
  const folder = mkdtempSync(join(parent, 'belvedere-bench-disk-'));
  const size = megabytes * 1024 * KiB;
  const best = new Map<Pass, { raw: number; vdi: number }>();
  const all = passes(size);
  try {
    for (let turn = 0; turn < turns; turn++) {
      const raw = join(folder, `${turn}.img`);
      const vdi = join(folder, `${turn}.vdi`);
      writeFileSync(raw, '');
      truncateSync(raw, size);
      await createVdi(vdi, { size });
      const devices = { raw: await openImage(raw, { format: 'RAW' }), vdi: await openImage(vdi) };
      // Who goes first changes with each turn: the host writes back meanwhile what the other left.
      const order = turn % 2 ? (['vdi', 'raw'] as const) : (['raw', 'vdi'] as const);
      for (const pass of all) {
        const times = best.get(pass) ?? { raw: Infinity, vdi: Infinity };
        for (const side of order) times[side] = Math.min(times[side], await run(devices[side], pass));
        best.set(pass, times);
      }
      if ((await digest(devices.raw)) !== (await digest(devices.vdi))) throw new Error('the two disks differ');
      for (const [path, device] of [[raw, devices.raw], [vdi, devices.vdi]] as const) {
        await device.close();
        rmSync(path);
      }
    }
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
  return [...best].map(([{ what, requests }, times]) => {
    const bytes = requests.reduce((sum, { data }) => sum + data.length, 0);
    const speed = (milliseconds: number): number => bytes / milliseconds / 1000;
    return { what, raw: speed(times.raw), vdi: speed(times.vdi), share: times.raw / times.vdi };
  });
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
    for (let i = 0; i < 16; i++) await writer.write(i * 2 ** 36, bytesOf(i * 2 ** 36, random, 1));
    await writer.close();
    let opened = Infinity;
    let memory = 0; // the largest: what is collected meanwhile only ever lowers one
    for (let i = 0; i < 10; i++) {
      const before = process.memoryUsage().arrayBuffers;
      const start = performance.now();
      const image = await openImage(path);
      opened = Math.min(opened, performance.now() - start);
      memory = Math.max(memory, process.memoryUsage().arrayBuffers - before);
      if (Buffer.compare(await image.read(15 * 2 ** 36, random), bytesOf(15 * 2 ** 36, random, 1)) !== 0) throw new Error('the image of 1 TB reads wrong');
      await image.close();
    }
    return { opened, memory };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({ options: { megabytes: { type: 'string', default: '256' }, turns: { type: 'string', default: '7' }, folder: { type: 'string', default: tmpdir() } } });
  const [megabytes, turns] = [Number(values.megabytes), Number(values.turns)];
  if (!(Number.isInteger(megabytes) && megabytes >= 1 && megabytes <= 4096)) throw new RangeError(`--megabytes ${values.megabytes}: give a whole number from 1 to 4096`);
  if (!(Number.isInteger(turns) && turns >= 1 && turns <= 100)) throw new RangeError(`--turns ${values.turns}: give a whole number from 1 to 100`);
  for (const { what, raw, vdi, share } of await diskFigures(megabytes, turns, values.folder)) {
    console.log(`${share.toFixed(2)} of raw: ${vdi.toFixed(0).padStart(5)} MB/s (raw ${raw.toFixed(0)} MB/s)  ${what}`);
  }
  const { opened, memory } = await opening(values.folder);
  console.log(`a dynamic image of 1 TB opens in ${opened.toFixed(1)} ms, with ${(memory / 2 ** 20).toFixed(1)} MiB`);
}
