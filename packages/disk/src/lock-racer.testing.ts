/**
 * A process for the lock tests: opens the image it is given for writing so many times, as others do at the same time, and leaves a witness beside
 * it meanwhile. Fails when it finds the witness of another; prints how often it was refused.
 */
import { unlink, writeFile } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { ImageLockedError, openImage } from './index.js';

const [path, times] = process.argv.slice(2);
let refused = 0;
for (let won = 0; won < Number(times); ) {
  const image = await openImage(path!, { owner: `racer ${process.pid}` }).catch((error: unknown) => {
    if (!(error instanceof ImageLockedError)) throw error;
    refused++;
    return undefined;
  });
  if (!image) {
    await setImmediate();
    continue;
  }
  await writeFile(`${path}.witness`, String(process.pid), { flag: 'wx' });
  await setImmediate();
  await unlink(`${path}.witness`);
  await image.close();
  won++;
}
process.stdout.write(`${refused}\n`);
