/** A guest that writes and syncs is killed: what it has acknowledged is on the image. `killed-writer.js` does it a hundred times, on each kind of image. */
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { debianMirror, linuxIso } from '@belvedere/guests';
import { BlockWriter, hasQemuImg } from './block-writer.js';
import { Home } from './home.js';

const there = debianMirror() !== undefined && linuxIso() !== undefined;
if (!there) process.stderr.write("skipped: a Linux guest that writes and is killed: its image, which npm test builds where Debian's packages can be had\n");
if (!hasQemuImg()) process.stderr.write('skipped: qemu-img\'s judgement of a killed guest\'s image: it is not installed (Debian: qemu-utils)\n');

let home: Home;
beforeAll(() => void (home = new Home()));
afterAll(() => home.close(), 120_000);

(there ? test : test.skip)('a Linux that writes blocks with fsync and is killed loses none that it has acknowledged', async () => {
  const writer = (await BlockWriter.create(home, 'Standard'))!;
  let acknowledged = 0;
  for (const after of [1, 20]) {
    const { first, end, clean, lost } = await writer.kill({ acknowledgements: after });
    acknowledged += end - first;
    expect(lost).toEqual([]);
    expect(clean).toBe(hasQemuImg() ? true : undefined);
  }
  expect(acknowledged).toBeGreaterThanOrEqual(4 * 21);
}, 900_000);
