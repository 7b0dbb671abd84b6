/**
 * The desk: where a machine's screens stand beside each other, for one pointer that moves over all of them. Pure.
 */

export interface DeskScreen {
  /** Pixels. */
  readonly width: number;
  readonly height: number;
  /** One that is off takes no room. */
  readonly on: boolean;
}

export interface Place {
  readonly x: number;
  readonly y: number;
}

/** How far from the first screen's corner another one may be put, in pixels. */
export const DESK_MOST = 32_767;

/**
 * Each screen's upper left corner: where it was put, or else to the right of those before it, side by side. The first one that is on and was
 * put nowhere is at 0, 0.
 *
 * @param put where screens were put, by their number; undefined: nowhere
 */
export function places(screens: readonly DeskScreen[], put: readonly (Place | undefined)[]): Place[] {
  let right = 0;
  return screens.map(({ width, on }, index) => {
    const place = put[index] ?? { x: right, y: 0 };
    if (on) right = Math.max(right, place.x + width);
    return place;
  });
}

/** The least rectangle around all screens that are on. */
export function bounds(screens: readonly DeskScreen[], at: readonly Place[]): Place & { readonly width: number; readonly height: number } {
  const shown = screens.map((screen, index) => ({ ...screen, ...at[index]! })).filter(({ on }) => on);
  if (shown.length === 0) return { x: 0, y: 0, width: 1, height: 1 };
  const [x, y] = [Math.min(...shown.map((screen) => screen.x)), Math.min(...shown.map((screen) => screen.y))];
  return { x, y, width: Math.max(...shown.map((screen) => screen.x + screen.width)) - x, height: Math.max(...shown.map((screen) => screen.y + screen.height)) - y };
}
