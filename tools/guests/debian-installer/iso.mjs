// Where the Debian installer's ISO stands in the cache. Its name carries the package's version and the recipe's.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../setup/places.mjs';

/** Counts up when what stands on the image beside Debian's files changes. */
const RECIPE = 2;

export const installerFolder = () => join(cacheFolder(), 'guests');

/** @param {string} version the version of debian-installer-12-netboot-i386 */
export const installerName = (version) => `debian-installer-${version.replaceAll(':', '_')}-i386-r${RECIPE}.iso`;

/** The path of the built image; undefined when there is none. @returns {string | undefined} */
export function findInstaller() {
  if (!existsSync(installerFolder())) return undefined;
  const pattern = new RegExp(`^debian-installer-.+-i386-r${RECIPE}[.]iso$`);
  const names = readdirSync(installerFolder()).filter((name) => pattern.test(name)).sort();
  const newest = names.at(-1);
  return newest && join(installerFolder(), newest);
}
