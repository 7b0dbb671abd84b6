// Builds the program that writes blocks: nasm assembles writer.asm into ../dist, an i386 program without libraries.
import { chmodSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { provideNasm } from '../../setup/needs.mjs';
import { run, runMain } from '../../setup/progress.mjs';

await runMain(async () => {
  const source = dirname(fileURLToPath(import.meta.url));
  const target = join(source, '../dist/block-writer');
  mkdirSync(target, { recursive: true });
  const { program, env } = await provideNasm();
  await run(program, ['-f', 'bin', '-w+error', '-o', join(target, 'writer'), join(source, 'writer.asm')], { env });
  chmodSync(join(target, 'writer'), 0o755);
});
