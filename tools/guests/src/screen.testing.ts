// A machine's screen compared with a picture, and waited for.
import type { Machine } from '@belvedere/emulator';
import type { Picture } from './picture.js';

/** Waits until `shows` says that the screen is right; what it last said was wrong is the failure's text. @param number of the screen, from 0 */
export async function untilScreen(machine: Machine, shows: () => string | undefined, number = 0): Promise<void> {
  const screen = machine.screens[number]!;
  let problem: string | undefined;
  await new Promise<void>((resolve, reject) => {
    const look = () => {
      screen.takeDamage();
      problem = shows();
      if (problem === undefined) finish(resolve);
    };
    const finish = (settle: () => void) => {
      clearTimeout(timer);
      for (const stop of stops) stop();
      settle();
    };
    const timer = setTimeout(() => finish(() => reject(new Error(problem))), 40_000);
    const stops = [screen.onDamage(look), screen.onResize(look), screen.onPlace(look)];
    look();
  });
}

/** What differs first between a machine's screen and a picture, if anything; X is not compared. */
export function difference(machine: Machine, picture: Picture, number = 0): string | undefined {
  const { width, height, stride, pixels } = machine.screens[number]!;
  if (width !== picture.width || height !== picture.height) return `the screen has ${width} by ${height} pixels, not ${picture.width} by ${picture.height}`;
  const wanted = new Uint32Array(picture.pixels.buffer);
  for (let y = 0; y < height; y++) {
    const found = new Uint32Array(pixels.buffer, pixels.byteOffset + y * stride, width);
    for (let x = 0; x < width; x++) {
      if (((found[x]! ^ wanted[y * width + x]!) & 0xffffff) === 0) continue;
      const hex = (value: number) => (value & 0xffffff).toString(16).padStart(6, '0');
      return `pixel (${x}, ${y}) is ${hex(found[x]!)}, not ${hex(wanted[y * width + x]!)}`;
    }
  }
  return undefined;
}
