/** Writes packages/client/src/schema.ts: `pnpm --filter @belvedere/api run openapi`. */
import { writeFile } from 'node:fs/promises';
import { clientSchema, schemaFile } from './schema.js';

await writeFile(schemaFile, await clientSchema());
