// `npm test`: the set-up, what the tests need (a mirror of some Debian packages, programs), the code's rules, every test; at the end one line that counts them.
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { provideTestNeeds } from './programs.mjs';
import { root } from './places.mjs';
import { attempt, runMain, say, seconds } from './progress.mjs';
import { setup, turbo } from './setup.mjs';

/** Workspaces tested at the same time. */
const CONCURRENCY = 2;
/** Milliseconds that the workspaces' tests, and the acceptance tests, may take: one that never ends shall fail, not hang. */
const LIMIT = 30 * 60_000;
/** It measures and drives whole viewers, so it runs alone. */
const ACCEPTANCE = '@belvedere/acceptance';

/** @typedef {{ workspace: string, passed: number, failed: number, skipped: string[], failures: string[] }} Run */

/** Each check and test runs whatever became of the ones before; all of them have to succeed. */
async function main() {
  const { installer } = await setup();
  const { buildMirror } = await import(pathToFileURL(join(root, 'tools/guests/debian-mirror/build.mjs')).href);
  await buildMirror(installer);
  const missing = await provideTestNeeds();
  if (missing.length > 0) {
    say(`not on this machine, so that tests which need it are skipped${process.getuid?.() === 0 ? '' : ' (as root on Debian they would be installed)'}:`);
    for (const need of missing) say(`  ${need.what} (Debian package ${need.package}): ${need.why}`);
  }

  const results = mkdtempSync(join(tmpdir(), 'belvedere-test-results-'));
  try {
    /** @type {string[]} */
    const bad = [];
    /** @param {string} name @param {() => Promise<number | string>} work */
    const check = async (name, work) => {
      const began = performance.now();
      say(`- ${name} ...`);
      const code = await work();
      say(`  ${name}: ${code === 0 ? 'good' : `ended with ${code}`}, ${seconds(performance.now() - began)}`);
      if (code !== 0) bad.push(name);
    };
    const environment = { BELVEDERE_TEST_RESULTS: results };
    const node = async (/** @type {string[]} */ ...args) => (await attempt(process.execPath, args, { cwd: root, env: { ...process.env, ...environment }, show: true })).code;
    const test = (/** @type {string[]} */ ...args) => turbo(['run', 'test', '--continue', '--output-logs=full', ...args], { env: environment, limit: LIMIT });

    await check('lint', () => node('node_modules/eslint/bin/eslint.js', 'packages', 'apps', 'tools'));
    await check('directions between workspaces', () => node('node_modules/dependency-cruiser/bin/dependency-cruise.mjs', 'packages', 'apps', 'tools', '--config', '.dependency-cruiser.cjs'));
    await check('tests of the set-up', () => node('--experimental-vm-modules', '--disable-warning=ExperimentalWarning', 'node_modules/jest/bin/jest.js', '--config', 'tools/setup/jest.config.mjs'));
    await check('tests of the workspaces', () => test(`--concurrency=${CONCURRENCY}`, `--filter=!${ACCEPTANCE}`));
    await check('acceptance tests', () => test('--concurrency=1', `--filter=${ACCEPTANCE}`));

    report(readRuns(results));
    for (const name of bad) say(`failed: ${name}`);
    return bad.length === 0 ? 0 : 1;
  } finally {
    rmSync(results, { recursive: true, force: true });
  }
}

/** @param {string} folder @returns {Run[]} */
const readRuns = (folder) => readdirSync(folder).sort().map((name) => JSON.parse(readFileSync(join(folder, name), 'utf8')));

/** @param {readonly Run[]} runs */
function report(runs) {
  say('');
  for (const { workspace, skipped } of runs) for (const name of skipped) say(`skipped: ${workspace}: ${name}`);
  for (const { workspace, failures } of runs) for (const name of failures) say(`failed: ${workspace}: ${name}`);
  const sum = (/** @type {(run: Run) => number} */ of) => runs.reduce((total, run) => total + of(run), 0);
  say(`${sum((run) => run.passed)} passed, ${sum((run) => run.failed)} failed, ${sum((run) => run.skipped.length)} skipped`);
}

await runMain(main);
