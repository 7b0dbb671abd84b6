// Debian packages without root and without touching the system: apt's signed downloads into a folder of our own, unpacked by dpkg-deb.
// Folders: <cache>/debian/<label> holds the unpacked files of one set of packages; <cache>/apt is our own apt state, made when the system's lists do not serve.
import { existsSync, mkdirSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { withLock } from './lock.mjs';
import { cacheFolder, findProgram } from './places.mjs';
import { SetupError, attempt, run } from './progress.mjs';

const MANIFEST = '.belvedere-packages.json';

/**
 * @typedef {object} PackageSet
 * @property {string} label the folder's name
 * @property {string} [architecture] Debian's name of it, such as `i386`; this system's own unless given
 * @property {readonly string[]} packages Debian package names; a library that a program needs and a bare system lacks is named beside it
 *
 * @typedef {object} Prefix
 * @property {string} path the folder that stands for `/`
 * @property {Readonly<Record<string, string>>} versions by package name
 */

/** Whether this system has apt and dpkg. */
export const hasApt = () => findProgram('apt-get') !== undefined && findProgram('dpkg-deb') !== undefined;

/**
 * Unpacks Debian packages into the cache, once.
 *
 * @param {PackageSet} set
 * @param {string} [cache]
 * @returns {Promise<Prefix>}
 * @throws {SetupError} when there is no apt here, or the packages cannot be had
 */
export async function debianPrefix(set, cache = cacheFolder()) {
  const path = join(cache, 'debian', set.label);
  const there = readPrefix(path, set);
  if (there) return there;
  if (!hasApt()) throw new SetupError(`${set.packages.join(', ')}: this system has no apt-get and dpkg-deb to fetch Debian packages with`);
  return withLock(join(cache, 'debian.lock'), async () => readPrefix(path, set) ?? (await fetchPrefix(path, set, cache)));
}

/**
 * The environment in which a program of a prefix finds the libraries beside it.
 * @param {Prefix} prefix
 * @returns {NodeJS.ProcessEnv}
 */
export function prefixEnvironment(prefix) {
  const folders = ['usr/lib', 'lib'].flatMap((lib) => {
    const folder = join(prefix.path, lib);
    if (!existsSync(folder)) return [];
    const perArchitecture = readdirSync(folder, { withFileTypes: true }).filter((entry) => entry.isDirectory() && entry.name.includes('-linux-'));
    return [folder, ...perArchitecture.map((entry) => join(folder, entry.name))];
  });
  const inherited = process.env.LD_LIBRARY_PATH;
  return { ...process.env, LD_LIBRARY_PATH: [...folders, ...(inherited ? [inherited] : [])].join(':') };
}

/**
 * @param {string} path
 * @param {PackageSet} set
 * @returns {Prefix | undefined}
 */
function readPrefix(path, set) {
  try {
    const versions = JSON.parse(readFileSync(join(path, MANIFEST), 'utf8'));
    return set.packages.every((name) => typeof versions[name] === 'string') ? { path, versions } : undefined;
  } catch {
    return undefined;
  }
}

/**
 * @param {string} path
 * @param {PackageSet} set
 * @param {string} cache
 * @returns {Promise<Prefix>}
 */
async function fetchPrefix(path, set, cache) {
  const staging = `${path}.new-${process.pid}`;
  const downloads = join(staging, 'downloads');
  const files = join(staging, 'files');
  rmSync(staging, { recursive: true, force: true });
  mkdirSync(downloads, { recursive: true });
  mkdirSync(files);
  try {
    await download(set, downloads, cache);
    /** @type {Record<string, string>} */
    const versions = {};
    for (const name of readdirSync(downloads).filter((file) => file.endsWith('.deb'))) {
      const archive = join(downloads, name);
      const [packageName, version] = (await run('dpkg-deb', ['--show', '--showformat', '${Package} ${Version}', archive])).split(' ');
      await run('dpkg-deb', ['--extract', archive, files]);
      versions[packageName] = version;
    }
    const missing = set.packages.filter((name) => !(name in versions));
    if (missing.length > 0) throw new SetupError(`apt-get download brought no ${missing.join(', ')}`);
    writeFileSync(join(files, MANIFEST), `${JSON.stringify(versions, null, 2)}\n`);
    rmSync(path, { recursive: true, force: true });
    renameSync(files, path);
    return { path, versions };
  } finally {
    rmSync(staging, { recursive: true, force: true });
  }
}

/**
 * Downloads by the system's own package lists where they serve, and by freshly fetched lists of our own where they are absent or stale.
 * @param {PackageSet} set
 * @param {string} folder
 * @param {string} cache
 */
async function download(set, folder, cache) {
  const { architecture } = set;
  const packages = set.packages.map((name) => (architecture ? `${name}:${architecture}` : name));
  const systemLists = await aptConfiguration(cache, '/var/lib/apt', architecture);
  const first = await attempt('apt-get', ['-q', 'download', ...packages], { cwd: folder, env: systemLists });
  if (first.code === 0) return;

  const state = join(cache, 'apt', architecture ? `state-${architecture}` : 'state');
  mkdirSync(join(state, 'lists', 'partial'), { recursive: true });
  const ownLists = await aptConfiguration(cache, state, architecture);
  // One unreachable third-party source fails the whole update; what counts is whether the packages can be had afterwards.
  const update = await attempt('apt-get', ['-q', 'update'], { cwd: folder, env: ownLists });
  const second = await attempt('apt-get', ['-q', 'download', ...packages], { cwd: folder, env: ownLists });
  if (second.code === 0) return;
  const reasons = [...update.output.split('\n'), ...second.output.split('\n')].filter((line) => /^(E|Err|W):/.test(line)).slice(-8);
  throw new SetupError(
    `${packages.join(', ')} cannot be fetched from this system's Debian sources; check the network and /etc/apt/sources.list*, then try again${reasons.map((line) => `\n  ${line}`).join('')}`,
  );
}

/**
 * Writes an apt configuration of our own: the system's sources, keys and proxies, but our folders and none of its hooks.
 * @param {string} cache
 * @param {string} state the folder whose `lists` are read (and, if it is ours, written)
 * @param {string} [architecture] one that is served beside the system's own
 * @param {readonly string[]} [more] lines that stand after all others
 * @returns {Promise<NodeJS.ProcessEnv>} the environment that makes apt use it
 */
export async function aptConfiguration(cache, state, architecture, more = []) {
  const folder = join(cache, 'apt');
  mkdirSync(join(folder, 'cache', 'archives', 'partial'), { recursive: true });
  const dump = await run('apt-config', ['dump']);
  const acquire = dump.split('\n').filter((line) => /^(Acquire::|APT::Architecture|APT::Default-Release)/.test(line) && !line.startsWith('Acquire::IndexTargets'));
  const quote = (/** @type {string} */ path) => `"${path.replaceAll('"', '')}"`;
  const lines = [
    ...acquire,
    ...(architecture ? [`APT::Architectures:: ${quote(architecture)};`] : []),
    // root would hand the download to a user who cannot enter our folder
    'APT::Sandbox::User "root";',
    'Acquire::Languages "none";',
    `Dir::State ${quote(state)};`,
    'Dir::State::status "/var/lib/dpkg/status";',
    `Dir::Cache ${quote(join(folder, 'cache'))};`,
    // apt's parsed lists are tens of megabytes that one download does not need kept
    'Dir::Cache::pkgcache "";',
    'Dir::Cache::srcpkgcache "";',
    'Dir::Etc::parts "/dev/null";',
    'Dir::Etc::main "/dev/null";',
    'Dir::Log "/dev/null";',
    ...more,
  ];
  const path = join(folder, more.length > 0 ? `${basename(state)}.conf` : state.startsWith(cache) ? 'own.conf' : 'system.conf');
  writeFileSync(path, `${lines.join('\n')}\n`);
  return { ...process.env, APT_CONFIG: path, LC_ALL: 'C' };
}
