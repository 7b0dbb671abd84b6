/**
 * What one session shows: one screen, or several side by side, each where it stands on the machine's desk.
 *
 * Not pure: attaches to the screens' displays. A session of several screens gets from each display what any viewer gets, moved to where
 * that screen begins, so that nothing is copied or encoded for it alone.
 */
import { DrawnScreen } from '../drawing/screen.js';
import { type Attachment, DisplayHub, intersect, type Rect, type Viewer } from '../graphics/index.js';
import type { Pointer, Screen, Unsubscribe } from '../ports.js';
import type { Desktop } from './capabilities.js';

/** A screen with its display. */
export interface Display {
  readonly screen: Screen;
  readonly hub: DisplayHub;
}

/** Where something on a session's desktop is. */
export interface Spot {
  /** From 0. */
  readonly screen: number;
  readonly x: number;
  readonly y: number;
}

export interface View {
  readonly desktop: Desktop;
  /** The screens, where they stand on the desktop. */
  readonly parts: readonly (Rect & { readonly screen: number })[];
  /** Shows the view as it is now; after a change it has to be attached anew. */
  attach(viewer: Viewer): Attachment;
  /** The nearest place that is on a screen. */
  locate(x: number, y: number): Spot;
  /** Calls `listener` when a size or a place has changed. */
  onChange(listener: () => void): Unsubscribe;
  /** Asks the guest for another size, where there is one screen, and it can be asked. */
  requestSize?(width: number, height: number): void;
}

/** The largest desktop that clients take, in pixels. [MS-RDPBCGR] 2.2.1.3.2 */
const DESKTOP_MOST = 8192;

/** @param number of the screen, from 0 */
export const oneScreen = ({ screen, hub }: Display, number: number): View => ({
  get desktop() {
    return { width: screen.width, height: screen.height };
  },
  get parts() {
    return [{ screen: number, x: 0, y: 0, width: screen.width, height: screen.height }];
  },
  attach: (viewer) => hub.attach(viewer),
  locate: (x, y) => ({ screen: number, x, y }),
  onChange: (listener) => screen.onResize(listener),
  ...(screen.requestSize && { requestSize: (width: number, height: number) => request(screen, width, height) }),
});

/** A size that the guest cannot have is no fault of its viewer: the screen stays as it is. */
function request(screen: Screen, width: number, height: number): void {
  try {
    screen.requestSize?.(width, height);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
}

/** As many of a machine's screens as fit a client's monitors: those that are on, the first ones first. */
export function manyScreens(displays: readonly Display[], monitors: number): View {
  const arrange = (): View['parts'] => partsOf(displays, monitors);
  return {
    get desktop() {
      return around(arrange());
    },
    get parts() {
      return arrange();
    },
    attach: (viewer) => attachAll(displays, arrange(), viewer),
    locate: (x, y) => nearest(arrange(), x, y),
    onChange(listener) {
      const stop = displays.flatMap(({ screen }) => [screen.onResize(listener), ...(screen.onPlace ? [screen.onPlace(listener)] : [])]);
      return () => stop.forEach((each) => each());
    },
  };
}

/** The machine's pointer as a session has it: positions are on its desktop. */
export const pointerOver = (pointer: Pointer, view: () => View | undefined): Pointer => ({
  get absolute() {
    return pointer.absolute;
  },
  move(x, y, buttons) {
    const spot = view()?.locate(x, y);
    if (spot) pointer.move(spot.x, spot.y, buttons, spot.screen);
    else pointer.move(x, y, buttons);
  },
  wheel: (dx, dy) => pointer.wheel(dx, dy),
});

function partsOf(displays: readonly Display[], monitors: number): View['parts'] {
  let right = 0;
  const parts = displays.flatMap(({ screen: { on = true, width, height, x, y } }, screen) => {
    if (!on) return [];
    const part = { screen, x: x ?? right, y: y ?? 0, width, height };
    right = part.x + width;
    return [part];
  });
  const shown = (parts.length > 0 ? parts : [{ screen: 0, x: 0, y: 0, width: displays[0].screen.width, height: displays[0].screen.height }]).slice(0, monitors);
  const [left, top] = [Math.min(...shown.map(({ x }) => x)), Math.min(...shown.map(({ y }) => y))];
  const placed = shown.map((part) => ({ ...part, x: part.x - left, y: part.y - top }));
  // Screens that stand too far apart for any client stand side by side.
  if (placed.every(({ x, y, width, height }) => x + width <= DESKTOP_MOST && y + height <= DESKTOP_MOST)) return placed;
  let next = 0;
  return placed.map((part) => {
    const moved = { ...part, x: next, y: 0 };
    next += part.width;
    return moved;
  });
}

const around = (rects: readonly Rect[]): Desktop => ({
  width: Math.min(DESKTOP_MOST, Math.max(...rects.map(({ x, width }) => x + width))),
  height: Math.min(DESKTOP_MOST, Math.max(...rects.map(({ y, height }) => y + height))),
});

function nearest(parts: View['parts'], x: number, y: number): Spot {
  const spots = parts.map((part) => {
    const inside = { x: Math.max(part.x, Math.min(part.x + part.width - 1, x)), y: Math.max(part.y, Math.min(part.y + part.height - 1, y)) };
    return { distance: Math.hypot(inside.x - x, inside.y - y), spot: { screen: part.screen, x: inside.x - part.x, y: inside.y - part.y } };
  });
  return spots.reduce((best, candidate) => (candidate.distance < best.distance ? candidate : best)).spot;
}

function attachAll(displays: readonly Display[], parts: View['parts'], viewer: Viewer): Attachment {
  const own: DisplayHub[] = [];
  const pieces = [
    ...parts.map((part) => ({ hub: displays[part.screen].hub, part })),
    ...gaps(parts, around(parts)).map((part) => {
      const hub = new DisplayHub(new DrawnScreen(part.width, part.height));
      own.push(hub);
      return { hub, part };
    }),
  ];
  const attached = pieces.map(({ hub, part }) => ({
    part,
    attachment: hub.attach({
      format: viewer.format,
      width: Math.min(part.width, viewer.width - part.x),
      height: Math.min(part.height, viewer.height - part.y),
      ready: () => viewer.ready(),
      send: (bitmaps) => viewer.send(bitmaps.map((bitmap) => ({ ...bitmap, x: bitmap.x + part.x, y: bitmap.y + part.y }))),
    }),
  }));
  const each = (act: (attachment: Attachment) => void) => (): void => attached.forEach(({ attachment }) => act(attachment));
  return {
    pace: each((attachment) => attachment.pace()),
    suspend: each((attachment) => attachment.suspend()),
    resume: each((attachment) => attachment.resume()),
    refresh(rect) {
      for (const { part, attachment } of attached) {
        const within = rect && intersect(rect, part);
        if (!rect) attachment.refresh();
        else if (within) attachment.refresh({ ...within, x: within.x - part.x, y: within.y - part.y });
      }
    },
    detach() {
      for (const { attachment } of attached) attachment.detach();
      for (const hub of own) hub.close();
    },
  };
}

/** What of a desktop no screen covers, in as many rectangles as its edges make: black. */
function gaps(parts: readonly Rect[], { width, height }: Desktop): Rect[] {
  const edges = (starts: readonly number[], most: number): number[] => [...new Set([0, ...starts, most])].filter((at) => at <= most).sort((a, b) => a - b);
  const xs = edges(parts.flatMap(({ x, width: wide }) => [x, x + wide]), width);
  const ys = edges(parts.flatMap(({ y, height: high }) => [y, y + high]), height);
  const cells = ys.slice(1).flatMap((bottom, row) => xs.slice(1).map((right, column) => ({ x: xs[column], y: ys[row], width: right - xs[column], height: bottom - ys[row] })));
  return cells.filter((cell) => !parts.some((part) => intersect(part, cell)));
}
