/**
 * The shape of a moving picture, from the cells that move: a rectangle to the pixel, and where in it something stands still.
 *
 * Pure.
 */
import { CELL, type Cells } from './cells.js';
import type { Rect, Region } from './ports.js';
import { area, intersect, subtract } from './rect.js';

/** A rectangle of cells: columns left to right, rows top to bottom, both exclusive at the end. */
interface Block {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

export interface Shape {
  readonly rect: Rect;
  readonly parts: Region;
}

/** Cells that a hole has at least; smaller ones come and go in any film. */
const SMALLEST_HOLE = 6;
/** Blocks that a hole is made of; one that needs more is the block around it. */
const MOST_BLOCKS = 12;
/** Parts that are worth a JPEG picture of their own, pixels along a side and in all. */
const SMALLEST_SIDE = 8;
const SMALLEST_AREA = 1024;

/**
 * The shape of a set of cells.
 *
 * @param members the cells; @param has whether a cell is one of them
 * @param screen pixels
 */
export function shapeOf(members: readonly number[], has: (cell: number) => boolean, cells: Cells, screen: { readonly width: number; readonly height: number }): Shape | undefined {
  const bounds = boundsOf(members, cells.columns);
  const moving = (block: Block, bits: (cell: number) => number): number => {
    let all = 0;
    for (let row = block.top; row < block.bottom; row++) {
      for (let column = block.left; column < block.right; column++) {
        const cell = row * cells.columns + column;
        if (has(cell)) all |= bits(cell);
      }
    }
    return all;
  };
  const columnsOf = (block: Block): number => moving(block, (cell) => cells.movingColumns(cell));
  const rowsOf = (block: Block): number => moving(block, (cell) => cells.movingRows(cell));

  const { left, top, right, bottom } = bounds;
  const rect = intersect(
    toRect(
      CELL * left + lead(columnsOf({ ...bounds, right: left + 1 })),
      CELL * top + lead(rowsOf({ ...bounds, bottom: top + 1 })),
      CELL * right - trail(columnsOf({ ...bounds, left: right - 1 })),
      CELL * bottom - trail(rowsOf({ ...bounds, top: bottom - 1 })),
    ),
    { x: 0, y: 0, ...screen },
  );
  if (!rect) return undefined;
  const holes = clustersOf(bounds, (cell) => !has(cell), cells.columns)
    .filter((cluster) => cluster.size >= SMALLEST_HOLE)
    .flatMap((cluster) => {
      const around = boundsOf([...cluster], cells.columns);
      const blocks = blocksOf(around, (cell) => cluster.has(cell), cells.columns);
      return blocks.length <= MOST_BLOCKS ? blocks : [around];
    })
    .map((hole) =>
      toRect(
        CELL * hole.left - (hole.left > left ? trail(columnsOf({ ...hole, left: hole.left - 1, right: hole.left })) : 0),
        CELL * hole.top - (hole.top > top ? trail(rowsOf({ ...hole, top: hole.top - 1, bottom: hole.top })) : 0),
        CELL * hole.right + (hole.right < right ? lead(columnsOf({ ...hole, left: hole.right, right: hole.right + 1 })) : 0),
        CELL * hole.bottom + (hole.bottom < bottom ? lead(rowsOf({ ...hole, top: hole.bottom, bottom: hole.bottom + 1 })) : 0),
      ),
    );
  const parts = subtract([rect], holes).filter((part) => Math.min(part.width, part.height) >= SMALLEST_SIDE && area([part]) >= SMALLEST_AREA);
  return parts.length > 0 ? { rect, parts } : undefined;
}

/** Pixels of a cell without a change before the first one with one. */
const lead = (bits: number): number => (bits === 0 ? CELL : 31 - Math.clz32(bits & -bits));

/** Pixels of a cell without a change after the last one with one. */
const trail = (bits: number): number => Math.clz32(bits) - (32 - CELL);

const toRect = (left: number, top: number, right: number, bottom: number): Rect => ({ x: left, y: top, width: right - left, height: bottom - top });

/** The smallest block around cells. */
export function boundsOf(members: readonly number[], columns: number): Block {
  let [left, top, right, bottom] = [Infinity, Infinity, 0, 0];
  for (const cell of members) {
    const column = cell % columns;
    const row = (cell - column) / columns;
    left = Math.min(left, column);
    right = Math.max(right, column + 1);
    top = Math.min(top, row);
    bottom = Math.max(bottom, row + 1);
  }
  return { left, top, right, bottom };
}

/** The cells of a block that are wanted, in sets of neighbours along sides. */
function clustersOf({ left, top, right, bottom }: Block, isWanted: (cell: number) => boolean, columns: number): Set<number>[] {
  const found = new Set<number>();
  const clusters: Set<number>[] = [];
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      const start = row * columns + column;
      if (found.has(start) || !isWanted(start)) continue;
      const cluster = new Set([start]);
      for (const cell of cluster) {
        const at = cell % columns;
        const near = [at > left ? cell - 1 : -1, at < right - 1 ? cell + 1 : -1, cell >= (top + 1) * columns ? cell - columns : -1, cell < (bottom - 1) * columns ? cell + columns : -1];
        for (const next of near) if (next >= 0 && isWanted(next)) cluster.add(next);
      }
      for (const cell of cluster) found.add(cell);
      clusters.push(cluster);
    }
  }
  return clusters;
}

/** The cells of a block that are wanted, as disjoint blocks: runs of a row that repeat in the next become one. */
function blocksOf(bounds: Block, isWanted: (cell: number) => boolean, columns: number): Block[] {
  const done: Block[] = [];
  let open: Block[] = [];
  for (let row = bounds.top; row < bounds.bottom; row++) {
    const runs: Block[] = [];
    for (let column = bounds.left; column < bounds.right; column++) {
      if (!isWanted(row * columns + column)) continue;
      const last = runs.at(-1);
      if (last?.right === column) runs[runs.length - 1] = { ...last, right: column + 1 };
      else runs.push({ left: column, top: row, right: column + 1, bottom: row + 1 });
    }
    const grown = runs.map((run) => {
      const upper = open.find(({ left, right }) => left === run.left && right === run.right);
      return upper ? { ...run, top: upper.top } : run;
    });
    done.push(...open.filter((upper) => !grown.some(({ left, right, top }) => left === upper.left && right === upper.right && top === upper.top)));
    open = grown;
  }
  return [...done, ...open];
}
