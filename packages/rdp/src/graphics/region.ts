/**
 * Rectangles and regions of screen pixels: damage is a list of disjoint rectangles, never one box around them.
 *
 * Pure. Coordinates are pixels from the screen's top left corner.
 */

/** A rectangle of screen pixels. INVARIANT: width > 0, height > 0 */
export interface Rect {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

/** Disjoint rectangles. */
export type Region = readonly Rect[];

/** What two rectangles share, if anything. */
export function intersect(a: Rect, b: Rect): Rect | undefined {
  const x = Math.max(a.x, b.x);
  const y = Math.max(a.y, b.y);
  const width = Math.min(a.x + a.width, b.x + b.width) - x;
  const height = Math.min(a.y + a.height, b.y + b.height) - y;
  return width > 0 && height > 0 ? { x, y, width, height } : undefined;
}

/** The parts of a region inside `bounds`. */
export function clip(region: Region, bounds: Rect): Region {
  return region.flatMap((rect) => intersect(rect, bounds) ?? []);
}

/** Number of pixels in a region. */
export const area = (region: Region): number => region.reduce((total, { width, height }) => total + width * height, 0);

/** `rect` without `hole`: up to four rectangles, the full-width strips above and below first. */
function subtract(rect: Rect, hole: Rect): Region {
  const cut = intersect(rect, hole);
  if (!cut) return [rect];
  const parts: Rect[] = [];
  const { x, y, width, height } = rect;
  if (cut.y > y) parts.push({ x, y, width, height: cut.y - y });
  const below = y + height - (cut.y + cut.height);
  if (below > 0) parts.push({ x, y: cut.y + cut.height, width, height: below });
  if (cut.x > x) parts.push({ x, y: cut.y, width: cut.x - x, height: cut.height });
  const right = x + width - (cut.x + cut.width);
  if (right > 0) parts.push({ x: cut.x + cut.width, y: cut.y, width: right, height: cut.height });
  return parts;
}

/** The pixels of a region that are in none of the rectangles. */
export const subtractAll = (region: Region, holes: readonly Rect[]): Region =>
  holes.reduce<Region>((rest, hole) => rest.flatMap((rect) => subtract(rect, hole)), region);

/** All pixels of any of the rectangles, which may overlap, as disjoint rectangles. */
export function union(rects: readonly Rect[]): Region {
  const region: Rect[] = [];
  for (const rect of rects) {
    let fresh: Region = [rect];
    for (const old of region) fresh = fresh.flatMap((part) => subtract(part, old));
    region.push(...fresh);
  }
  return region;
}
