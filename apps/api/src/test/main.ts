/** The API's program with machines that run nothing. */
import { fileURLToPath } from 'node:url';
import { main } from '../program.js';

await main(fileURLToPath(new URL('./fake-machine.js', import.meta.url)));
