/**
 * Writes a state to its file: beside it first, synced, then renamed, so that whoever opens the file sees all of a state or none.
 * One portion is written while the next is read: no second copy of guest memory is ever held. Touches the file system.
 */
import { type FileHandle, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import { aboutBytes, listedOf } from './about.js';
import { hostError } from './errors.js';
import { headerBytes, Kind, PAGE, RECORD_MOST, recordBytes } from './format.js';
import type { SavedMachine, SavedState } from './ports.js';

export interface WriteOptions {
  readonly machine: SavedMachine;
  /** Told how much of the state was written, from 0 to 1. */
  readonly onProgress?: (part: number) => void;
  /** Gives up, and leaves no file. */
  readonly signal?: AbortSignal;
}

/** Bytes that are written at a time. */
const PORTION = 4 << 20;
/** `writev` takes so many buffers, on every host. */
const BUFFERS_MOST = 1000;

const zeroes = Buffer.alloc(PAGE);

/**
 * @returns the file's length in bytes
 * @throws StateFileError when the host cannot keep it; whatever reading the state throws. No part of it is left then
 */
export async function writeState(path: string, state: SavedState, { machine, onProgress, signal }: WriteOptions): Promise<number> {
  const aside = `${path}.new`;
  let handle: FileHandle;
  try {
    await rm(aside, { force: true });
    handle = await open(aside, 'wx', 0o600);
  } catch (cause) {
    throw hostError(path, 'make the file', cause);
  }
  try {
    const file = new RecordWriter(path, handle);
    try {
      await file.begin(aboutBytes(listedOf(state, machine, new Date().toISOString())));
      for (const [index, { bytes }] of state.sections.entries()) await file.data(index, 0, bytes);
      for await (const { address, bytes } of state.memory) {
        signal?.throwIfAborted();
        await file.data(state.sections.length, address, bytes);
        onProgress?.((address + bytes.length) / state.memorySize);
      }
      await file.end();
    } finally {
      await file.settled();
      await handle.close();
    }
    signal?.throwIfAborted();
    await name(aside, path);
    onProgress?.(1);
    return file.length;
  } catch (error) {
    await rm(aside, { force: true }).catch(() => undefined);
    throw error;
  }
}

/** From here on the state is saved; a name that the disk may forget is taken back, so that what failed is not there. */
async function name(aside: string, path: string): Promise<void> {
  try {
    await rename(aside, path);
  } catch (cause) {
    throw hostError(path, 'give the file its name', cause);
  }
  try {
    await syncFolder(dirname(path));
  } catch (cause) {
    await rm(path, { force: true });
    throw hostError(path, 'keep its name on the disk', cause);
  }
}

class RecordWriter {
  length = 0;
  private records = 0;
  private buffers: Uint8Array[] = [];
  private waiting = 0;
  private writing: Promise<void> = Promise.resolve();

  constructor(
    private readonly path: string,
    private readonly handle: FileHandle,
  ) {}

  async begin(about: Uint8Array): Promise<void> {
    this.add(headerBytes());
    await this.record(Kind.about, 0, 0, about);
  }

  /** Leaves pages of zeroes out. */
  async data(section: number, offset: number, bytes: Uint8Array): Promise<void> {
    const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at < source.length; ) {
      const start = nextPage(source, at, true);
      const end = Math.min(nextPage(source, start, false), start + RECORD_MOST);
      if (end > start) await this.record(Kind.data, section, offset + start, source.subarray(start, end));
      at = end;
    }
  }

  async end(): Promise<void> {
    await this.record(Kind.end, 0, this.records, new Uint8Array(0));
    await this.flush();
    await this.writing;
    await this.handle.sync().catch((cause: unknown) => Promise.reject(hostError(this.path, 'keep it on the disk', cause)));
  }

  /** Nothing is under way any more, well or not. */
  async settled(): Promise<void> {
    await this.writing.catch(() => undefined);
  }

  private async record(kind: number, section: number, offset: number, bytes: Uint8Array): Promise<void> {
    this.records++;
    this.add(recordBytes({ kind, section, offset: BigInt(offset) }, bytes));
    if (bytes.length) this.add(bytes);
    if (this.waiting >= PORTION || this.buffers.length >= BUFFERS_MOST) await this.flush();
  }

  private add(bytes: Uint8Array): void {
    this.buffers.push(bytes);
    this.waiting += bytes.length;
    this.length += bytes.length;
  }

  /** Begins to write what waits, once what was written before is done. */
  private async flush(): Promise<void> {
    const portion = this.buffers;
    [this.buffers, this.waiting] = [[], 0];
    await this.writing;
    this.writing = this.write(portion);
    this.writing.catch(() => undefined);
  }

  private async write(buffers: readonly Uint8Array[]): Promise<void> {
    let left = [...buffers];
    try {
      while (left.length) {
        let { bytesWritten } = await this.handle.writev(left);
        const done = left.findIndex((buffer) => {
          if (bytesWritten < buffer.length) return true;
          bytesWritten -= buffer.length;
          return false;
        });
        left = done < 0 ? [] : [left[done]!.subarray(bytesWritten), ...left.slice(done + 1)];
      }
    } catch (cause) {
      throw hostError(this.path, 'write it', cause);
    }
  }
}

/** The first page from `at` on that is, or is not, something else than zeroes. */
function nextPage(bytes: Buffer, at: number, filled: boolean): number {
  for (; at < bytes.length; at += PAGE) {
    const end = Math.min(at + PAGE, bytes.length);
    if ((bytes.compare(zeroes, 0, end - at, at, end) !== 0) === filled) return at;
  }
  return bytes.length;
}

/** A rename lasts once its folder is synced; file systems that sync no folders keep it themselves. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
