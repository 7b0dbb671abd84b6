/** The entries of a VDI's map in memory: by pages, of which those without any data take none. Little-endian hosts only: a page's bytes are the file's. */
import type { HostFile } from '../ports.js';
import { Block, mapSize, MapJudge, type VdiHeader } from './header.js';

export const pageSize = 4096;
export const entriesPerPage = pageSize / 4;
/** Pages that are read, or written, in one piece. */
const piece = 64;
/** A page without any data. */
const freePage = new Uint8Array(pageSize).fill(0xff);

export class Entries {
  /** Undefined where all entries are free. */
  private readonly pages: (Uint32Array | undefined)[];

  /** @param length blocks */
  constructor(readonly length: number) {
    this.pages = new Array<Uint32Array | undefined>(Math.ceil(length / entriesPerPage)).fill(undefined);
  }

  /** @returns the map as the file has it, how many entries are positions, and the first position behind all of them. @throws ImageError when an entry cannot be believed */
  static async read(file: HostFile, header: VdiHeader): Promise<{ entries: Entries; used: number; end: number }> {
    const entries = new Entries(header.cBlocks);
    const judge = new MapJudge(file.path, header, await file.size());
    const size = 4 * header.cBlocks;
    const buffer = new Uint8Array(Math.min(piece * pageSize, size));
    for (let at = 0; at < size; at += buffer.length) {
      const bytes = buffer.subarray(0, size - at);
      await file.read(bytes, header.offBlocks + at);
      for (let start = 0; start < bytes.length; start += pageSize) {
        const page = bytes.subarray(start, start + pageSize);
        // Most pages of a large map are such, and a comparison is told fastest.
        if (Buffer.compare(page, freePage.subarray(0, page.length)) === 0) continue;
        const some = new Uint32Array(buffer.buffer, start, page.length / 4);
        judge.take((at + start) / 4, some);
        entries.keep((at + start) / pageSize, some);
      }
    }
    return { entries, used: judge.used, end: judge.end };
  }

  /** Bytes of memory. */
  get size(): number {
    return pageSize * this.pages.reduce((count, page) => count + (page ? 1 : 0), 0);
  }

  get(block: number): number {
    return this.pages[Math.floor(block / entriesPerPage)]?.[block % entriesPerPage] ?? Block.FREE;
  }

  set(block: number, at: number): void {
    const index = Math.floor(block / entriesPerPage);
    const page = (this.pages[index] ??= new Uint32Array(entriesPerPage).fill(Block.FREE));
    page[block % entriesPerPage] = at;
  }

  /** The bytes of some pages, as they stand in the file; a piece's worth at a time. */
  *pieces(firstPage = 0, count = this.pages.length): Generator<{ offset: number; bytes: Uint8Array }> {
    const end = mapSize(this.length);
    for (let first = firstPage; first < firstPage + count; first += piece) {
      const pages = this.pages.slice(first, Math.min(first + piece, firstPage + count));
      const bytes = new Uint8Array(pages.length * pageSize).fill(0xff);
      for (const [index, page] of pages.entries()) if (page) bytes.set(new Uint8Array(page.buffer), index * pageSize);
      const offset = first * pageSize;
      yield { offset, bytes: bytes.subarray(0, Math.min(bytes.length, end - offset)) };
    }
  }

  private keep(page: number, some: Uint32Array): void {
    this.pages[page] = new Uint32Array(entriesPerPage).fill(Block.FREE);
    this.pages[page].set(some);
  }
}
