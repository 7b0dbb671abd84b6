/** What the Debian installer's screen shows, as far as its pictures tell. Pure. */
import { colourAt, type Picture } from '@belvedere/viewers';

/** The colours of its text screens, as the console's palette has them; 16 bits a pixel change them a little. */
const BLUE = 0x0000aa;
const GREY = 0xaaaaaa;
const RED = 0xaa0000;
const isNear = (a: number, b: number): boolean => [16, 8, 0].every((shift) => Math.abs(((a >> shift) & 0xff) - ((b >> shift) & 0xff)) <= 4);

/** Pixels of each row in the given colour. */
function rows(picture: Picture, colour: number): number[] {
  return Array.from({ length: picture.height }, (_, y) => {
    let count = 0;
    for (let x = 0; x < picture.width; x++) if (isNear(colourAt(picture, x, y), colour)) count++;
    return count;
  });
}

/** Whether a dialog stands there: a grey box on blue. */
export function showsDialog(picture: Picture): boolean {
  const total = picture.width * picture.height;
  const share = (colour: number): number => rows(picture, colour).reduce((sum, count) => sum + count, 0) / total;
  return share(BLUE) > 0.05 && share(GREY) > 0.5;
}

/** The rows of pixels that the highlight covers: the first and the last with a red bar; undefined where there is none. */
export function highlight(picture: Picture): { first: number; last: number } | undefined {
  const bar = rows(picture, RED).map((count) => count > picture.width / 10);
  const first = bar.indexOf(true);
  return first < 0 ? undefined : { first, last: bar.lastIndexOf(true) };
}
