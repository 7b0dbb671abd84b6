/** A crash at any step of what changes an image as a whole: it is clean, reads as before or as it should, and the same call completes it. */
import { describe, expect, jest, test } from '@jest/globals';
import { NoSpaceError } from '../errors.js';
import type { OpenImage } from '../image.js';
import { copyInto } from '../merge.js';
import { crashes, MemoryFile } from '../tools.testing.js';
import { secondMapOffset } from './block-map.js';
import { ImageType, parseHeader, type VdiHeader } from './header.js';
import { openVdi, type VdiImage } from './image.js';
import { resizeVdi } from './resize.js';
import { judge, KiB64, numbers, smallBlocks, tightBlocks } from './small-blocks.testing.js';

jest.setTimeout(60_000); // for a busy host

const uuids = ['01234567-89ab-cdef-0123-456789abcdef', '11234567-89ab-cdef-0123-456789abcdef', '21234567-89ab-cdef-0123-456789abcdef'] as const;
const released = (): Promise<void> => Promise.resolve();
const blocks = 12;

/** The images of a chain, the base first. */
type Chain = readonly Uint8Array[];

async function open(chain: Chain, readOnly = true): Promise<{ image: VdiImage; file: MemoryFile }> {
  let parent: OpenImage | undefined;
  for (const bytes of chain.slice(0, -1)) {
    const layer = await openVdi(new MemoryFile(bytes, true), released);
    layer.setParent(parent);
    parent = layer;
  }
  const file = new MemoryFile(readOnly ? chain.at(-1)! : chain.at(-1)!.slice(), readOnly);
  const image = await openVdi(file, released);
  image.setParent(parent);
  return { image, file };
}

async function contentOf(chain: Chain): Promise<Buffer> {
  const { image } = await open(chain);
  return Buffer.from(await image.read(0, Math.min(image.size, blocks * KiB64)));
}

/** A chain whose layers have, block by block: nothing, data, zeroes in part or in whole. */
async function newChain(layers: number): Promise<Uint8Array[]> {
  const chain: Uint8Array[] = [];
  const random = numbers(layers);
  for (let layer = 0; layer < layers; layer++) {
    const linked: Partial<VdiHeader> = layer ? { u32Type: ImageType.DIFF, uuidLinkage: uuids[layer - 1]!, uuidParentModify: uuids[layer - 1]! } : {};
    const { image, file } = await open([...chain, smallBlocks(true, blocks, { uuidCreate: uuids[layer]!, uuidModify: uuids[layer]!, ...linked })], false);
    image.map.keepsModification = true;
    for (const block of Array.from({ length: blocks }, (_, i) => (i * 5 + layer) % blocks)) {
      const kind = random(4);
      if (kind === 1) await image.write(block * KiB64, new Uint8Array(KiB64).fill(layer * 50 + block + 1));
      if (kind === 2) await image.write(block * KiB64 + 1024, new Uint8Array(512).fill(layer * 50 + block + 1));
      if (kind === 3) await image.write(block * KiB64, new Uint8Array(KiB64));
    }
    await image.flush();
    chain.push(file.contents);
  }
  return chain;
}

/** Every moment at which `file` may have been left, killed or cut off. */
function* moments(initial: Uint8Array, file: MemoryFile): Generator<Uint8Array> {
  const random = numbers(7);
  let count = 0;
  for (const { killed, cut } of crashes(initial, file.steps, () => random(2) === 0)) {
    count++;
    yield killed;
    yield cut;
  }
  expect(count).toBe(file.steps.length);
}

describe('a differencing image', () => {
  test('never shows a block that lacks what its parent has', async () => {
    const base = (await newChain(1))[0]!;
    const full = await open([base], false);
    for (let block = 0; block < blocks; block++) await full.image.write(block * KiB64, new Uint8Array(KiB64).fill(0xee));
    await full.image.flush();
    const chain = [full.file.contents, smallBlocks(true, blocks, { u32Type: ImageType.DIFF, uuidLinkage: uuids[0], uuidParentModify: uuids[0] })];
    const { image, file } = await open(chain, false);
    for (const round of [1, 2]) {
      await Promise.all([0, 3, 4, 7].map((block) => image.write(block * KiB64 + 512 * round, new Uint8Array(512).fill(round))));
      await image.write(round * 5 * KiB64, new Uint8Array(KiB64)); // the whole block made zero
      await image.flush();
    }
    await image.close();
    const allowed = new Set([0xee, 1, 2]);
    for (const bytes of moments(chain[1]!, file)) {
      judge(bytes);
      const content = await contentOf([chain[0]!, bytes]);
      for (let at = 0; at < content.length; at += 512) {
        const zeroed = [5, 10].includes(Math.floor(at / KiB64));
        if (!allowed.has(content[at]!) && !(zeroed && content[at] === 0)) throw new Error(`byte ${at} is ${content[at]}`);
      }
    }
  });
});

describe('a merge into the child', () => {
  test.each([2, 3])('in a chain of %i', async (length) => {
    const chain = await newChain(length);
    const before = await contentOf(chain);
    const parents = chain.slice(0, -1);
    const { image, file } = await open(chain, false);
    await image.absorbParent();
    expect(image.parents).toHaveLength(length - 2);
    await image.close();
    judge(file.contents);
    for (const bytes of moments(chain.at(-1)!, file)) {
      judge(bytes);
      const merged = parseHeader('merged', bytes.subarray(0, 512), bytes.length).uuidLinkage !== uuids[length - 2];
      const left = merged ? parents.slice(0, -1) : parents;
      expect((await contentOf([...left, bytes])).equals(before)).toBe(true);
      if (merged) continue;
      const again = await open([...left, bytes], false);
      await again.image.absorbParent();
      await again.image.close();
      expect((await contentOf([...left.slice(0, -1), again.file.contents])).equals(before)).toBe(true);
    }
  });

  test('goes on while the image is written', async () => {
    const chain = await newChain(3);
    const expected = await contentOf(chain);
    const { image, file } = await open(chain, false);
    const merged = image.absorbParent();
    for (let block = blocks - 1; block >= 0; block--) {
      const data = new Uint8Array(700).fill(0xd0 + block);
      expected.set(data, block * KiB64 + 300);
      await image.write(block * KiB64 + 300, data);
    }
    await merged;
    expect(Buffer.compare(await image.read(0, image.size), expected)).toBe(0);
    await image.close();
    expect((await contentOf([chain[0]!, file.contents])).equals(expected)).toBe(true);
  });
});

test.each([2, 3])('a merge into the parent, in a chain of %i', async (length) => {
  const chain = await newChain(length);
  const before = await contentOf(chain);
  const child = chain.at(-1)!;
  const below = chain.slice(0, -2);
  const merge = async (bytes: Uint8Array): Promise<MemoryFile> => {
    const parent = await open([...below, bytes], false);
    const source = await openVdi(new MemoryFile(child, true), released);
    source.setParent(parent.image);
    await copyInto(source, parent.image, {});
    await source.close();
    return parent.file;
  };
  const file = await merge(chain.at(-2)!);
  expect((await contentOf([...below, file.contents])).equals(before)).toBe(true);
  for (const bytes of moments(chain.at(-2)!, file)) {
    judge(bytes);
    expect(parseHeader('merged', bytes.subarray(0, 512), bytes.length).uuidModify).toBe(uuids[length - 2]); // the child knows it still
    expect((await contentOf([...below, bytes, child])).equals(before)).toBe(true);
    const again = await merge(bytes);
    expect((await contentOf([...below, again.contents])).equals(before)).toBe(true);
  }
});

test('room for a second map, in an image made tight, when it is opened for writing', async () => {
  const initial = tightBlocks(blocks, [3, 0, 7]);
  const before = await contentOf([initial]);
  const file = new MemoryFile(initial.slice());
  await (await openVdi(file, released)).close();
  judge(file.contents);
  const header = parseHeader('opened', file.contents.subarray(0, 512), file.contents.length);
  expect(secondMapOffset(header)).toBeDefined();
  expect(header).toMatchObject({ cBlocks: blocks, cBlocksAllocated: 3, cbDisk: BigInt(blocks * KiB64) });
  for (const bytes of moments(initial, file)) {
    judge(bytes, true);
    expect((await contentOf([bytes])).equals(before)).toBe(true);
    const again = await open([bytes], false);
    await again.image.write(5 * KiB64, new Uint8Array(512).fill(1));
    await again.image.close();
    judge(again.file.contents);
  }
});

describe('a larger size', () => {
  const cases: readonly (readonly [name: string, make: () => Promise<Uint8Array>, larger: number])[] = [
    ['that the map has room for', async () => (await newChain(1))[0]!, 1000],
    ['for which the first blocks make room', async () => (await newChain(1))[0]!, 20_000],
    ['for which one block makes room, in an image made tight', () => Promise.resolve(tightBlocks(blocks, [3, 0, 7])), 300],
  ];
  test.each(cases)('%s', async (_name, make, larger) => {
    const initial = await make();
    const before = await contentOf([initial]);
    const file = new MemoryFile(initial.slice());
    await resizeVdi(file, larger * KiB64);
    judge(file.contents);
    const { image } = await open([file.contents]);
    expect(image.size).toBe(larger * KiB64);
    expect(await image.isKnownZero(blocks * KiB64, (larger - blocks) * KiB64)).toBe(true);
    for (const bytes of moments(initial, file)) {
      judge(bytes, true);
      expect((await contentOf([bytes])).equals(before)).toBe(true);
      const again = new MemoryFile(bytes.slice());
      await resizeVdi(again, larger * KiB64);
      judge(again.contents);
      const grown = await open([again.contents], false);
      expect(grown.image.size).toBe(larger * KiB64);
      await grown.image.write((larger - 1) * KiB64, new Uint8Array(512).fill(9));
      await grown.image.close();
      judge(grown.file.contents);
      expect((await contentOf([grown.file.contents])).equals(before)).toBe(true);
    }
  });

  test('of a fixed image', async () => {
    const file = new MemoryFile(smallBlocks(true, 4, { u32Type: ImageType.FIXED, offData: 16_384 }).slice(0, 16_384));
    const image = await openVdi(file, released);
    for (let block = 0; block < 4; block++) await image.write(block * KiB64, new Uint8Array(KiB64).fill(block + 1));
    await image.close();
    const initial = file.contents.slice();
    const before = await contentOf([initial]);
    file.steps.length = 0;
    await resizeVdi(file, 1100 * KiB64); // makes room too
    judge(file.contents);
    expect(parseHeader('grown', file.contents.subarray(0, 512), file.contents.length)).toMatchObject({ cBlocks: 1100, cBlocksAllocated: 1100, offData: 16_384 + KiB64 });
    for (const step of [file.steps.length - 4, file.steps.length - 2]) {
      const cutShort = new MemoryFile(initial.slice());
      for (const each of file.steps.slice(0, step)) {
        if (each === 'sync') continue;
        if ('truncate' in each) await cutShort.truncate(each.truncate);
        else await cutShort.write(each.write, each.at);
      }
      judge(cutShort.contents, true);
      expect((await contentOf([cutShort.contents])).subarray(0, 4 * KiB64).equals(before)).toBe(true);
    }
  });

  test('is refused in an image with no block to spare and no room', async () => {
    const file = new MemoryFile(tightBlocks(128, Array.from({ length: 128 }, (_, block) => block)));
    const before = file.contents.slice();
    await expect(resizeVdi(file, 200 * KiB64)).rejects.toThrow('resize: the image has no room for a larger map, and no block to spare: clone it with clonemedium, and resize the clone');
    expect(Buffer.compare(file.contents, before)).toBe(0);
  });
});

describe('a compaction', () => {
  test.each([1, 2, 3])('of the last of %i', async (length) => {
    const chain = await newChain(length);
    const below = chain.slice(0, -1);
    const filled = await open(chain, false);
    const random = numbers(length + 20);
    for (let block = 0; block < blocks; block++) await filled.image.write(block * KiB64, new Uint8Array(KiB64).fill(1));
    for (let block = 0; block < blocks; block++) {
      const kind = random(3);
      if (kind === 1) await filled.image.write(block * KiB64, new Uint8Array(KiB64));
      if (kind === 2 && length > 1) await filled.image.write(block * KiB64, (await contentOf(below)).subarray(block * KiB64, (block + 1) * KiB64));
    }
    await filled.image.close();
    const initial = filled.file.contents.slice();
    const before = await contentOf([...below, initial]);
    const { image, file } = await open([...below, initial], false);
    const freed = await image.compact();
    await image.close();
    expect(freed).toBe(initial.length - file.contents.length);
    expect(freed).toBeGreaterThan(KiB64);
    judge(file.contents);
    for (const bytes of moments(initial, file)) {
      judge(bytes, true);
      expect((await contentOf([...below, bytes])).equals(before)).toBe(true);
      const again = await open([...below, bytes], false);
      await again.image.compact();
      await again.image.close();
      judge(again.file.contents);
      expect(again.file.contents.length).toBe(file.contents.length);
      expect((await contentOf([...below, again.file.contents])).equals(before)).toBe(true);
    }
  });
});

describe('a full disk at any step', () => {
  /** Lets one step after the other fail, each from the same beginning, until the work succeeds without meeting one. */
  async function failing(begin: () => Promise<{ file: MemoryFile; work: () => Promise<unknown>; judgeFailed: (bytes: Uint8Array) => Promise<void>; judgeDone: (bytes: Uint8Array) => Promise<void> }>): Promise<void> {
    let failed = 0;
    for (let at = 0; ; at++) {
      const { file, work, judgeFailed, judgeDone } = await begin();
      let step = 0;
      file.before = (each) => {
        if (each !== 'sync' && step++ === at) throw new NoSpaceError('memory');
      };
      const error = await work().then(
        () => undefined,
        (cause: unknown) => cause,
      );
      const met = step > at;
      file.before = () => undefined;
      if (error !== undefined) {
        expect(error).toBeInstanceOf(NoSpaceError);
        failed++;
        await judgeFailed(file.contents.slice());
        await work(); // there is room again
      }
      await judgeDone(file.contents);
      if (!met) break;
    }
    expect(failed).toBeGreaterThan(1);
  }

  test('of a merge into the child', async () => {
    const chain = await newChain(3);
    const before = await contentOf(chain);
    await failing(async () => {
      const { image, file } = await open(chain, false);
      return {
        file,
        work: () => image.absorbParent(),
        judgeFailed: async (bytes) => {
          judge(bytes);
          expect((await contentOf([...chain.slice(0, 2), bytes])).equals(before)).toBe(true);
        },
        judgeDone: async () => {
          await image.close();
          judge(file.contents);
          expect((await contentOf([chain[0]!, file.contents])).equals(before)).toBe(true);
        },
      };
    });
  });

  test('of a compaction', async () => {
    const filled = await open([smallBlocks(true, blocks)], false);
    for (let block = 0; block < blocks; block++) await filled.image.write(block * KiB64, new Uint8Array(KiB64).fill(block + 1));
    for (const block of [0, 2, 3, 7]) await filled.image.write(block * KiB64, new Uint8Array(KiB64));
    await filled.image.close();
    const initial = filled.file.contents.slice();
    const before = await contentOf([initial]);
    await failing(async () => {
      const { image, file } = await open([initial], false);
      const judgeContent = async (bytes: Uint8Array): Promise<void> => {
        judge(bytes, true);
        expect((await contentOf([bytes])).equals(before)).toBe(true);
      };
      return {
        file,
        work: () => image.compact(),
        judgeFailed: judgeContent,
        judgeDone: async (bytes) => {
          await judgeContent(bytes);
          judge(bytes);
          expect(bytes.length).toBe(initial.length - 4 * KiB64);
        },
      };
    });
  });

  test('of a larger size', async () => {
    const [initial] = await newChain(1);
    const before = await contentOf([initial!]);
    await failing(() => {
      const file = new MemoryFile(initial!.slice());
      const judgeContent = async (bytes: Uint8Array): Promise<void> => {
        judge(bytes, true);
        expect((await contentOf([bytes])).equals(before)).toBe(true);
      };
      return Promise.resolve({
        file,
        work: () => resizeVdi(file, 20_000 * KiB64),
        judgeFailed: judgeContent,
        judgeDone: async (bytes) => {
          judge(bytes);
          await judgeContent(bytes);
        },
      });
    });
  });

  test('of writes to a differencing image, none of which is lost', async () => {
    const base = await open([smallBlocks(true, blocks)], false);
    for (let block = 0; block < blocks; block++) await base.image.write(block * KiB64, new Uint8Array(KiB64).fill(0xee));
    await base.image.close();
    const child = smallBlocks(true, blocks, { u32Type: ImageType.DIFF, uuidLinkage: uuids[0], uuidParentModify: uuids[0] });
    await failing(async () => {
      const { image, file } = await open([base.file.contents, child], false);
      let next = 0;
      const expected = Buffer.alloc(blocks * KiB64, 0xee);
      return {
        file,
        work: async () => {
          for (; next < 8; next++) {
            const at = (next % 4) * KiB64 + 700 * next;
            await image.write(at, new Uint8Array(512).fill(next + 1));
            expected.fill(next + 1, at, at + 512);
            if (next % 3 === 0) await image.flush();
          }
        },
        judgeFailed: async (bytes) => {
          judge(bytes);
          expect(Buffer.compare(await image.read(0, expected.length), expected)).toBe(0);
        },
        judgeDone: async () => {
          await image.close();
          judge(file.contents);
          expect((await contentOf([base.file.contents, file.contents])).equals(expected)).toBe(true);
        },
      };
    });
  });
});
