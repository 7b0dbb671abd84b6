// Builds the test card: nasm assembles testcard.asm, the program becomes a floppy image (which serves as a hard disk too) and an ISO image in ../dist.
// The same sources give the same bytes.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { writeImage } from '../iso/iso9660.mjs';
import { provideNasm } from '../../setup/needs.mjs';
import { run, runMain } from '../../setup/progress.mjs';

const FLOPPY = 1474560;

await runMain(async () => {
  const source = dirname(fileURLToPath(import.meta.url));
  const target = join(source, '../dist/testcard');
  mkdirSync(target, { recursive: true });
  const { program, env } = await provideNasm();
  const raw = join(target, 'testcard.bin');
  await run(program, ['-f', 'bin', '-w+error', '-I', `${source}/`, '-o', raw, join(source, 'testcard.asm')], { env });
  const code = readFileSync(raw);
  rmSync(raw);

  const floppy = Buffer.alloc(FLOPPY);
  floppy.set(code);
  writeFileSync(join(target, 'testcard.img'), floppy);
  writeImage(join(target, 'testcard.iso'), { volume: 'TESTCARD', files: [{ name: 'TESTCARD.BIN', data: code }], boot: 'TESTCARD.BIN' });
});
