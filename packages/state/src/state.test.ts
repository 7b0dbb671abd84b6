import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, plainCrc32 } from './crc32.js';
import { Kind, PAGE, recordBytes, RECORD_SIZE } from './format.js';
import { type MemoryRun, openState, readAbout, type SavedState, StateFileError, verifyState, writeState } from './index.js';

jest.setTimeout(180_000); // for a busy host

const machine = { uuid: '11111111-2222-4333-8444-555555555555', name: 'one' };
const MEMORY = 12 << 20;

async function* runs(list: readonly MemoryRun[]): AsyncGenerator<MemoryRun> {
  yield* list;
}

/** Pages of `memory` that hold something. */
function stateOf(memory: readonly MemoryRun[], devices: Record<string, Uint8Array> = { small: Uint8Array.of(1, 2, 3), empty: new Uint8Array(0), video: pages(10, [2, 7]) }): SavedState {
  return {
    engine: 'toy',
    engineVersion: '1.2.3',
    hardware: { memory: '12 MiB', 'drive ide0-0': 'hdd, 512 bytes' },
    sections: Object.entries(devices).map(([name, bytes], index) => ({ name, version: index + 1, bytes })),
    memorySize: MEMORY,
    memory: runs(memory),
  };
}

/** So many pages, of which some are filled with their number. */
function pages(count: number, filled: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(count * PAGE);
  for (const page of filled) bytes.fill(page, page * PAGE, (page + 1) * PAGE);
  return bytes;
}

describe("a state's file", () => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'state-'));
    path = join(folder, 'x.sav');
  });

  afterEach(async () => {
    await rm(folder, { recursive: true });
  });

  /** All that a file holds, memory as one range. */
  async function read(): Promise<{ memory: Uint8Array; sections: Record<string, [version: number, bytes: string]> }> {
    const file = await openState(path);
    try {
      const memory = new Uint8Array(file.memorySize);
      for await (const { address, bytes } of file.memory) memory.set(bytes, address);
      return { memory, sections: Object.fromEntries(file.sections.map(({ name, version, bytes }) => [name, [version, Buffer.from(bytes).toString('hex')]])) };
    } finally {
      await file.close();
    }
  }

  test('holds what was written', async () => {
    const memory = [
      { address: 3 * PAGE, bytes: pages(5, [0, 1, 4].map((page) => page + 0)) },
      { address: 8 << 20, bytes: new Uint8Array(3 << 20).fill(0x5a) },
      { address: MEMORY - PAGE, bytes: new Uint8Array(PAGE).fill(9) },
    ];
    const parts: number[] = [];
    const state = stateOf(memory);
    await writeState(path, state, { machine, onProgress: (part) => parts.push(part) });
    expect(parts).toEqual([...parts].sort((a, b) => a - b));
    expect(parts.at(-1)).toBe(1);
    const expected = new Uint8Array(MEMORY);
    for (const { address, bytes } of memory) expected.set(bytes, address);
    const found = await read();
    expect(Buffer.compare(found.memory, expected)).toBe(0);
    expect(found.sections).toEqual(Object.fromEntries(state.sections.map(({ name, version, bytes }) => [name, [version, Buffer.from(bytes).toString('hex')]])));
    for (const about of [await readAbout(path), await verifyState(path)]) {
      expect(about).toMatchObject({ machine, engine: 'toy', engineVersion: '1.2.3', hardware: state.hardware, memorySize: MEMORY });
      expect(Date.parse(about.savedAt)).not.toBeNaN();
    }
    expect(await readdir(folder)).toEqual(['x.sav']);
  });

  test('spends nothing on pages of zeroes', async () => {
    const length = await writeState(path, stateOf([{ address: 0, bytes: pages(2048, [5]) }], { video: pages(4096, [1]) }), { machine });
    expect(length).toBe((await readFile(path)).length);
    expect(length).toBeLessThan(2 * PAGE + 1000);
  });

  test('is not there when the state could not be read, and an older one still is', async () => {
    const broken = (): SavedState => ({
      ...stateOf([]),
      memory: (async function* () {
        yield { address: 0, bytes: new Uint8Array(PAGE).fill(1) };
        throw new Error('the machine ended');
      })(),
    });
    await expect(writeState(path, broken(), { machine })).rejects.toThrow('the machine ended');
    expect(await readdir(folder)).toEqual([]);
    await writeState(path, stateOf([]), { machine });
    const before = await readFile(path);
    await expect(writeState(path, broken(), { machine })).rejects.toThrow('the machine ended');
    const given = new AbortController();
    given.abort(new Error('no longer wanted'));
    await expect(writeState(path, stateOf([{ address: 0, bytes: new Uint8Array(PAGE) }]), { machine, signal: given.signal })).rejects.toThrow('no longer wanted');
    expect(await readdir(folder)).toEqual(['x.sav']);
    expect(await readFile(path)).toEqual(before);
  });

  test('that the host cannot keep says why', async () => {
    await expect(writeState(join(folder, 'none', 'x.sav'), stateOf([]), { machine })).rejects.toThrow(/could not make the file: there is no such file/);
  });

  test('refuses what is no state, by its reason', async () => {
    await expect(openState(path)).rejects.toThrow(/no such file/);
    await mkdir(path);
    await expect(openState(path)).rejects.toThrow(StateFileError);
    await rm(path, { recursive: true });
    await writeFile(path, '');
    await expect(openState(path)).rejects.toThrow(/no saved state/);
    await writeFile(path, 'a text of some length, which is no state');
    await expect(openState(path)).rejects.toThrow(/no saved state/);
  });

  test('of a later version is refused with both versions', async () => {
    await writeState(path, stateOf([]), { machine });
    const bytes = await readFile(path);
    bytes.writeUInt32LE(2, 4);
    bytes.writeUInt32LE(crc32(bytes.subarray(0, 8)), 8);
    await writeFile(path, bytes);
    await expect(readAbout(path)).rejects.toThrow(/version 2, and this program reads 1/);
  });

  /** Reads all there is, and has to fail. */
  const refusal = async (): Promise<Error> => {
    const error = await verifyState(path).then(
      () => undefined,
      (thrown: unknown) => thrown as Error,
    );
    expect(error).toBeInstanceOf(StateFileError);
    await expect(read()).rejects.toThrow(StateFileError);
    return error!;
  };

  test('that was cut short anywhere, or goes on, is refused', async () => {
    await writeState(path, stateOf([{ address: PAGE, bytes: pages(3, [1]) }], { small: Uint8Array.of(7) }), { machine });
    const bytes = await readFile(path);
    const ends = [...Array.from({ length: 60 }, (_unused, index) => Math.floor((index * bytes.length) / 60)), bytes.length - 1, bytes.length - RECORD_SIZE, bytes.length - RECORD_SIZE - 1];
    for (const end of ends) {
      await writeFile(path, bytes.subarray(0, end));
      await refusal();
    }
    await writeFile(path, Buffer.concat([bytes, Buffer.of(0)]));
    expect((await refusal()).message).toMatch(/goes on behind its end/);
  });

  test('with any bit changed is refused', async () => {
    await writeState(path, stateOf([{ address: PAGE, bytes: pages(3, [1]) }], { small: Uint8Array.of(7) }), { machine });
    const bytes = await readFile(path);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length * 8 - 1), async (bit) => {
        const changed = Buffer.from(bytes);
        changed[bit >> 3]! ^= 1 << (bit & 7);
        await writeFile(path, changed);
        await refusal();
      }),
      { numRuns: 80 },
    );
  });

  test('whose records lie, with checksums that fit, is refused', async () => {
    const about = (sections: unknown, memorySize: unknown = MEMORY): Uint8Array =>
      new TextEncoder().encode(JSON.stringify({ about: { machine, savedAt: 'now', engine: 'toy', engineVersion: '1', hardware: {}, memorySize }, sections }));
    const memory = { name: 'memory', version: 1, length: MEMORY };
    const record = (kind: number, section: number, offset: number, bytes: Uint8Array): Buffer => Buffer.concat([recordBytes({ kind, section, offset: BigInt(offset) }, bytes), bytes]);
    await writeState(path, stateOf([]), { machine });
    const header = (await readFile(path)).subarray(0, 12);
    const page = new Uint8Array(PAGE).fill(1);
    const files: [string, Buffer[]][] = [
      ['no description', [record(Kind.end, 0, 0, new Uint8Array(0))]],
      ['a description that is none', [record(Kind.about, 0, 0, Buffer.from('[]'))]],
      ['no list', [record(Kind.about, 0, 0, about(7))]],
      ['no memory', [record(Kind.about, 0, 0, about([{ name: 'a', version: 1, length: 1 }]))]],
      ['absurd sections', [record(Kind.about, 0, 0, about([{ name: 'a', version: 1, length: 2 ** 40 }, memory]))]],
      ['a negative length', [record(Kind.about, 0, 0, about([{ name: 'a', version: 1, length: -1 }, memory]))]],
      ['memory of half a page', [record(Kind.about, 0, 0, about([{ ...memory, length: 100 }], 100))]],
      ['the same section twice', [record(Kind.about, 0, 0, about([{ name: 'a', version: 1, length: 1 }, { name: 'a', version: 1, length: 1 }, memory]))]],
      ['data beyond its section', [record(Kind.about, 0, 0, about([memory])), record(Kind.data, 0, MEMORY, page)]],
      ['data at half a page', [record(Kind.about, 0, 0, about([memory])), record(Kind.data, 0, 100, page)]],
      ['data twice', [record(Kind.about, 0, 0, about([memory])), record(Kind.data, 0, 0, page), record(Kind.data, 0, 0, page), record(Kind.end, 0, 3, new Uint8Array(0))]],
      ['data of no section', [record(Kind.about, 0, 0, about([memory])), record(Kind.data, 1, 0, page), record(Kind.end, 0, 2, new Uint8Array(0))]],
      ['an unknown kind', [record(Kind.about, 0, 0, about([memory])), record(9, 0, 0, page), record(Kind.end, 0, 2, new Uint8Array(0))]],
      ['a record less than it says', [record(Kind.about, 0, 0, about([memory])), record(Kind.end, 0, 2, new Uint8Array(0))]],
    ];
    for (const [, parts] of files) {
      await writeFile(path, Buffer.concat([header, ...parts]));
      await refusal();
    }
    await writeFile(path, Buffer.concat([header, record(Kind.about, 0, 0, about([memory])), record(Kind.data, 0, 0, page), record(Kind.end, 0, 2, new Uint8Array(0))]));
    expect((await verifyState(path)).engine).toBe('toy');
  });
});

test('both ways to count a CRC-32 agree', () => {
  fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => plainCrc32(bytes) === crc32(bytes)));
  expect(plainCrc32(new TextEncoder().encode('123456789'))).toBe(0xcbf43926);
});
