// One suite of Debian's archive, of another architecture than this system's if need be, and with the installer's own packages: its indices as text, its files
// downloaded as they are. By apt, which checks signatures and checksums, into folders of our own; without root.
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { aptConfiguration, hasApt } from './debian.mjs';
import { cacheFolder } from './places.mjs';
import { SetupError, attempt, run } from './progress.mjs';

/**
 * @typedef {object} Archive
 * @property {(component: string) => string} index the `Packages` of a component
 * @property {(names: readonly string[], folder: string) => Promise<void>} download puts packages' files into a folder
 */

/** Debian's keys; a system without this file trusts what its apt trusts. */
const KEYRING = '/usr/share/keyrings/debian-archive-keyring.gpg';

/** Names of packages that apt is given at once. */
const BATCH = 60;

/**
 * Fetches the indices of a suite from where this system has its Debian packages from.
 * @param {{ suite: string, architecture: string, components: readonly string[] }} what components such as `main` and `main/debian-installer`
 * @param {string} [cache]
 * @returns {Promise<Archive>}
 * @throws {SetupError} when there is no apt here, this system's sources have no such suite, or it cannot be fetched
 */
export async function debianArchive({ suite, architecture, components }, cache = cacheFolder()) {
  if (!hasApt()) throw new SetupError(`the packages of ${suite}: this system has no apt-get and dpkg-deb to fetch Debian packages with`);
  const state = join(cache, 'apt', `archive-${suite}-${architecture}`);
  rmSync(state, { recursive: true, force: true });
  mkdirSync(join(state, 'lists', 'partial'), { recursive: true });
  const sources = join(state, 'sources.list');
  const options = [`arch=${architecture}`, ...(existsSync(KEYRING) ? [`signed-by=${KEYRING}`] : [])];
  writeFileSync(sources, `deb [${options.join(' ')}] ${await address(cache, suite)} ${suite} ${components.join(' ')}\n`);
  // apt is told that this system is of that architecture: it finds an installer's package that is the same for all architectures only so
  const foreign = [`APT::Architecture "${architecture}";`, '#clear APT::Architectures;', `APT::Architectures:: "${architecture}";`];
  const env = await aptConfiguration(cache, state, undefined, [`Dir::Etc::sourcelist "${sources}";`, 'Dir::Etc::sourceparts "/dev/null";', 'Acquire::GzipIndexes "false";', ...foreign]);

  const update = await attempt('apt-get', ['-q', 'update'], { env });
  if (update.code !== 0) throw new SetupError(`the index of ${suite} (${architecture}) cannot be fetched; check the network and /etc/apt/sources.list*, then try again:\n${update.output.trimEnd()}`);
  const listed = await run('apt-get', ['indextargets', '--format', '$(COMPONENT) $(ARCHITECTURE) $(FILENAME)', 'Created-By: Packages'], { env });
  const files = new Map(listed.split('\n').map((line) => line.split(' ')).filter((words) => words[1] === architecture).map(([component, , file]) => [component, file]));

  return {
    index(component) {
      const file = files.get(component);
      if (!file) throw new SetupError(`apt has no index of ${suite}/${component} (${architecture})`);
      return readFileSync(file, 'utf8');
    },
    async download(names, folder) {
      for (let at = 0; at < names.length; at += BATCH) {
        const packages = names.slice(at, at + BATCH);
        const { code, output } = await attempt('apt-get', ['-q', 'download', ...packages], { cwd: folder, env });
        if (code !== 0) throw new SetupError(`packages of ${suite} cannot be fetched; check the network, then try again:\n${output.trimEnd().split('\n').slice(-8).join('\n')}`);
      }
    },
  };
}

/**
 * Where this system's sources have a suite from.
 * @param {string} cache
 * @param {string} suite
 */
async function address(cache, suite) {
  const env = await aptConfiguration(cache, '/var/lib/apt');
  const listed = await run('apt-get', ['indextargets', '--format', '$(RELEASE) $(COMPONENT) $(REPO_URI)', 'Created-By: Packages'], { env });
  const found = listed.split('\n').map((line) => line.split(' ')).find(([release, component]) => release === suite && component === 'main');
  if (!found?.[2]) throw new SetupError(`this system's sources of packages have no Debian suite ${suite}; add it to /etc/apt/sources.list.d`);
  return found[2];
}
