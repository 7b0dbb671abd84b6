/** The API's program: `node main.js`. */
import { main } from './program.js';

await main();
