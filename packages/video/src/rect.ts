/** Rectangles and disjoint lists of them. Pure. Coordinates are pixels from the screen's top left corner. */
import type { Rect, Region } from './ports.js';

/** What two rectangles share, if anything. */
export function intersect(a: Rect, b: Rect): Rect | undefined {
  const x = Math.max(a.x, b.x);
  const y = Math.max(a.y, b.y);
  const width = Math.min(a.x + a.width, b.x + b.width) - x;
  const height = Math.min(a.y + a.height, b.y + b.height) - y;
  return width > 0 && height > 0 ? { x, y, width, height } : undefined;
}

/** `rect` without `hole`: strips of the whole width above and below first, then what is left beside it. */
function cut(rect: Rect, hole: Rect): Region {
  const shared = intersect(rect, hole);
  if (!shared) return [rect];
  const { x, y, width, height } = rect;
  const right = shared.x + shared.width;
  const bottom = shared.y + shared.height;
  return [
    { x, y, width, height: shared.y - y },
    { x, y: bottom, width, height: y + height - bottom },
    { x, y: shared.y, width: shared.x - x, height: shared.height },
    { x: right, y: shared.y, width: x + width - right, height: shared.height },
  ].filter((part) => part.width > 0 && part.height > 0);
}

/** The pixels of a region that are in none of the rectangles. */
export const subtract = (region: Region, holes: readonly Rect[]): Region => holes.reduce<Region>((rest, hole) => rest.flatMap((rect) => cut(rect, hole)), region);

/** Number of pixels in a region. */
export const area = (region: Region): number => region.reduce((total, { width, height }) => total + width * height, 0);

export const sameRect = (a: Rect, b: Rect): boolean => a.x === b.x && a.y === b.y && a.width === b.width && a.height === b.height;

export const sameRegion = (a: Region, b: Region): boolean => a.length === b.length && a.every((rect, index) => sameRect(rect, b[index]));
