// Where the mirror of Debian's packages stands in the cache. Its name carries the installer's version, which decides its kernel, and the recipe's.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../setup/places.mjs';

/** Counts up when the choice of packages, what the index says of them, or the component that installs them changes. */
const RECIPE = 4;

/** The release that is installed: the one of debian-installer-12. */
export const SUITE = 'bookworm';

export const mirrorFolder = () => join(cacheFolder(), 'guests');

/** @param {string} installer the installer's version */
export const mirrorName = (installer) => `debian-mirror-${installer.replaceAll(':', '_')}-i386-r${RECIPE}`;

/** The folder of the mirror; undefined when there is none. @returns {string | undefined} */
export function findMirror() {
  if (!existsSync(mirrorFolder())) return undefined;
  const pattern = new RegExp(`^debian-mirror-.+-i386-r${RECIPE}$`);
  const newest = readdirSync(mirrorFolder()).filter((name) => pattern.test(name)).sort().at(-1);
  return newest && join(mirrorFolder(), newest);
}
