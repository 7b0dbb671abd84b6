/**
 * Fuzzes what a stranger may send: `node dist/fuzz/main.js [--count 1000000] [--seed 1] [--sockets 20000] [--save FOLDER]`.
 *
 * Prints figures. A failure is printed with its seed (`--seed N --count 1 --sockets 0` repeats it), what the server was sent is kept in a file, and the
 * exit code is 1.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { FuzzFailure } from './handshakes.js';
import { fuzz } from './fuzz.js';

const { values } = parseArgs({
  options: { count: { type: 'string', default: '1000000' }, seed: { type: 'string', default: '1' }, sockets: { type: 'string', default: '20000' }, save: { type: 'string', default: '.' } },
});
const number = (name: 'count' | 'seed' | 'sockets', least: number): number => {
  const value = Number(values[name]);
  if (Number.isSafeInteger(value) && value >= least && value <= 1e9) return value;
  throw new RangeError(`--${name} ${values[name]}: give a whole number from ${least} to 1000000000`);
};

const folder = await mkdtemp(join(tmpdir(), 'belvedere-fuzz-'));
try {
  const figures = await fuzz({ count: number('count', 0), seed: number('seed', 0), sockets: number('sockets', 0), folder, progress: (text) => console.error(text) });
  console.log(JSON.stringify(figures, undefined, 2));
} catch (error) {
  if (!(error instanceof FuzzFailure)) throw error;
  const path = join(values.save, `handshake-${error.seed}.bin`);
  await writeFile(path, error.sent);
  console.error(error.stack, '\n', error.cause, `\nwhat the server was sent is in ${path}`);
  process.exitCode = 1;
} finally {
  await rm(folder, { recursive: true });
}
