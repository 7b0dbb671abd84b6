// Builds a mirror of Debian, once, into the cache: just the i386 packages that the installer fetches and installs for a minimal system that boots by GRUB and
// gets its address by DHCP. The packages are Debian's own, with their content as it is under a quicker compression; the indices are cut down to them and so not signed by Debian any more.
import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { debianArchive } from '../../setup/debian-archive.mjs';
import { withLock } from '../../setup/lock.mjs';
import { SetupError, say, step } from '../../setup/progress.mjs';
import { readImageFile } from '../iso/iso9660.mjs';
import { unpackCpio } from '../linux/cpio.mjs';
import { buildMinimalSystem, ingredients } from './minimal-system.mjs';
import { repack } from './repack.mjs';
import { SUITE, findMirror, mirrorFolder, mirrorName } from './mirror.mjs';
import { closure, parsePackages } from './packages.mjs';

const ARCHITECTURE = 'i386';
const PACKAGES = 'main';
/** The component with the installer's own packages. */
const INSTALLER = 'main/debian-installer';

/** What is installed beside the packages that Debian calls required. */
const SYSTEM = ['mawk', 'usr-is-merged', 'init', 'systemd-sysv', 'udev', 'kmod', 'netbase', 'linux-image-686', 'initramfs-tools', 'grub-pc'];

/**
 * Builds the mirror unless it is there.
 * @param {string | undefined} installer the Debian installer's image, whose kernel decides which modules are fetched
 * @returns {Promise<string | undefined>} its folder; undefined where Debian's packages cannot be had, which is said
 */
export async function buildMirror(installer) {
  const there = findMirror();
  if (there) return there;
  if (!installer) {
    say("  no mirror for the Debian installer: the installer's image is not there");
    return undefined;
  }
  try {
    return await step('the mirror for the Debian installer (about 100 MB from Debian, once)', () => withLock(join(mirrorFolder(), 'mirror.lock'), async () => findMirror() ?? build(installer)));
  } catch (error) {
    if (!(error instanceof SetupError)) throw error;
    say(`  no mirror for the Debian installer: ${error.message}\n  the next set-up tries again`);
    return undefined;
  }
}

/** @param {string} installer */
async function build(installer) {
  const kernel = kernelOf(installer);
  const archive = await debianArchive({ suite: SUITE, architecture: ARCHITECTURE, components: [PACKAGES] });
  const packages = parsePackages(archive.index(PACKAGES));
  const chosen = system(packages);
  mkdirSync(mirrorFolder(), { recursive: true });
  const scratch = mkdtempSync(join(mirrorFolder(), 'new-'));
  try {
    const root = join(scratch, 'mirror');
    const dist = join(root, 'dists', SUITE);
    /** @type {string[]} */
    const sums = [];
    const add = (/** @type {string} */ component, /** @type {string} */ text) => {
      const index = Buffer.from(text);
      for (const [name, data] of /** @type {const} */ ([['Packages', index], ['Packages.gz', gzipSync(index, { level: 9 })], ['Release', componentRelease(component)]])) {
        const path = `${component}/binary-${ARCHITECTURE}/${name}`;
        write(join(dist, path), data);
        sums.push(` ${sum('sha256', data)} ${data.length} ${path}`);
      }
    };
    const parts = packages.filter(({ name }) => ingredients(kernel).includes(name));
    const files = await fetch(archive, [...new Set([...chosen, ...parts])], join(scratch, 'downloads'));
    /** @type {string[]} */
    const paragraphs = [];
    for (const each of chosen) paragraphs.push(await repacked(each, file(files, each), join(root, each.filename)));
    add(PACKAGES, paragraphs.join(''));
    add(INSTALLER, await ownPart(kernel, (name) => file(files, parts.find((each) => each.name === name), name), root, scratch));
    write(join(dist, 'Release'), Buffer.from(release(sums)));
    const path = join(mirrorFolder(), mirrorName(installerVersion(installer)));
    renameSync(root, path);
    return path;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/**
 * Puts a package into the mirror.
 * @param {import('./packages.mjs').Package} each
 * @param {string} from its file as Debian has it
 * @param {string} to
 * @returns {Promise<string>} its paragraph in the index
 */
async function repacked({ text }, from, to) {
  mkdirSync(dirname(to), { recursive: true });
  const { size, md5, sha256 } = await repack(from, to);
  return `${text.replace(/^Size: .*$/m, `Size: ${size}`).replace(/^MD5sum: .*$/m, `MD5sum: ${md5}`).replace(/^SHA256: .*$/m, `SHA256: ${sha256}`)}\n\n`;
}

/**
 * Adds the installer's component that installs the system.
 * @param {string} kernel
 * @param {(name: string) => string} debian
 * @param {string} root
 * @param {string} scratch
 * @returns {Promise<string>} its paragraph in the index
 */
async function ownPart(kernel, debian, root, scratch) {
  const { file: built, fields } = await buildMinimalSystem(kernel, debian, scratch);
  const data = readFileSync(built);
  const filename = `pool/main/${basename(built)}`;
  mkdirSync(join(root, 'pool/main'), { recursive: true });
  renameSync(built, join(root, filename));
  return `${fields}Filename: ${filename}\nSize: ${data.length}\nMD5sum: ${sum('md5', data)}\nSHA256: ${sum('sha256', data)}\n\n`;
}

/** The version of the kernel that the installer's image starts. @param {string} installer */
function kernelOf(installer) {
  const kernel = unpackCpio(gunzipSync(readImageFile(installer, 'INITRD.GZ'))).map(({ name }) => /^lib\/modules\/([^/]+)\/kernel$/.exec(name)?.[1]).find(Boolean);
  if (!kernel) throw new SetupError(`${installer} has no modules of a kernel: delete it, and run npm run setup`);
  return kernel;
}

/** The installed system's packages. @param {readonly import('./packages.mjs').Package[]} packages */
function system(packages) {
  return closure(packages, [...packages.filter(({ fields }) => fields.get('Priority') === 'required').map(({ name }) => name), ...SYSTEM]);
}

/**
 * Downloads packages.
 * @param {import('../../setup/debian-archive.mjs').Archive} archive
 * @param {readonly import('./packages.mjs').Package[]} packages
 * @param {string} folder
 * @returns {Promise<ReadonlyMap<string, string>>} their files, by the SHA-256 of their content
 */
async function fetch(archive, packages, folder) {
  mkdirSync(folder, { recursive: true });
  await archive.download(packages.map(({ name }) => name), folder);
  return new Map(readdirSync(folder).map((name) => [sum('sha256', readFileSync(join(folder, name))), join(folder, name)]));
}

/**
 * The file that the index describes.
 * @param {ReadonlyMap<string, string>} files
 * @param {import('./packages.mjs').Package | undefined} wanted
 * @param {string} [name]
 */
function file(files, wanted, name = wanted?.name) {
  const found = wanted && files.get(wanted.sha256);
  if (!found) throw new SetupError(`Debian's archive brought no ${name} as its index describes it: the installer's image may be older than the archive; delete it, and run npm run setup`);
  return found;
}

/** @param {readonly string[]} sums */
const release = (sums) => `Origin: Debian
Label: Debian
Suite: oldstable
Codename: ${SUITE}
Version: 12
Date: ${new Date().toUTCString().replace('GMT', 'UTC')}
Architectures: ${ARCHITECTURE}
Components: ${PACKAGES}
Description: the packages of a minimal system
SHA256:
${sums.join('\n')}
`;

/** What a component says of itself: the installer looks for it to know whether a mirror has its architecture. @param {string} component */
const componentRelease = (component) => Buffer.from(`Archive: oldstable
Origin: Debian
Label: Debian
Version: 12
Component: ${component}
Architecture: ${ARCHITECTURE}
`);

/** The version of the installer's package, as its image tells. @param {string} installer */
const installerVersion = (installer) => JSON.parse(readImageFile(installer, 'VERSIONS.TXT').toString())['debian-installer-12-netboot-i386'];

/** @param {string} algorithm @param {Uint8Array} data */
const sum = (algorithm, data) => createHash(algorithm).update(data).digest('hex');

/** @param {string} path @param {Uint8Array} data */
function write(path, data) {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, data);
}
