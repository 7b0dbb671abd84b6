// The set-up's own parts: locks between processes, failures that say what to do, Debian packages without root, the counting of tests.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { debianPrefix, hasApt, prefixEnvironment } from './debian.mjs';
import JestSummary from './jest-summary.mjs';
import { withLock } from './lock.mjs';
import { cacheFolder, findProgram, root } from './places.mjs';
import { SetupError, attempt, run } from './progress.mjs';

/** @type {string} */
let folder;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'belvedere-setup-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

test('the cache is where the environment says', () => {
  expect(cacheFolder({ BELVEDERE_CACHE: '/a', XDG_CACHE_HOME: '/b' })).toBe('/a');
  expect(cacheFolder({ XDG_CACHE_HOME: '/b' })).toBe(join('/b', 'belvedere'));
  expect(cacheFolder({})).toMatch(/belvedere/);
});

test('two who want a lock have it one after the other', async () => {
  const lock = join(folder, 'lock');
  /** @type {string[]} */
  const order = [];
  const release = deferred();
  const first = withLock(lock, async () => {
    order.push('first in');
    await release.promise;
    order.push('first out');
  });
  const second = withLock(lock, async () => void order.push('second in'));
  release.resolve(undefined);
  await Promise.all([first, second]);
  expect(order).toEqual(['first in', 'first out', 'second in']);
  expect(existsSync(lock)).toBe(false);
});

function deferred() {
  /** @type {any} */
  const made = {};
  made.promise = new Promise((resolve, reject) => Object.assign(made, { resolve, reject }));
  return made;
}

test('a lock is free again when the work fails, or when its owner is dead', async () => {
  const lock = join(folder, 'lock');
  await expect(withLock(lock, async () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  const dead = spawnSync(process.execPath, ['-e', '']);
  writeFileSync(lock, `${dead.pid}\n`);
  await expect(withLock(lock, async () => 'mine')).resolves.toBe('mine');
});

test('a lock that a living process holds is waited for', async () => {
  const lock = join(folder, 'lock');
  const owner = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  writeFileSync(lock, `${owner.pid}\n`);
  const said = jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
    if (String(text).includes(`waiting for process ${owner.pid}`)) owner.kill();
    return true;
  });
  try {
    await expect(withLock(lock, async () => 'mine')).resolves.toBe('mine');
  } finally {
    said.mockRestore();
    owner.kill();
  }
});

test('a program that fails or is not there ends in an error with its words', async () => {
  await expect(run(process.execPath, ['-e', 'console.error("the disk is full"); process.exit(3)'])).rejects.toThrow(/ended with 3:\nthe disk is full/);
  await expect(run('no-such-program', [])).rejects.toThrow(SetupError);
  expect((await attempt(process.execPath, ['-e', 'process.exit(7)'])).code).toBe(7);
});

test('a program that takes too long is ended and named so', async () => {
  const { code } = await attempt(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { limit: 300 });
  expect(code).toBe('no end within 0.3 s');
});

// Needs the network and apt; the package is small and a program of it is run.
const withApt = hasApt() ? test : test.skip;
withApt('a Debian package is unpacked once, runs, and is not fetched again (needs apt-get)', async () => {
  const set = { label: 'nasm', packages: ['nasm'] };
  const [one, two] = await Promise.all([debianPrefix(set, folder), debianPrefix(set, folder)]);
  expect(one).toEqual(two);
  expect(one.path).toBe(join(folder, 'debian', 'nasm'));
  expect(await run(join(one.path, 'usr/bin/nasm'), ['-v'], { env: prefixEnvironment(one) })).toMatch(/^NASM version/);
  const { PATH } = process.env;
  process.env.PATH = '';
  try {
    expect(await debianPrefix(set, folder)).toEqual(one);
  } finally {
    process.env.PATH = PATH;
  }
}, 120_000);

withApt('a package of another architecture is had beside the system\'s own (needs apt-get)', async () => {
  const { path, versions } = await debianPrefix({ label: 'foreign', architecture: 'i386', packages: ['libcap-ng0'] }, folder);
  expect(Object.keys(versions)).toEqual(['libcap-ng0']);
  // ELF of 32 bits, for machine 3: i386
  const header = readFileSync(join(path, 'lib/i386-linux-gnu/libcap-ng.so.0'));
  expect([header[4], header.readUInt16LE(18)]).toEqual([1, 3]);
}, 120_000);

withApt('a package that Debian lacks is an error that names it, and leaves nothing behind (needs apt-get)', async () => {
  await expect(debianPrefix({ label: 'none', packages: ['no-such-package-belvedere'] }, folder)).rejects.toThrow(/no-such-package-belvedere cannot be fetched/);
  expect(existsSync(join(folder, 'debian', 'none'))).toBe(false);
}, 120_000);

test('without apt the error says so', async () => {
  const { PATH } = process.env;
  process.env.PATH = folder;
  try {
    if (findProgram('apt-get')) return; // found in a folder that is always looked at
    await expect(debianPrefix({ label: 'x', packages: ['x'] }, folder)).rejects.toThrow(/this system has no apt-get/);
  } finally {
    process.env.PATH = PATH;
  }
});

test('a run is counted: passed, failed, skipped, and files that could not be run', () => {
  const before = process.env.BELVEDERE_TEST_RESULTS;
  process.env.BELVEDERE_TEST_RESULTS = folder;
  try {
    new JestSummary().onRunComplete(undefined, {
      numPassedTests: 2,
      numFailedTests: 1,
      numPendingTests: 1,
      numTodoTests: 0,
      testResults: [
        { testFilePath: '/x/a.test.js', testResults: [{ fullName: 'works', status: 'passed' }, { fullName: 'breaks', status: 'failed' }] },
        { testFilePath: '/x/b.test.js', testResults: [{ fullName: 'works too', status: 'passed' }, { fullName: 'needs a viewer', status: 'pending' }] },
        { testFilePath: '/x/c.test.js', testExecError: new Error('syntax'), testResults: [] },
      ],
    });
  } finally {
    if (before === undefined) delete process.env.BELVEDERE_TEST_RESULTS;
    else process.env.BELVEDERE_TEST_RESULTS = before;
  }
  const { failures, ...counts } = readOnly(folder);
  expect(counts).toMatchObject({ passed: 2, failed: 2, skipped: ['b.test.js: needs a viewer'] });
  expect(failures).toEqual(['a.test.js: breaks', 'c.test.js: could not be run']);
});

/** @param {string} path */
function readOnly(path) {
  const [name, ...others] = readdirSync(path);
  expect(others).toEqual([]);
  return JSON.parse(readFileSync(join(path, name), 'utf8'));
}

test('the root is this repository', () => {
  expect(JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).name).toBe('belvedere');
});
