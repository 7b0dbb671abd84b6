import { expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { commandReference } from './markdown.js';

test('docs/commands.md says what the tables say', async () => {
  const written = await readFile(new URL('../../../../docs/commands.md', import.meta.url), 'utf8');
  // Out of date: pnpm --filter @belvedere/cli run reference
  expect(written).toBe(await commandReference());
});
