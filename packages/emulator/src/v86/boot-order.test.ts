import { describe, expect, test } from '@jest/globals';
import { bootOrderFile } from './boot-order.js';
import type { DriveShape } from './protocol.js';

const DRIVES: readonly DriveShape[] = [
  { slot: 'ide1-0', kind: 'dvd', medium: null },
  { slot: 'ide0-1', kind: 'hdd', medium: null },
  { slot: 'ide0-0', kind: 'hdd', medium: null },
  { slot: 'floppy0', kind: 'floppy', medium: null },
];

const lines = (...order: Parameters<typeof bootOrderFile>[0]): string[] =>
  new TextDecoder().decode(bootOrderFile(order, DRIVES).data).split('\n');

describe('boot order', () => {
  test('names every drive of a kind, in the order of their places', () => {
    expect(lines('disk', 'dvd')).toEqual([
      '/pci@i0cf8/ide@1e/drive@0/disk@0',
      '/pci@i0cf8/ide@1e/drive@0/disk@1',
      '/pci@i0cf8/ide@1e/drive@1/disk@0',
      'HALT',
      '',
    ]);
  });

  test('leaves out what is not listed', () => {
    expect(lines('none', 'floppy', 'none')).toEqual(['/pci@i0cf8/isa@1/fdc@03f0/floppy@0', 'HALT', '']);
    expect(lines()).toEqual(['HALT', '']);
  });
});
