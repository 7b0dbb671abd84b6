import { describe, expect, test } from '@jest/globals';
import { readFile } from 'node:fs/promises';
import { clientSchema, schemaFile } from './schema.js';

describe('OpenAPI document', () => {
  test("the client's committed types are what this API says", async () => {
    const committed = await readFile(schemaFile, 'utf8');
    // A mismatch means: build, then `pnpm --filter @belvedere/api run openapi`.
    expect(committed).toBe(await clientSchema());
  });
});
