import { expect, test } from '@jest/globals';
import { ScancodeReader, typeText } from './typing.js';

test('raw bytes become key events, with prefixes and over the edge of two calls', () => {
  const reader = new ScancodeReader();
  expect(reader.read([0x2a, 0x1e, 0x9e, 0xaa])).toEqual([
    { code: 0x2a, down: true },
    { code: 0x1e, down: true },
    { code: 0x1e, down: false },
    { code: 0x2a, down: false },
  ]);
  expect(reader.read([0xe0])).toEqual([]);
  expect(reader.read([0x48, 0xe0, 0xc8])).toEqual([
    { code: 0xe048, down: true },
    { code: 0xe048, down: false },
  ]);
  expect(reader.read([0xe1, 0x1d, 0x45])).toEqual([
    { code: 0xe11d, down: true },
    { code: 0x45, down: true },
  ]);
});

test('text is typed with Shift held around its key', () => {
  expect(typeText('a:')).toEqual([
    { code: 0x1e, down: true },
    { code: 0x1e, down: false },
    { code: 0x2a, down: true },
    { code: 0x27, down: true },
    { code: 0x27, down: false },
    { code: 0x2a, down: false },
  ]);
  expect(typeText('z\n/`').filter(({ down }) => down).map(({ code }) => code)).toEqual([0x2c, 0x1c, 0x35, 0x29]);
});

test('a character that no key types is named', () => {
  expect(() => typeText('aé')).toThrow("a US keyboard cannot type 'é' (U+00E9)");
});
