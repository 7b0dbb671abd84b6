/** Writes docs/commands.md. */
import { writeFile } from 'node:fs/promises';
import { commandReference } from './markdown.js';

await writeFile(new URL('../../../../docs/commands.md', import.meta.url), await commandReference());
