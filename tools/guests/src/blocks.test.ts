// The blocks that a guest writes: the formula is the writer's own, and no two blocks stand at one place.
import { spawnSync } from 'node:child_process';
import { mkdtemp, open, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { expect, test } from '@jest/globals';
import { BLOCKS, BLOCK_SIZE, blockContent, blockOffset } from './blocks.js';

test('each block has a place of its own on the disk', () => {
  const places = new Set(Array.from({ length: BLOCKS }, (_, number) => blockOffset(number)));
  expect(places.size).toBe(BLOCKS);
  expect([Math.min(...places), Math.max(...places)]).toEqual([0, (BLOCKS - 1) * BLOCK_SIZE]);
});

test('a block holds its number and the checksum of all before it', () => {
  const words = new Uint32Array(blockContent(77).buffer);
  expect(words[0]).toBe(77);
  expect(words.subarray(0, -1).reduce((sum, word) => Math.imul(sum ^ word, 16777619) >>> 0, 2166136261)).toBe(words.at(-1));
  expect(blockContent(78)).not.toEqual(blockContent(77));
});

const writer = fileURLToPath(new URL('./block-writer/writer', import.meta.url));
const runs = process.platform === 'linux' && spawnSync(writer).status === 1;
if (!runs) process.stderr.write("skipped: the writer's own blocks: this system runs no i386 programs\n");

(runs ? test : test.skip)('the writer writes these blocks, and acknowledges them by fours', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'belvedere-blocks-'));
  try {
    const path = join(folder, 'disk');
    const disk = await open(path, 'w+');
    try {
      await disk.truncate(BLOCKS * BLOCK_SIZE);
      const first = BLOCKS - 10;
      const { status, stdout } = spawnSync(writer, [path, String(first)], { encoding: 'latin1' });
      expect([status, stdout]).toEqual([0, `${first + 3}\n${first + 7}\n`]);
      for (let number = first - 1; number < BLOCKS; number++) {
        const read = new Uint8Array(BLOCK_SIZE);
        await disk.read(read, 0, BLOCK_SIZE, blockOffset(number));
        expect(read).toEqual(number < first ? new Uint8Array(BLOCK_SIZE) : blockContent(number));
      }
      expect(spawnSync(writer, [join(folder, 'none'), '0']).status).toBe(1);
    } finally {
      await disk.close();
    }
  } finally {
    await rm(folder, { recursive: true });
  }
});
