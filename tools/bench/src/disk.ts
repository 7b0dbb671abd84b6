/**
 * A VDI beside the raw file, both by the interface that an engine has of a disk, in the same run; and how a dynamic image of 1 TB opens.
 *
 * Run: `node dist/disk.js [--megabytes 256] [--turns 7] [--folder PATH]`. Raw and VDI take turns, some requests each, one at a time as a guest's controller
 * has it, and in the end of writes the flush. Of the same requests the fastest turns are compared, because other work on the host only ever slows one.
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

/** Requests that one side has before it is the other's turn. */
const slice = 50;

/** What a pass is measured in: some requests, or the flush that ends the writes. */
function slicesOf({ writes, requests }: Pass): (readonly Request[] | 'flush')[] {
  const slices = Array.from({ length: Math.ceil(requests.length / slice) }, (_, i) => requests.slice(i * slice, (i + 1) * slice));
  return writes ? [...slices, 'flush'] : slices;
}

/** Milliseconds of some requests. */
async function run(device: BlockDevice, { what, writes }: Pass, requests: readonly Request[] | 'flush'): Promise<number> {
  const read: Uint8Array[] = [];
  const start = performance.now();
  if (requests === 'flush') await device.flush();
  else if (writes) for (const { offset, data } of requests) await device.write(offset, data);
  else for (const { offset, data } of requests) read.push(await device.read(offset, data.length));
  const elapsed = performance.now() - start;
  if (requests === 'flush' || writes) return elapsed;
  for (const [index, { offset, data }] of requests.entries()) if (Buffer.compare(read[index]!, data) !== 0) throw new Error(`${what}: wrong bytes at ${offset}`);
  return elapsed;
}

type Side = 'raw' | 'vdi';

/** @param megabytes of the disk, in MiB; @param turns of each side */
export async function diskFigures(megabytes: number, turns: number, parent = tmpdir()): Promise<DiskFigure[]> {
  const folder = mkdtempSync(join(parent, 'belvedere-bench-disk-'));
  const size = megabytes * 1024 * KiB;
  const all = passes(size).map((pass) => ({ pass, slices: slicesOf(pass).map((requests) => ({ requests, best: { raw: Infinity, vdi: Infinity } })) }));
  try {
    for (let turn = 0; turn < turns; turn++) {
      const raw = join(folder, `${turn}.img`);
      const vdi = join(folder, `${turn}.vdi`);
      writeFileSync(raw, '');
      truncateSync(raw, size);
      await createVdi(vdi, { size });
      const devices = { raw: await openImage(raw, { format: 'RAW' }), vdi: await openImage(vdi) };
      for (const { pass, slices } of all) {
        for (const [index, { requests, best }] of slices.entries()) {
          const order: readonly Side[] = (turn + index) % 2 ? ['vdi', 'raw'] : ['raw', 'vdi'];
          for (const side of order) best[side] = Math.min(best[side], await run(devices[side], pass, requests));
        }
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
  return all.map(({ pass: { what, requests }, slices }) => {
    const bytes = requests.reduce((sum, { data }) => sum + data.length, 0);
    const [raw, vdi] = (['raw', 'vdi'] as const).map((side) => slices.reduce((sum, { best }) => sum + best[side], 0)) as [number, number];
    return { what, raw: bytes / raw / 1000, vdi: bytes / vdi / 1000, share: raw / vdi };
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
