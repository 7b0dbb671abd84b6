/**
 * Hostile images: good ones of every format, damaged at random where it hurts, opened and read. Each is refused with an `ImageError`, or
 * read; in little time and memory.
 *
 * Run many: `node dist/hostile.testing.js [--runs 100000] [--seed 1]`. It prints the seed and the number of a run that fails, and the bytes
 * that were changed: they become a fixture of hostile.test.ts.
 */
import { closeSync, mkdtempSync, openSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { cloneImage } from './clone.js';
import { createVdi } from './create.js';
import { ImageError } from './errors.js';
import { openChain } from './open.js';
import type { Format, Variant } from './ports.js';
import { footerSize } from './vhd/footer.js';

const MiB = 1 << 20;

/** A good image, and where damage to it is worth trying. */
export interface Subject {
  readonly name: string;
  readonly format: Format;
  readonly bytes: Uint8Array;
  /** From and to, in bytes: the more often, the likelier. */
  readonly places: readonly (readonly [from: number, to: number])[];
  /** Words that may be put into a text. */
  readonly words?: readonly string[];
  /** Makes checksums right again, so that what they guard is reached. @returns where */
  readonly mend?: (bytes: Uint8Array) => Range[];
}

export interface Outcome {
  read: number;
  refused: number;
  /** Milliseconds of processor time, of the slowest run. */
  slowest: number;
  /** Bytes of buffers, of the largest run. */
  largest: number;
}

/** A repeatable source of numbers below `limit`. */
function numbers(seed: number): (limit: number) => number {
  let state = seed >>> 0;
  return (limit) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  };
}

/** Damages images in a folder of its own; `close` removes it. */
export class HostileImages {
  private readonly folder = mkdtempSync(join(tmpdir(), 'belvedere-hostile-'));
  private readonly subjects: Subject[] = [];
  /** What the run before has damaged in a subject's file. */
  private readonly touched = new Map<Subject, readonly Range[] | 'all'>();
  /** UUIDs that a mutated child may name: its parents, itself, and none. */
  private readonly parents = new Map<string, string>();

  static async create(): Promise<HostileImages> {
    const images = new HostileImages();
    await images.prepare();
    return images;
  }

  get names(): string[] {
    return this.subjects.map(({ name }) => name);
  }

  close(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** @throws with the run's number and its changes when an image is neither read nor refused, or costs too much */
  async run(runs: number, seed: number, progress: (run: number) => void = () => undefined): Promise<Outcome> {
    const outcome: Outcome = { read: 0, refused: 0, slowest: 0, largest: 0 };
    for (let run = 0; run < runs; run++) {
      const random = numbers(seed + run * 7919);
      const subject = this.subjects[run % this.subjects.length]!;
      const damaged = damage(subject, random);
      try {
        await this.judge(subject.format, this.put(subject, damaged), outcome);
      } catch (cause) {
        throw new Error(`seed ${seed}, run ${run}, ${subject.name}: ${damaged.changes.join(', ')}`, { cause });
      }
      progress(run);
    }
    return outcome;
  }

  /** Writes what is damaged into the subject's file, and mends there what the run before had damaged. @returns the file's path */
  private put(subject: Subject, { bytes, touched }: Damaged): string {
    const path = join(this.folder, fileName(subject));
    const before = this.touched.get(subject);
    this.touched.set(subject, touched ?? 'all');
    if (!touched) {
      writeFileSync(path, bytes);
      return path;
    }
    if (!before || before === 'all') writeFileSync(path, subject.bytes);
    const file = openSync(path, 'r+');
    try {
      if (before && before !== 'all') for (const [from, to] of before) writeSync(file, subject.bytes, from, to - from, from);
      for (const [from, to] of touched) writeSync(file, bytes, from, to - from, from);
    } finally {
      closeSync(file);
    }
    return path;
  }

  /** Opens one image and reads some of it. */
  private async judge(format: Format, path: string, outcome: Outcome): Promise<void> {
    const before = process.memoryUsage().arrayBuffers;
    const start = process.cpuUsage();
    try {
      const image = await openChain(path, { readOnly: true, format, resolveParent: (uuid) => this.parents.get(uuid) });
      try {
        await image.read(0, Math.min(image.size, 128 * 1024));
        await image.read(Math.max(0, image.size - 512), Math.min(image.size, 512));
        await image.read(Math.floor(image.size / 2), Math.min(4096, Math.ceil(image.size / 2)));
        await image.isKnownZero(0, Math.min(image.size, 4 * MiB));
        outcome.read++;
      } finally {
        await image.close();
      }
    } catch (error) {
      if (!(error instanceof ImageError)) throw error;
      outcome.refused++;
    }
    const { user, system } = process.cpuUsage(start);
    outcome.slowest = Math.max(outcome.slowest, (user + system) / 1000);
    outcome.largest = Math.max(outcome.largest, process.memoryUsage().arrayBuffers - before);
    if (outcome.slowest > 1000) throw new Error(`${outcome.slowest} ms of processor time`);
    if (outcome.largest > 64 * MiB) throw new Error(`${outcome.largest} bytes of buffers`);
  }

  private async prepare(): Promise<void> {
    const content = new Uint8Array(2 * MiB + 512);
    for (let at = 0; at < content.length; at++) content[at] = at < MiB && at > 70_000 ? 0 : (at * 7 + (at >> 8)) & 0xff;
    const raw = join(this.folder, 'content.img');
    writeFileSync(raw, content);
    const make = async (format: Exclude<Format, 'ISO'>, variant: Variant): Promise<Uint8Array> => {
      const path = join(this.folder, `${format}-${variant}`);
      await cloneImage(raw, path, { format, variant, sourceFormat: 'RAW' });
      return readFile(path);
    };
    const add = (subject: Subject): void => void this.subjects.push(subject);

    add({ name: 'VDI', format: 'VDI', bytes: await make('VDI', 'Standard'), places: [[64, 472], [340, 392], [4096, 4108]] });
    add({ name: chainName, format: 'VDI', bytes: await this.makeChain(raw), places: [[72, 80], [340, 472], [424, 456], [4096, 4108]] });

    const sparse = await make('VMDK', 'Standard');
    const directory = 512 * Number(new DataView(sparse.buffer, sparse.byteOffset).getBigUint64(56, true));
    add({ name: 'VMDK', format: 'VMDK', bytes: sparse, places: [[0, 80], [0, 80], [512, 1200], [directory, directory + 4], [directory + 512, directory + 700]] });

    const stream = await make('VMDK', 'StreamOptimized');
    const end = stream.length;
    add({ name: 'a stream-optimized VMDK', format: 'VMDK', bytes: stream, places: [[0, 80], [end - 1024, end - 944], [end - 1024, end - 944], [end - 1536, end - 1516], [end - 2560, end - 2048], [65_536, 65_700], [512, 1200]] });

    const words = ['RW', 'RDONLY', '2', '4104', '99999999999999', '-1', '0', 'SPARSE', 'FLAT', 'ZERO', '"content.img"', '"base"', '"../base"', '""', '=', '\n', '\0', 'parentCID=', 'createType=', 'ddb.uuid.image=', ' '];
    const descriptor = ['# Disk DescriptorFile', 'version=1', 'CID=12345678', 'parentCID=ffffffff', 'createType="custom"', 'RW 8 ZERO', 'RW 4096 FLAT "content.img" 1', 'RW 4097 SPARSE "VMDK-Standard"', ''].join('\n');
    add({ name: 'the descriptor of a VMDK', format: 'VMDK', bytes: new TextEncoder().encode(descriptor), places: [[20, descriptor.length], [80, descriptor.length]], words });

    const dynamic = await make('VHD', 'Standard');
    const last = dynamic.length - footerSize;
    const places = [[512, 600], [512, 600], [1536, 1544], [last, last + 90], [last, last + 90]] as const;
    add({ name: 'VHD', format: 'VHD', bytes: dynamic, places, mend: (bytes) => mendVhd(bytes, last) });
    add({ name: 'VHD, checksums as they are', format: 'VHD', bytes: dynamic, places: [...places, [0, 90]] });
    const fixed = await make('VHD', 'Fixed');
    add({ name: 'a fixed VHD', format: 'VHD', bytes: fixed, places: [[fixed.length - footerSize, fixed.length - 420]], mend: (bytes) => mendVhd(bytes, fixed.length - footerSize) });
  }

  /** @returns the last of three; the resolver knows the others, and the file that is damaged */
  private async makeChain(raw: string): Promise<Uint8Array> {
    const base = join(this.folder, 'base');
    const middle = join(this.folder, 'middle');
    const leaf = join(this.folder, 'leaf');
    this.parents.set((await cloneImage(raw, base, { sourceFormat: 'RAW' }))!, base);
    this.parents.set(await createVdi(middle, { parent: { path: base } }), middle);
    this.parents.set(await createVdi(leaf, { parent: { path: middle } }), join(this.folder, fileName({ name: chainName })));
    return readFile(leaf);
  }
}

type Range = readonly [from: number, to: number];

interface Damaged {
  readonly bytes: Uint8Array;
  /** Where they differ from the subject's; undefined where its length does. */
  readonly touched: readonly Range[] | undefined;
  readonly changes: readonly string[];
}

const chainName = 'a chain of VDI';
const fileName = ({ name }: Pick<Subject, 'name'>): string => `damaged-${name.replaceAll(' ', '-')}`;

function damage(subject: Subject, random: (limit: number) => number): Damaged {
  let bytes = Uint8Array.from(subject.bytes);
  let touched: Range[] | undefined = [];
  const changes: string[] = [];
  const interesting = [0, 1, 2, 4, 0x7f, 0x80, 0xfe, 0xff];
  for (let count = random(2) ? 1 : 1 + random(4); count > 0; count--) {
    const [from, to] = subject.places[random(subject.places.length)]!;
    const at = from + random(to - from);
    if (subject.words && random(2)) {
      const word = new TextEncoder().encode(subject.words[random(subject.words.length)]);
      bytes = Uint8Array.from([...bytes.subarray(0, at), ...word, ...bytes.subarray(at + random(6))]);
      touched = undefined;
      changes.push(`'${new TextDecoder().decode(word)}' at ${at}`);
      continue;
    }
    const width = [1, 2, 4, 8][random(4)]!;
    const value = random(2) ? interesting[random(interesting.length)]! : random(256);
    bytes.fill(value, at, at + width);
    touched?.push([at, Math.min(at + width, bytes.length)]);
    changes.push(`${width} bytes of ${value} at ${at}`);
  }
  if (subject.mend && random(2)) touched?.push(...subject.mend(bytes));
  if (random(8) === 0) {
    const length = random(bytes.length + 1);
    bytes = bytes.subarray(0, length);
    touched = undefined;
    changes.push(`cut to ${length} bytes`);
  }
  return { bytes, touched, changes };
}

/** Writes the checksums of the footer and of the dynamic header. */
function mendVhd(bytes: Uint8Array, footer: number): Range[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const sum = (start: number, length: number, at: number): void => {
    view.setUint32(start + at, 0);
    view.setUint32(start + at, ~bytes.subarray(start, start + length).reduce((total, byte) => total + byte, 0) >>> 0);
  };
  sum(footer, 512, 64);
  if (view.getUint32(512) !== 0x63787370) return [[footer, footer + 512]];
  sum(512, 1024, 36);
  return [[512, 1536], [footer, footer + 512]];
}

/** An image whose tables are as large as its format lets them be, in a file with holes. @returns its path */
export function hugeImage(folder: string, name: string, length: number, pieces: readonly (readonly [at: number, bytes: Uint8Array])[]): string {
  const path = join(folder, name);
  const end = Math.max(...pieces.map(([at, bytes]) => at + bytes.length));
  const bytes = new Uint8Array(end);
  for (const [at, piece] of pieces) bytes.set(piece, at);
  writeFileSync(path, bytes);
  truncateSync(path, Math.max(length, end));
  return path;
}

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values } = parseArgs({ options: { runs: { type: 'string', default: '100000' }, seed: { type: 'string', default: String(Date.now() % 2 ** 31) } } });
  const [runs, seed] = [Number(values.runs), Number(values.seed)];
  if (!(Number.isSafeInteger(runs) && runs > 0)) throw new RangeError(`--runs ${values.runs}: give a whole number above 0`);
  const images = await HostileImages.create();
  try {
    console.log(`${runs} runs with seed ${seed}: ${images.names.join(', ')}`);
    const { read, refused, slowest, largest } = await images.run(runs, seed);
    console.log(`${read} read, ${refused} refused; slowest ${slowest.toFixed(0)} ms, largest ${(largest / MiB).toFixed(1)} MiB`);
  } finally {
    images.close();
  }
}
