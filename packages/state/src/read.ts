/**
 * Reads a state's file: what it is about at once, its sections whole, guest memory as it comes. Touches the file system.
 */
import { WireError } from '@belvedere/wire';
import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { type Listed, parseAbout } from './about.js';
import { damaged, hostError, StateFileError } from './errors.js';
import { crc32 } from './crc32.js';
import { hasSignature, HEADER_SIZE, Kind, PAGE, readHeader, readRecord, RECORD_MOST, RECORD_SIZE, type StateRecord, VERSION } from './format.js';
import type { MemoryRun, SavedState, StateAbout, StateSection } from './ports.js';

/** The most bytes that are read at a time. */
const PORTION = 4 << 20;
/** The most bytes of one portion that belong to what goes on in the next. */
const LEFT_MOST = RECORD_MOST;

export interface StateFile extends SavedState {
  readonly about: StateAbout;
  /** Also while memory is being read, which fails then. */
  close(): Promise<void>;
}

/**
 * Opens a state's file and reads all of it but the memory, which can be read once. Memory is sound only when it was read to its end.
 * @throws StateFileError for a file that is absent, no state, of another version, or damaged
 */
export async function openState(path: string): Promise<StateFile> {
  const records = await RecordReader.open(path);
  try {
    const { about, sections: listed } = await records.list();
    const sections: StateSection[] = [];
    for (const [index, { name, version, length }] of listed.slice(0, -1).entries()) {
      const bytes = new Uint8Array(length);
      for await (const { offset, data } of records.section(index, length)) bytes.set(data, offset);
      sections.push({ name, version, bytes });
    }
    const { engine, engineVersion, hardware, memorySize } = about;
    return { about, engine, engineVersion, hardware, sections, memorySize, memory: memoryOf(records, listed.length - 1, memorySize), close: () => records.close() };
  } catch (error) {
    await records.close();
    throw error;
  }
}

/** @throws StateFileError as `openState`; damage behind the description is not looked for */
export async function readAbout(path: string): Promise<StateAbout> {
  const records = await RecordReader.open(path);
  try {
    return (await records.list()).about;
  } finally {
    await records.close();
  }
}

/** Reads all of a file and keeps nothing of it. @throws StateFileError as `openState` */
export async function verifyState(path: string): Promise<StateAbout> {
  const records = await RecordReader.open(path);
  try {
    const { about, sections } = await records.list();
    for (const [index, { length }] of sections.entries()) for await (const _ of records.section(index, length)) continue;
    await records.end();
    return about;
  } finally {
    await records.close();
  }
}

async function* memoryOf(records: RecordReader, section: number, size: number): AsyncGenerator<MemoryRun> {
  for await (const { offset, data } of records.section(section, size)) yield { address: offset, bytes: data };
  await records.end();
}

interface Stretch {
  readonly offset: number;
  /** A view of what was read, which nothing overwrites. */
  readonly data: Uint8Array;
}

class RecordReader {
  private buffer = Buffer.alloc(0);
  private position = 0;
  private count = 0;
  private ahead: StateRecord | undefined;
  /** The next portion, read while this one is looked at: behind room for what is left of this one. */
  private reading: Promise<{ bytesRead: number; buffer: Buffer<ArrayBuffer> }> | undefined;

  private constructor(
    private readonly path: string,
    private readonly handle: FileHandle,
    /** Bytes that are read at a time. */
    private readonly portion: number,
  ) {}

  static async open(path: string): Promise<RecordReader> {
    let handle: FileHandle;
    try {
      // A named pipe's other end is not waited for.
      handle = await open(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
    } catch (cause) {
      throw hostError(path, 'open it', cause);
    }
    try {
      const facts = await handle.stat();
      if (!facts.isFile()) throw new StateFileError(path, 'it is no file');
      const reader = new RecordReader(path, handle, Math.min(PORTION, facts.size + 1));
      await reader.header();
      return reader;
    } catch (error) {
      await handle.close();
      throw hostError(path, 'read it', error);
    }
  }

  /** The first record's list. */
  async list(): Promise<Listed> {
    const record = await this.next();
    if (record.kind !== Kind.about) throw damaged(this.path, 'it does not begin with a description');
    return parseAbout(this.path, await this.data(record));
  }

  /** What is not all zeroes of one section; sections are read in their order. */
  async *section(index: number, length: number): AsyncGenerator<Stretch> {
    let least = 0;
    for (;;) {
      const record = (this.ahead ??= await this.next());
      if (record.kind !== Kind.data || record.section !== index) return;
      this.ahead = undefined;
      const offset = Number(record.offset);
      if (offset % PAGE !== 0 || offset < least || record.length === 0 || offset + record.length > length) {
        throw damaged(this.path, `${record.length} bytes at ${offset} do not fit section ${index}, which has ${length}`);
      }
      least = offset + record.length;
      yield { offset, data: await this.data(record) };
    }
  }

  /** @throws StateFileError when the file goes on, or ends too early */
  async end(): Promise<void> {
    const record = this.ahead ?? (await this.next());
    if (record.kind !== Kind.end || record.length !== 0) throw damaged(this.path, `it has a record of kind ${record.kind} that belongs to no section`);
    if (Number(record.offset) !== this.count - 1) throw damaged(this.path, `it has ${this.count - 1} records, and should have ${record.offset}`);
    if (await this.fill(1)) throw damaged(this.path, 'it goes on behind its end');
  }

  close(): Promise<void> {
    return this.handle.close();
  }

  private async header(): Promise<void> {
    await this.fill(HEADER_SIZE);
    if (!hasSignature(this.buffer)) throw new StateFileError(this.path, 'it is no saved state');
    const header = this.decoded(await this.take(HEADER_SIZE), readHeader, 'its header');
    if (header.version !== VERSION) throw new StateFileError(this.path, `it has version ${header.version}, and this program reads ${VERSION}: start the machine with the version that saved it, or discard the state`);
  }

  private async next(): Promise<StateRecord> {
    const at = this.position - this.buffer.length;
    const record = this.decoded(await this.take(RECORD_SIZE), readRecord, `the record at byte ${at}`);
    if (record.length > RECORD_MOST) throw damaged(this.path, `the record at byte ${at} has ${record.length} bytes, and ${RECORD_MOST} are the most`);
    this.count++;
    return record;
  }

  /** The bytes behind a record: a view. */
  private async data({ length, checksum }: StateRecord): Promise<Uint8Array> {
    const at = this.position - this.buffer.length;
    const bytes = await this.take(length);
    if (crc32(bytes) !== checksum) throw damaged(this.path, `the checksum of ${length} bytes at ${at} does not fit`);
    return bytes;
  }

  private decoded<T>(bytes: Uint8Array, read: (bytes: Uint8Array) => T | undefined, what: string): T {
    try {
      const value = read(bytes);
      if (value !== undefined) return value;
    } catch (cause) {
      if (!(cause instanceof WireError)) throw cause;
      throw damaged(this.path, `${what} is wrong (${cause.message})`, { cause });
    }
    throw damaged(this.path, `the checksum of ${what} does not fit`);
  }

  private async take(length: number): Promise<Buffer> {
    if (!(await this.fill(length))) throw damaged(this.path, `it ends at byte ${this.position}, before all of the state was read`);
    const bytes = this.buffer.subarray(0, length);
    this.buffer = this.buffer.subarray(length);
    return bytes;
  }

  /** Reads on until `length` bytes are at hand; false at the file's end. */
  private async fill(length: number): Promise<boolean> {
    while (this.buffer.length < length) {
      const { bytesRead, buffer } = await (this.reading ?? this.read()).catch((cause: unknown) => Promise.reject(hostError(this.path, 'read it', cause)));
      this.reading = undefined;
      if (bytesRead === 0) return false;
      this.position += bytesRead;
      // What is left of the portion before is copied, and nothing else.
      const start = LEFT_MOST - this.buffer.length;
      buffer.set(this.buffer, start);
      this.buffer = buffer.subarray(start, LEFT_MOST + bytesRead);
      // At its end; or at its beginning, of which often no more is wanted.
      if (bytesRead < PORTION || this.count === 0) continue;
      this.reading = this.read();
      this.reading.catch(() => undefined);
    }
    return true;
  }

  private read(): Promise<{ bytesRead: number; buffer: Buffer<ArrayBuffer> }> {
    return this.handle.read(Buffer.allocUnsafe(LEFT_MOST + this.portion), LEFT_MOST, this.portion, this.position);
  }
}
