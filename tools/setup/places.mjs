// Where things are: the repository's root, this machine's cache folder, programs on the PATH. Reads the environment, writes nothing.
import { accessSync, constants, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The repository's root, without a slash at its end. */
export const root = fileURLToPath(new URL('../..', import.meta.url)).replace(/[\\/]$/, '');

/**
 * The folder for what can be fetched or built again: BELVEDERE_CACHE, or the system's own place for caches.
 * @param {NodeJS.ProcessEnv} env
 * @returns {string}
 */
export function cacheFolder(env = process.env) {
  if (env.BELVEDERE_CACHE) return env.BELVEDERE_CACHE;
  if (env.XDG_CACHE_HOME) return join(env.XDG_CACHE_HOME, 'belvedere');
  if (process.platform === 'darwin') return join(homedir(), 'Library', 'Caches', 'belvedere');
  if (process.platform === 'win32' && env.LOCALAPPDATA) return join(env.LOCALAPPDATA, 'belvedere', 'cache');
  return join(homedir(), '.cache', 'belvedere');
}

/**
 * The full path of a program on the PATH, or undefined. Debian keeps some programs in folders that an ordinary user's PATH lacks: they are looked at last.
 * @param {string} name
 * @returns {string | undefined}
 */
export function findProgram(name) {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'].filter(Boolean);
  const names = process.platform === 'win32' ? [`${name}.exe`, `${name}.cmd`] : [name];
  for (const folder of folders) {
    for (const candidate of names) {
      const path = join(folder, candidate);
      try {
        accessSync(path, constants.X_OK);
        if (statSync(path).isFile()) return path;
      } catch {
        // not in this folder
      }
    }
  }
  return undefined;
}
