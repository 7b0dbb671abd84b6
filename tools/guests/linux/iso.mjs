// Where the small Linux guest's ISO stands in the cache. Its name carries the version of its agent and of the recipe.
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { cacheFolder } from '../../setup/places.mjs';

/** Counts up when what stands on the image beside Debian's files changes. */
const RECIPE = 2;

export const linuxFolder = () => join(cacheFolder(), 'guests');

/** @param {string} version the version of Debian's qemu-guest-agent */
export const linuxName = (version) => `linux-agent-${version.replaceAll(':', '_')}-i386-r${RECIPE}.iso`;

/** The path of the built image; undefined when there is none. @returns {string | undefined} */
export function findLinux() {
  if (!existsSync(linuxFolder())) return undefined;
  const pattern = new RegExp(`^linux-agent-.+-i386-r${RECIPE}[.]iso$`);
  const newest = readdirSync(linuxFolder()).filter((name) => pattern.test(name)).sort().at(-1);
  return newest && join(linuxFolder(), newest);
}
