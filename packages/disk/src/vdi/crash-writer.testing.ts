/** A process for the tests to kill: writes numbered blocks to the image it is given (with its parent, if that is given too), prints each number once it is flushed, never ends. */
import { openImage } from '../index.js';
import { NUMBERS, placeOf } from './crash-blocks.testing.js';

const [path, first, parent] = process.argv.slice(2);
const image = await openImage(path!, { owner: 'the crash writer', resolveParent: () => parent });
for (let number = Number(first); number <= NUMBERS; number++) {
  await image.write(placeOf(number), new Uint8Array(new Uint32Array(1024).fill(number).buffer));
  await image.flush();
  process.stdout.write(`${number}\n`);
}
// Whoever is slow to kill it still finds it with the image in its hands.
setInterval(() => undefined, 2 ** 30);
