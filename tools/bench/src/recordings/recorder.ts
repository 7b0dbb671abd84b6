/** Records a virtual display: looks at it sixty times a second and keeps what has changed. */
import { setTimeout } from 'node:timers/promises';
import type { VirtualDisplay } from '@belvedere/viewers';
import type { Rect, Region } from '@belvedere/video';
import type { Delta, Recording } from './recording.js';

const TILE = 64;
const INTERVAL = 1000 / 60;

/**
 * Records until `isOver` says so.
 *
 * @param filmsAt where films show, at a time in milliseconds from the start
 */
export async function record(display: VirtualDisplay, isOver: (time: number) => boolean, filmsAt: (time: number) => Region): Promise<Recording> {
  const { width, height } = display;
  const shown = new Uint32Array(width * height);
  const frames: Delta[] = [];
  const start = performance.now();
  for (let due = start; !isOver(performance.now() - start); due = Math.max(due + INTERVAL, performance.now())) {
    const time = performance.now() - start;
    const { stride, data } = display.pixels();
    const frame = changes(new Uint32Array(data.buffer, data.byteOffset, data.byteLength >> 2), stride >> 2, shown, width, height);
    if (frame.changed.length > 0) frames.push({ time, films: filmsAt(time), ...frame });
    await setTimeout(Math.max(0, due + INTERVAL - performance.now()));
  }
  return { width, height, frames };
}

/** Compares a picture with the one before, and takes it over. */
function changes(picture: Uint32Array, stride: number, shown: Uint32Array, width: number, height: number): Pick<Delta, 'changed' | 'pixels'> {
  const changed: Rect[] = [];
  for (let top = 0; top < height; top += TILE) {
    for (let left = 0; left < width; left += TILE) {
      const end = Math.min(width, left + TILE);
      let [x, y, right, bottom] = [width, height, 0, 0];
      for (let row = top; row < Math.min(height, top + TILE); row++) {
        for (let column = left; column < end; column++) {
          const pixel = picture[row * stride + column] & 0xffffff;
          if (pixel === shown[row * width + column]) continue;
          shown[row * width + column] = pixel;
          if (column < x) x = column;
          if (column >= right) right = column + 1;
          if (row < y) y = row;
          bottom = row + 1;
        }
      }
      if (right > 0) changed.push({ x, y, width: right - x, height: bottom - y });
    }
  }
  const pixels = new Uint32Array(changed.reduce((sum, rect) => sum + rect.width * rect.height, 0));
  let to = 0;
  for (const rect of changed) {
    for (let row = rect.y; row < rect.y + rect.height; row++, to += rect.width) pixels.set(shown.subarray(row * width + rect.x, row * width + rect.x + rect.width), to);
  }
  return { changed, pixels };
}
