// What the tests need beyond the set-up: the one list, each with Debian's package and the reason, and how it gets onto this machine.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from './places.mjs';
import { attempt, say, step } from './progress.mjs';

/**
 * @typedef {object} Need
 * @property {string} what the program's name
 * @property {string} [plugin] what the program needs beside itself: a file below one of the system's folders for libraries
 * @property {string} package Debian's name of the package
 * @property {string} why what the tests do with it, and so what is skipped without it
 */

/** @type {readonly Need[]} */
export const TEST_NEEDS = [
  { what: 'Xvfb', package: 'xvfb', why: 'the private display that viewers are shown on' },
  { what: 'xdotool', package: 'xdotool', why: 'keys and mouse movements in viewers' },
  { what: 'xfreerdp', package: 'freerdp2-x11', why: 'a real viewer: FreeRDP' },
  { what: 'rdesktop', package: 'rdesktop', why: 'a real viewer: rdesktop' },
  { what: 'remmina', plugin: 'remmina/plugins/remmina-plugin-rdp.so', package: 'remmina-plugin-rdp', why: 'a real viewer: Remmina' },
  { what: 'krdc', package: 'krdc', why: 'a real viewer: KRDC' },
  { what: 'dbus-run-session', package: 'dbus-daemon', why: 'the private bus of Remmina and KRDC' },
  { what: 'nmap', package: 'nmap', why: 'the second opinion on what the remote display offers: its methods of security' },
  { what: 'sslscan', package: 'sslscan', why: 'the second opinion on what the remote display offers: TLS' },
  { what: 'qemu-img', package: 'qemu-utils', why: 'the second opinion on disk images' },
];

/** Where systems keep libraries: below these, on Debian in a folder for each architecture. */
const LIBRARY_FOLDERS = ['/usr/lib', '/usr/lib64', '/usr/local/lib'];

/** @param {string} plugin */
function hasPlugin(plugin) {
  return LIBRARY_FOLDERS.filter((folder) => existsSync(folder)).some((folder) =>
    [folder, ...readdirSync(folder).filter((name) => name.includes('-linux-')).map((name) => join(folder, name))].some((place) => existsSync(join(place, plugin))));
}

/** @param {Need} need */
const isHere = ({ what, plugin }) => findProgram(what) !== undefined && (plugin === undefined || hasPlugin(plugin));

/**
 * Installs what is missing where that is allowed: as root on a system with apt-get.
 * @returns {Promise<readonly Need[]>} what is still missing
 */
export async function provideTestNeeds() {
  const missing = () => TEST_NEEDS.filter((need) => !isHere(need));
  if (missing().length === 0) return [];
  if (process.getuid?.() !== 0 || !findProgram('apt-get')) return missing();
  const packages = missing().map((need) => need.package);
  await step(`packages for the tests: apt-get install ${packages.join(' ')}`, async () => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const install = () => attempt('apt-get', ['install', '-y', '-q', '--no-install-recommends', ...packages], { env });
    const haveLists = existsSync('/var/lib/apt/lists') && readdirSync('/var/lib/apt/lists').some((name) => name.includes('_Packages'));
    let outcome = haveLists ? await install() : undefined;
    if (outcome?.code !== 0) {
      await attempt('apt-get', ['update', '-q'], { env });
      outcome = await install();
    }
    if (outcome.code !== 0) say(outcome.output.trimEnd().split('\n').slice(-10).map((line) => `  ${line}`).join('\n'));
  });
  return missing();
}
