/**
 * A guest that writes and syncs is killed again and again: `node tools/acceptance/dist/killed-writer.js [KILLS]`, a hundred unless told.
 *
 * Dynamic, fixed and differencing images in turn; the moment is random, up to three seconds after the guest has read the command to write. Prints a line a kill; ends with 1 when
 * an acknowledged block is lost or an image is not clean. Takes some ten minutes.
 */
import { BlockWriter, hasQemuImg, variants, type Variant } from './block-writer.js';
import { Home } from './home.js';

/** Milliseconds. */
const LATEST = 3000;

const kills = Number(process.argv[2] ?? 100);
if (!(Number.isInteger(kills) && kills > 0)) throw new Error(`${process.argv[2]} is no number of kills: give one from 1 on`);
if (!hasQemuImg()) console.log('left out: qemu-img\'s judgement of the images: it is not installed (Debian: qemu-utils)');

const began = performance.now();
const seconds = (): string => ((performance.now() - began) / 1000).toFixed(0).padStart(5);
let faults = 0;
let acknowledged = 0;
let none = 0;
const home = new Home();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void home.close().finally(() => process.exit(1)));
try {
  const writers = new Map<Variant, BlockWriter>();
  for (const variant of variants) {
    const writer = await BlockWriter.create(home, variant);
    if (!writer) throw new Error("the guest's image cannot be made: run npm test once, which fetches Debian's packages for it");
    writers.set(variant, writer);
    console.log(`${seconds()} s  ${variant}: the guest has booted and is saved`);
  }
  for (let kill = 1; kill <= kills; kill++) {
    const variant = variants[kill % variants.length]!;
    const writer = writers.get(variant)!;
    if (!writer.hasRoom) throw new Error(`the ${variant} disk is full after ${kill - 1} kills: ask for fewer`);
    const moment = Math.random() * LATEST;
    const { first, end, clean, lost } = await writer.kill({ milliseconds: moment });
    acknowledged += end - first;
    if (end === first) none++;
    if (lost.length > 0 || clean === false) faults++;
    console.log(`${seconds()} s  kill ${kill}, ${variant}, after ${moment.toFixed(0)} ms: ${end - first} blocks acknowledged from ${first} on, lost ${lost.length ? lost.join(' ') : 'none'}, image ${clean === undefined ? 'not judged' : clean ? 'clean' : 'NOT CLEAN'}`);
  }
} finally {
  await home.close();
}
console.log(`${kills} kills in ${seconds().trim()} s, ${none} of them before the first acknowledgement; ${acknowledged} blocks acknowledged; faults: ${faults}`);
process.exitCode = faults === 0 ? 0 : 1;
