/**
 * Room for the map of a VDI: the blocks in its way move behind all others. Each step leaves an image that is clean and has all its content.
 */
import type { HostFile } from '../ports.js';
import { Block } from './header.js';
import { VdiTable } from './table.js';

/** Blocks at the first positions, and the position to which the first of them goes. */
function moves(table: VdiTable, positions: number): { moving: [block: number, at: number][]; first: number; needed: number } {
  const moving = [...table.entries.entries()].filter(([, at]) => at < positions);
  const first = Math.max(table.end, positions);
  return { moving, first, needed: moving.length ? Math.max(table.header.cBlocks, first + moving.length) : table.header.cBlocks };
}

/** Whether the blocks at the first positions can move: to positions that the map may name already, or by a longer map that has a place. */
export function spareFor(table: VdiTable, positions: number): boolean {
  const { needed } = moves(table, positions);
  return needed === table.header.cBlocks || table.hasPlace(needed);
}

/** Moves the blocks at the first positions behind all others, where `spareFor` says that they can. */
export async function vacate(file: HostFile, table: VdiTable, positions: number): Promise<void> {
  const { moving, first, needed } = moves(table, positions);
  if (moving.length === 0) return;
  await file.truncate(table.offsetOf(table.end));
  await file.truncate(table.offsetOf(first + moving.length));
  const entries = new Uint32Array(needed).fill(Block.FREE);
  entries.set(table.entries);
  const bytes = new Uint8Array(table.header.cbBlock);
  for (const [index, [block, at]] of moving.entries()) {
    await file.read(bytes, table.offsetOf(at));
    await file.write(bytes, table.offsetOf(first + index));
    entries[block] = first + index;
  }
  if (table.hasPlace(needed)) await table.change({ cBlocks: needed }, entries);
  else await table.changePositions(entries);
}

/** Gives an image made elsewhere, whose map leaves no room for a second one, that room, if it has blocks to spare. */
export async function makeRoom(file: HostFile): Promise<void> {
  const table = await VdiTable.read(file);
  const positions = table.positionsInTheWay(table.header.cBlocks);
  if (positions === 0 || !spareFor(table, positions)) return;
  await vacate(file, table, positions);
  const offData = table.offsetOf(positions);
  if ((await file.size()) < offData) await file.truncate(offData);
  await table.change({ offData }, table.entries.map((at) => (at < Block.ZERO ? at - positions : at)));
}
