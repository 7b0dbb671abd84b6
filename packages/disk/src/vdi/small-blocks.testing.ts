/** What the tests of crashes share: small images in memory, and the rules by which they are judged. */
import { expect } from '@jest/globals';
import { Block, headerSector, mapSize, newHeader, parseHeader, type VdiHeader } from './header.js';

export const KiB64 = 1 << 16;
const uuid = '01234567-89ab-cdef-0123-456789abcdef';

/** A repeatable source of numbers below `limit`. */
export function numbers(seed: number): (limit: number) => number {
  let state = seed;
  return (limit) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * limit);
  };
}

/** An empty image of small blocks (whose map takes three pages unless told otherwise); with or without room for a second map. */
export function smallBlocks(room: boolean, cBlocks = 2500, fields: Partial<VdiHeader> = {}): Uint8Array {
  const offBlocks = room ? 4096 : 512;
  const offData = room ? KiB64 : offBlocks + mapSize(cBlocks);
  const header = newHeader({ u32Type: 1, offBlocks, offData, cbDisk: BigInt(cBlocks * KiB64), cBlocks, cBlocksAllocated: 0, uuidCreate: uuid, uuidModify: uuid });
  const bytes = new Uint8Array(offData).fill(0xff, offBlocks, offBlocks + 4 * cBlocks);
  bytes.set(headerSector({ ...header, cbBlock: KiB64, ...fields }));
  return bytes;
}

/** An image of small blocks as other programs make it, with no room for a second map; some blocks stand in it, in this order, each full of its number plus one. */
export function tightBlocks(cBlocks: number, placed: readonly number[]): Uint8Array {
  const empty = smallBlocks(false, cBlocks, { cBlocksAllocated: placed.length });
  const bytes = new Uint8Array(empty.length + placed.length * KiB64);
  bytes.set(empty);
  const view = new DataView(bytes.buffer);
  for (const [position, block] of placed.entries()) {
    view.setUint32(512 + 4 * block, position, true);
    bytes.fill(block + 1, empty.length + position * KiB64, empty.length + (position + 1) * KiB64);
  }
  return bytes;
}

/**
 * The rules by which qemu-img judges an image, and one more: no position is left out, so that the next allocation of any program is safe.
 * @param holes lets positions be left out: while blocks are being moved
 */
export function judge(bytes: Uint8Array, holes = false): void {
  const header = parseHeader('crashed', bytes.subarray(0, 512), bytes.length);
  const entries = new DataView(bytes.buffer, header.offBlocks, 4 * header.cBlocks);
  const positions = Array.from({ length: header.cBlocks }, (_, block) => entries.getUint32(4 * block, true)).filter((at) => at < Block.ZERO);
  if (holes) expect(new Set(positions).size).toBe(positions.length);
  else expect(positions.sort((a, b) => a - b)).toEqual(positions.map((_, i) => i));
  for (const at of positions) if (at >= header.cBlocks) throw new Error(`position ${at} of ${header.cBlocks}`);
  expect(header.cBlocksAllocated).toBe(positions.length);
}
