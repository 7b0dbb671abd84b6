/**
 * Finds the moving pictures on one screen: damage, pixels and times in, streams out.
 *
 * State of one screen, but no clock, no socket and no timer. What keeps changing is looked at closely (tiles.ts, cells.ts); cells that change at
 * look after look and look like photographs become a picture, which grows by such cells at its edge, loses those that stand still, and ends with
 * the last of them (shape.ts: its rectangle, and what stands still in it).
 */
import { Cells, HOT } from './cells.js';
import type { Rect, Region, VideoChanges, VideoStream } from './ports.js';
import { intersect, sameRect, sameRegion, subtract } from './rect.js';
import { boundsOf, shapeOf } from './shape.js';
import { type Canvas, Stream } from './stream.js';
import { Tiles } from './tiles.js';

/** Heat at which a cell may join a picture that is there. */
const WARM = 2;
/** Neighbours, of eight, that carry a cell into their picture whatever it looks like. */
const CARRIED = 5;
/** Cells around a cell. */
const AROUND = 8;
/** The smallest picture, pixels along each side, at its beginning and later. */
const SMALLEST = { width: 64, height: 48 };
const SMALLEST_LATER = 32;
/** How much longer than high a picture may be, and how much higher than long. */
const WIDEST = 6;
const HIGHEST = 3;
/** Of a picture's rectangle, what moves at its beginning; of its cells, those like photographs at its beginning and later. */
const FILLED = 0.5;
const PHOTOGRAPHIC = 0.4;
const PHOTOGRAPHIC_LATER = 0.2;

/** A set of cells that move together. */
interface Group {
  readonly members: number[];
  /** How many of them changed at their last look: what a picture has left behind does not. */
  readonly moving: number;
  /** The stream that it goes on, if any. */
  readonly stream: number;
}

export class VideoFinder {
  private readonly cells: Cells;
  private readonly tiles: Tiles;
  /** The stream that each cell belongs to; 0: none. */
  private readonly owners: Uint32Array;
  /** Cells that have found their group, while groups are made. */
  private readonly taken: Uint8Array;
  private readonly near: Int32Array;
  private readonly canvas: { -readonly [K in keyof Canvas]: Canvas[K] };
  private streams: readonly Stream[] = [];
  private lastId = 0;

  /** @param width pixels; @param height pixels; @param quality of JPEG, 10 to 100: asked for each frame */
  constructor(
    private readonly width: number,
    private readonly height: number,
    private readonly quality: () => number,
  ) {
    this.cells = new Cells(width, height);
    this.tiles = new Tiles(this.cells);
    this.owners = new Uint32Array(this.cells.columns * this.cells.rows);
    this.taken = new Uint8Array(this.owners.length);
    this.near = neighbours(this.cells);
    this.canvas = { width, pixels: new Uint32Array(0), version: 0, quality: quality() };
  }

  /**
   * Takes in a frame.
   *
   * @param changed what differs from the frame before; disjoint. The closer it is to what really differs, the closer is what is found
   * @param pixels 0x00RRGGBB, row-major, `width` a row: read until the next call
   * @param now milliseconds, never less than the last time
   */
  frame(changed: Region, pixels: Uint32Array, now: number): VideoChanges {
    if (pixels.length !== this.width * this.height) throw new RangeError(`a frame of ${pixels.length} pixels for a screen of ${this.width}x${this.height}`);
    const screen = { x: 0, y: 0, width: this.width, height: this.height };
    const inside = changed.flatMap((rect) => intersect(rect, screen) ?? []);
    Object.assign(this.canvas, { pixels, quality: this.quality() });
    this.canvas.version++;
    for (const rect of inside) this.tiles.touch(rect, now);
    const isLive = this.streams.filter((stream) => stream.advance(inside, now)).length > 0;

    const { cells } = this;
    const isVisited = this.tiles.visit(now, isLive, {
      begin: (cell, isFresh) => {
        if (isFresh) cells.forget(cell);
        cells.look(cell, pixels, true);
      },
      look: (cell, isNear) => cells.look(cell, pixels, isNear),
      pass: (cell) => cells.pass(cell),
      still: (cell) => cells.cool(cell),
      rest: (cell) => cells.rest(cell),
    });
    const released = isVisited && cells.isStirred ? this.reshape(now) : [];
    return { streams: this.streams, released };
  }

  /** When `frame` is to be called at the latest, with no change if there was none: a picture that stands still is let go then. */
  get wake(): number | undefined {
    return this.streams.length > 0 ? this.tiles.due : undefined;
  }

  /** Makes the streams what the cells say. @returns what no stream shows any more */
  private reshape(now: number): Region {
    const { cells, owners } = this;
    cells.isStirred = false;
    const before = this.streams.flatMap(({ parts }) => parts);
    for (let cell = 0; cell < owners.length; cell++) if (owners[cell] !== 0 && !cells.moves(cell)) owners[cell] = 0;
    const groups = this.groups();
    owners.fill(0);
    const next: Stream[] = [];
    for (const group of groups) {
      const id = group.stream || ++this.lastId;
      for (const cell of group.members) owners[cell] = id;
      const shape = shapeOf(group.members, (cell) => owners[cell] === id, cells, { width: this.width, height: this.height });
      const parts = shape ? subtract(shape.parts, next.flatMap((stream) => stream.parts)) : [];
      const old = this.streams.find((stream) => stream.id === id);
      if (!shape || parts.length === 0 || !this.isPicture(group, shape.rect, old)) {
        for (const cell of group.members) owners[cell] = 0;
        continue;
      }
      const stream = old ?? new Stream(id, shape, now, this.canvas);
      if (!sameRect(stream.rect, shape.rect)) stream.rect = shape.rect;
      if (!sameRegion(stream.parts, parts)) stream.parts = parts;
      next.push(stream);
    }
    this.streams = next.sort((a, b) => a.id - b.id);
    this.tiles.setMembers(owners);
    return subtract(before, next.flatMap(({ parts }) => parts));
  }

  /** The cells that move together: first around the pictures that there are, then around cells that may begin one. Those in which most moves come first. */
  private groups(): Group[] {
    const { cells, owners, taken } = this;
    taken.fill(0);
    const groups: Group[] = [];
    for (let cell = 0; cell < owners.length; cell++) if (owners[cell] !== 0 && !taken[cell]) groups.push(this.collect(cell, true));
    for (let cell = 0; cell < owners.length; cell++) if (!taken[cell] && cells.texture[cell] > 0 && this.isHot(cell)) groups.push(this.collect(cell, false));
    groups.sort((a, b) => b.moving - a.moving);
    // A picture that has come apart goes on in its largest piece.
    const seen = new Set<number>();
    return groups.map((group) => {
      const stream = seen.has(group.stream) ? 0 : group.stream;
      seen.add(group.stream);
      return { ...group, stream };
    });
  }

  /** Gathers a cell and what moves with it. @param isPicture the cell belongs to a stream, which takes in more than a new one */
  private collect(start: number, isPicture: boolean): Group {
    const { owners, taken, near } = this;
    const members = [start];
    let moving = 0;
    const owned = new Map<number, number>();
    taken[start] = 1;
    for (let at = 0; at < members.length; at++) {
      const owner = owners[members[at]];
      if (this.cells.movesStill(members[at])) moving++;
      if (owner !== 0) owned.set(owner, (owned.get(owner) ?? 0) + 1);
      for (let side = AROUND * members[at], end = side + AROUND; side < end; side++) {
        const cell = near[side];
        if (cell < 0 || taken[cell] || !(owners[cell] !== 0 || this.isHot(cell) || (isPicture && (this.isWarm(cell) || this.isCarried(cell))))) continue;
        taken[cell] = 1;
        members.push(cell);
      }
    }
    const [stream = 0] = [...owned].sort(([, a], [, b]) => b - a).map(([id]) => id);
    return { members, moving, stream };
  }

  private isWarm(cell: number): boolean {
    return this.cells.heat[cell] >= WARM && this.cells.texture[cell] > 0 && this.cells.moves(cell);
  }

  private isHot(cell: number): boolean {
    return this.cells.heat[cell] >= HOT && this.cells.texture[cell] >= 0 && this.cells.moves(cell);
  }

  /** Whether a cell moves in the midst of a picture. */
  private isCarried(cell: number): boolean {
    if (this.cells.heat[cell] < WARM || !this.cells.moves(cell)) return false;
    let around = 0;
    for (let side = AROUND * cell, end = side + AROUND; side < end; side++) if (this.near[side] >= 0 && this.owners[this.near[side]] !== 0) around++;
    return around >= CARRIED;
  }

  private isPicture({ members }: Group, rect: Rect, old: VideoStream | undefined): boolean {
    let photographs = 0;
    for (const cell of members) if (this.cells.texture[cell] > 0) photographs++;
    const photographic = photographs / members.length;
    if (old) return Math.min(rect.width, rect.height) >= SMALLEST_LATER && photographic >= PHOTOGRAPHIC_LATER;
    if (rect.width < SMALLEST.width || rect.height < SMALLEST.height) return false;
    if (rect.width > WIDEST * rect.height || rect.height > HIGHEST * rect.width) return false;
    const { left, top, right, bottom } = boundsOf(members, this.cells.columns);
    return members.length >= FILLED * (right - left) * (bottom - top) && photographic >= PHOTOGRAPHIC;
  }
}

/** The cells around each cell, AROUND places each; -1 beyond the screen's edge. */
function neighbours({ columns, rows }: Cells): Int32Array {
  const near = new Int32Array(AROUND * columns * rows).fill(-1);
  let at = 0;
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      for (let place = 0; place < 9; place++) {
        if (place === 4) continue;
        const x = column + (place % 3) - 1;
        const y = row + Math.floor(place / 3) - 1;
        if (x >= 0 && x < columns && y >= 0 && y < rows) near[at] = y * columns + x;
        at++;
      }
    }
  }
  return near;
}
