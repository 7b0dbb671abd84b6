// `npm run setup`: from a fresh checkout to built workspaces, with progress. A second run does only what has changed.
// Steps: Node's version, dependencies (pnpm, by the lockfile), firmware, passt and assembler, build (turbo), the Linux guests' ISO images.
// Plain JavaScript on Node's own modules: it runs before anything is installed.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { withLock } from './lock.mjs';
import { hasFirmware, hasPasst, provideFirmware, provideNasm, providePasst } from './needs.mjs';
import { findProgram, root } from './places.mjs';
import { SetupError, attempt, run, runMain, say, seconds, step } from './progress.mjs';

const OLDEST_NODE = 20;

/**
 * Does the whole set-up.
 * @returns {Promise<{ installer: string | undefined }>} installer: the Debian installer's ISO, unless this system cannot make it
 * @throws {SetupError}
 */
export async function setup() {
  const began = performance.now();
  checkNode();
  const installer = await withLock(join(root, 'node_modules', '.belvedere-setup.lock'), async () => {
    await installDependencies();
    await step('build', build);
    if (!hasFirmware()) await step('firmware: SeaBIOS from Debian, unpacked into the cache', provideFirmware);
    if (!hasPasst()) await networks();
    const { buildInstaller } = await import(pathToFileURL(join(root, 'tools/guests/debian-installer/build.mjs')).href);
    const { buildLinux } = await import(pathToFileURL(join(root, 'tools/guests/linux/build.mjs')).href);
    const image = await buildInstaller();
    await buildLinux(image);
    return image;
  });
  say(`set-up complete in ${seconds(performance.now() - began)}`);
  return { installer };
}

/** A machine runs without passt, but its network leads nowhere: no reason to end the set-up. */
async function networks() {
  try {
    await step("passt from Debian, which connects guests' networks, unpacked into the cache", providePasst);
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(`  no passt: ${error.message}; machines run without a network, and the next set-up tries again`);
  }
}

async function build() {
  await provideNasm();
  const tell = (/** @type {string} */ line) => {
    const missed = /^(\S+):build: cache miss/.exec(line);
    if (missed) say(`  building ${missed[1]}`);
  };
  if ((await turbo(['run', 'build', '--output-logs=hash-only'], { onLine: tell })) === 0) return;
  // What went wrong shows in a second run, which has to do just that again.
  const code = await turbo(['run', 'build', '--output-logs=errors-only']);
  if (code !== 0) throw new SetupError(`the build ended with ${code}; its messages stand above`);
}

function checkNode() {
  const major = Number(process.versions.node.split('.')[0]);
  if (major < OLDEST_NODE) {
    throw new SetupError(`this is Node.js ${process.versions.node}; Belvedere needs ${OLDEST_NODE} or newer: install it from your system's packages or https://nodejs.org`);
  }
}

/** pnpm's version, as the root's `packageManager` names it. */
function pnpmVersion() {
  const { packageManager } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  const version = /^pnpm@([0-9.]+)/.exec(packageManager)?.[1];
  if (!version) throw new SetupError(`package.json: packageManager is ${JSON.stringify(packageManager)}, expected pnpm@VERSION`);
  return version;
}

/**
 * The environment of every tool: pnpm on the PATH, no telemetry, no update notices.
 * @param {string} pnpmFolder
 */
const toolEnvironment = (pnpmFolder) => ({
  ...process.env,
  PATH: [pnpmFolder, process.env.PATH].join(delimiter),
  TURBO_TELEMETRY_DISABLED: '1',
  TURBO_NO_UPDATE_NOTIFIER: '1',
  DO_NOT_TRACK: '1',
});

const stampPath = join(root, 'node_modules', '.belvedere-setup.json');

/** @returns {{ state?: string, version?: string, pnpmFolder?: string }} what the last set-up noted */
function readStamp() {
  try {
    return JSON.parse(readFileSync(stampPath, 'utf8'));
  } catch {
    return {};
  }
}

/**
 * The folder with pnpm's program. npx fetches it once and keeps it in npm's cache; asking npx each time would cost seconds.
 * @returns {Promise<string>}
 */
async function findPnpm() {
  const version = pnpmVersion();
  const stamp = readStamp();
  if (stamp.version === version && stamp.pnpmFolder && existsSync(join(stamp.pnpmFolder, PNPM))) return stamp.pnpmFolder;
  if (!findProgram('npx')) throw new SetupError('npx is not on the PATH: install npm, which comes with Node.js or as the package "npm"');
  const printFolder = 'process.env.PATH.split(path.delimiter).find((folder) => fs.existsSync(path.join(folder, process.argv[1])))';
  const found = await run('npx', ['--yes', `--package=pnpm@${version}`, '--', 'node', '-p', printFolder, PNPM], { cwd: root });
  const folder = found.trim();
  if (!existsSync(join(folder, PNPM))) throw new SetupError(`npx fetched pnpm ${version}, but its program is not where it says: ${folder}`);
  return folder;
}

const PNPM = process.platform === 'win32' ? 'pnpm.cmd' : 'pnpm';

async function installDependencies() {
  const stamp = readStamp();
  const state = dependencyState();
  const installed = existsSync(join(root, 'node_modules', '.modules.yaml'));
  if (stamp.state === state && stamp.pnpmFolder && existsSync(join(stamp.pnpmFolder, PNPM)) && installed) return;
  const version = pnpmVersion();
  await step(`dependencies: pnpm ${version} install`, async () => {
    const pnpmFolder = await findPnpm();
    await run(join(pnpmFolder, PNPM), ['install', '--frozen-lockfile', '--reporter=append-only'], {
      cwd: root,
      // pnpm asks nothing of whom it takes for a machine
      env: { ...toolEnvironment(pnpmFolder), CI: 'true' },
      show: true,
    });
    writeFileSync(stampPath, `${JSON.stringify({ state, version, pnpmFolder })}\n`);
  });
}

/** A digest of everything that decides what `pnpm install` would do. */
function dependencyState() {
  const manifests = ['packages', 'apps', 'tools'].flatMap((folder) =>
    readdirSync(join(root, folder)).map((name) => join(folder, name, 'package.json')),
  );
  const digest = createHash('sha256').update(`${process.platform} ${process.arch}`);
  for (const file of ['pnpm-lock.yaml', 'pnpm-workspace.yaml', 'package.json', ...manifests]) {
    const path = join(root, file);
    if (existsSync(path)) digest.update(`\n${file}\n`).update(readFileSync(path));
  }
  return digest.digest('hex');
}

/**
 * Runs turbo, which runs the workspaces' scripts through pnpm.
 * @param {readonly string[]} args
 * @param {{ env?: NodeJS.ProcessEnv, onLine?: (line: string) => void, limit?: number }} [options] onLine takes the output, which is shown otherwise; limit in milliseconds
 * @returns {Promise<number | string>} its exit code
 */
export async function turbo(args, { env, onLine, limit } = {}) {
  const program = join(root, 'node_modules', '.bin', process.platform === 'win32' ? 'turbo.cmd' : 'turbo');
  const environment = { ...toolEnvironment(await findPnpm()), ...env };
  return (await attempt(program, args, { cwd: root, env: environment, show: onLine === undefined, onLine, limit })).code;
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) await runMain(async () => void (await setup()));
