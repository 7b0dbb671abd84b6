/** Overlapping requests, as one after the other would have done; and a VDI against a plain array of bytes. */
import { join } from 'node:path';
import { describe, expect, jest, test } from '@jest/globals';
import fc from 'fast-check';
import { createVdi, openImage } from './index.js';
import { RangeQueue } from './ordering.js';
import { temporaryFolder } from './tools.testing.js';

jest.setTimeout(60_000); // for a busy host

const folder = temporaryFolder();
const MiB = 1 << 20;

describe('the queue', () => {
  /** Starts an operation that ends when told to, and notes when it began. */
  function operation(queue: RangeQueue, begun: string[], name: string, start: number, length: number, writes: boolean): { finish: (failure?: Error) => void; done: Promise<void> } {
    let finish!: (failure?: Error) => void;
    const gate = new Promise<void>((resolve, reject) => (finish = (failure) => (failure ? reject(failure) : resolve())));
    const done = queue.run(start, length, writes, () => (begun.push(name), gate));
    return { finish, done };
  }

  test('holds back what overlaps an earlier write, and nothing else', async () => {
    const queue = new RangeQueue();
    const begun: string[] = [];
    const a = operation(queue, begun, 'write 0-9', 0, 10, true);
    const b = operation(queue, begun, 'read 5-14', 5, 10, false);
    const c = operation(queue, begun, 'read 10-19', 10, 10, false);
    const d = operation(queue, begun, 'write 12-12', 12, 1, true);
    expect(begun).toEqual(['write 0-9', 'read 10-19']);
    c.finish();
    await c.done;
    expect(begun).toEqual(['write 0-9', 'read 10-19']);
    a.finish(new Error('failed'));
    await expect(a.done).rejects.toThrow('failed');
    await Promise.resolve();
    expect(begun).toEqual(['write 0-9', 'read 10-19', 'read 5-14']);
    b.finish();
    await b.done;
    d.finish();
    await d.done;
    expect(begun.at(-1)).toBe('write 12-12');
    await queue.settled();
  });
});

test('a VDI under concurrent requests is the array of bytes that they describe in order', async () => {
  const size = 4 * MiB;
  let run = 0;
  const request = fc.record({
    kind: fc.constantFrom('write', 'write', 'read', 'flush', 'zero'),
    offset: fc.nat(size / 512 - 1).map((sector) => sector * 512),
    sectors: fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 3000 })),
    fill: fc.integer({ min: 1, max: 255 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(request, { minLength: 1, maxLength: 30 }), async (requests) => {
      const path = join(folder, `model-${run++}.vdi`);
      await createVdi(path, { size, variant: 'Standard' });
      const image = await openImage(path);
      const model = new Uint8Array(size);
      const underway = requests.map(async ({ kind, offset, sectors, fill }) => {
        const length = Math.min(sectors * 512, size - offset);
        if (kind === 'flush') return image.flush();
        if (kind === 'read') {
          const expected = model.slice(offset, offset + length);
          expect(Buffer.compare(await image.read(offset, length), expected)).toBe(0);
          return;
        }
        const data = new Uint8Array(length).fill(kind === 'zero' ? 0 : fill);
        model.set(data, offset);
        return image.write(offset, data);
      });
      await Promise.all(underway);
      expect(Buffer.compare(await image.read(0, size), model)).toBe(0);
      await image.close();
      const again = await openImage(path, { readOnly: true });
      expect(Buffer.compare(await again.read(0, size), model)).toBe(0);
      await again.close();
    }),
    { numRuns: 40 },
  );
}, 30_000);
