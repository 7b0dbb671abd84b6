/** What a machine may be called: its name is also its folder's and its settings file's. Pure. */
import { basename, dirname, join } from 'node:path';
import { invalid } from '../http/api-error.js';
import { parseUuid } from './uuid.js';

/** Longest name, in bytes of UTF-8: a file name takes 255, with room for `.vbox-prev` and a temporary's suffix. */
const longest = 200;

/** @throws ApiError for a name that could not be a folder's, or would be taken for a UUID */
export function requireName(name: string): string {
  if (name.trim() === '') throw invalid('a machine needs a name');
  // eslint-disable-next-line no-control-regex
  if (/[/\\\x00-\x1f\x7f]/.test(name) || /^\.{1,2}$/.test(name)) throw invalid(`machine name '${name}' has characters that a folder's name cannot have: use none of / \\ and no control characters`);
  if (name !== name.trim()) throw invalid(`machine name '${name}' begins or ends with a space`);
  if (Buffer.byteLength(name) > longest) throw invalid(`machine name '${name}' is longer than ${longest} bytes`);
  if (parseUuid(name)) throw invalid(`machine name '${name}' is a UUID: machines are found by both, so a name must not look like one`);
  return name;
}

export const settingsFileIn = (baseFolder: string, name: string): string => join(baseFolder, name, `${name}.vbox`);

/** The file of a machine once it is called `to`; the folder follows where it is named after the machine. */
export function renamedSettingsFile(file: string, from: string, to: string): string {
  const folder = dirname(file);
  if (basename(file) !== `${from}.vbox`) return file;
  return basename(folder) === from ? settingsFileIn(dirname(folder), to) : join(folder, `${to}.vbox`);
}
