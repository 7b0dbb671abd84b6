// Each program as one CommonJS file: a short command spends most of its time in loading, and this is the form that Node.js loads fastest.
import { build } from 'esbuild';

const programs = { manage: 'manage', headless: 'headless', belvedere: 'belvedere' };

for (const [folder, main] of Object.entries(programs)) {
  await build({
    stdin: {
      contents: `import { ${main} } from './dist/${folder}/main.js';
        export const run = (...words) => void ${main}(...words).then((code) => (process.exitCode = code));`,
      resolveDir: import.meta.dirname ?? new URL('.', import.meta.url).pathname,
    },
    outfile: `dist/programs/${folder}.cjs`,
    bundle: true,
    platform: 'node',
    target: 'node20',
    format: 'cjs',
    define: { 'import.meta.url': 'moduleUrl' },
    banner: { js: "const moduleUrl = require('node:url').pathToFileURL(__filename).href;" },
    logLevel: 'warning',
  });
}
