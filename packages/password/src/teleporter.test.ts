import { expect, test } from '@jest/globals';
import { teleporterKey } from './teleporter.js';

test('one password is one key, on every host; none is none', async () => {
  const key = await teleporterKey('secret');
  expect(key).toMatch(/^[\w-]{43}$/);
  expect(await teleporterKey('secret')).toBe(key);
  expect(await teleporterKey('Secret')).not.toBe(key);
  expect(await teleporterKey('')).toBe('');
  // Composed and decomposed letters are the same password.
  expect(await teleporterKey('\u00e9')).toBe(await teleporterKey('e\u0301'));
});
