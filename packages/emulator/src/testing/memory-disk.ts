/**
 * A block device in memory that counts what is asked of it and fails where it is told to.
 */
import type { BlockDevice } from '../ports.js';

export class MemoryDisk implements BlockDevice {
  readonly bytes: Uint8Array;
  /** What was asked, in order, such as `read 512+512`. */
  readonly log: string[] = [];
  /** Offsets of sectors that cannot be read or written. */
  readonly bad = new Set<number>();
  /** The host has no room: nothing can be written. */
  full = false;
  readonly readOnly: boolean;

  /** @param content what the disk starts with, at offset 0 */
  constructor(
    readonly size: number,
    content: Uint8Array = new Uint8Array(0),
    { readOnly = false } = {},
  ) {
    this.bytes = new Uint8Array(size);
    this.bytes.set(content);
    this.readOnly = readOnly;
  }

  async read(offset: number, length: number): Promise<Uint8Array> {
    this.#note('read', offset, length);
    return this.bytes.slice(offset, offset + length);
  }

  async write(offset: number, data: Uint8Array): Promise<void> {
    this.#note('write', offset, data.length);
    if (this.full) throw Object.assign(new Error('the host has no space left'), { code: 'ENOSPC' });
    this.bytes.set(data, offset);
  }

  async flush(): Promise<void> {
    this.log.push('flush');
  }

  async close(): Promise<void> {}

  #note(what: string, offset: number, length: number): void {
    this.log.push(`${what} ${offset}+${length}`);
    for (const bad of this.bad) if (bad >= offset && bad < offset + length) throw new Error(`input/output error at ${bad}`);
  }
}
