/** The entries of a VDI's map in memory: by pages, of which those without any data take none. Little-endian hosts only: a page's bytes are the file's. */
import type { HostFile } from '../ports.js';
import { Block, mapSize, MapJudge, type VdiHeader } from './header.js';

export const pageSize = 4096;
export const entriesPerPage = pageSize / 4;
/** Pages that are read, or written, in one piece. */
const piece = 64;

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
    for (let at = 0; at < size; at += piece * pageSize) {
      const bytes = new Uint8Array(Math.min(piece * pageSize, size - at));
      await file.read(bytes, header.offBlocks + at);
      const some = new Uint32Array(bytes.buffer);
      judge.take(at / 4, some);
      for (let first = 0; first < some.length; first += entriesPerPage) entries.keep((at / 4 + first) / entriesPerPage, some.subarray(first, first + entriesPerPage));
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
    if (some.every((at) => at === Block.FREE)) return;
    this.pages[page] = new Uint32Array(entriesPerPage).fill(Block.FREE);
    this.pages[page].set(some);
  }
}
