import { describe, expect, test } from '@jest/globals';
import { MemoryDisk } from '../testing/memory-disk.js';
import { DiskServer } from './disk-server.js';
import type { DiskOperation } from './protocol.js';

const write = (offset: number, value: number): DiskOperation => ({ op: 'write', offset, data: new Uint8Array(512).fill(value), durable: false });

describe('what the host has no room for', () => {
  test('is held, and what the same drive asks for afterwards waits behind it', async () => {
    const [first, second] = [new MemoryDisk(4096), new MemoryDisk(4096)];
    let stalls = 0;
    const server = new DiskServer([{ slot: 'ide0-0', device: first }, { slot: 'ide1-0', device: second }], () => void stalls++);
    const answers: string[] = [];
    const serve = (name: string, slot: 'ide0-0' | 'ide1-0', operation: DiskOperation): Promise<void> =>
      server.serve(slot, operation).then(({ error }) => void answers.push(error === undefined ? name : `${name}: ${error}`));

    first.full = true;
    const older = serve('older', 'ide0-0', write(0, 1));
    await expect(server.retry()).resolves.toBeUndefined();
    await serve('elsewhere', 'ide1-0', write(0, 7));
    first.full = false;
    // The drive was reset meanwhile, and writes the same sector again.
    const newer = serve('newer', 'ide0-0', write(0, 2));
    expect([answers, stalls, server.heldBecause]).toEqual([['elsewhere'], 2, 'the host has no space left']);

    first.full = true;
    await expect(server.retry()).rejects.toThrow('no space left');
    expect(answers).toEqual(['elsewhere']);
    first.full = false;
    await Promise.all([server.retry(), server.retry(), older, newer]);
    expect([answers, server.heldBecause, first.bytes[0]]).toEqual([['elsewhere', 'older', 'newer'], undefined, 2]);
  });

  test('fails when its medium is changed, and when it can be done no more', async () => {
    const disk = new MemoryDisk(4096);
    const server = new DiskServer([{ slot: 'floppy0', device: disk }], () => undefined);
    disk.full = true;
    const lost = server.serve('floppy0', write(0, 1));
    await new Promise((resolve) => setImmediate(resolve));
    await server.replace('floppy0', disk);
    expect(await lost).toEqual({ error: 'the medium at floppy0 was changed' });

    const broken = server.serve('floppy0', write(512, 1));
    await new Promise((resolve) => setImmediate(resolve));
    disk.full = false;
    disk.bad.add(512);
    await server.retry();
    expect(await broken).toEqual({ error: 'input/output error at 512' });
    await server.quiet();
  });
});
