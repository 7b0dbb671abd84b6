/** Authentication libraries: who judges a login where the authentication type is `external`. */
import { stat } from 'node:fs/promises';
import { isAbsolute, normalize } from 'node:path';
import { fileError, invalid } from '../http/api-error.js';

/** Judges logins where nobody has chosen another. */
export const defaultAuthLibrary = 'VBoxAuth';
const known = [defaultAuthLibrary, 'VBoxAuthSimple'];

const nativeSuffix = ({ win32: '.dll', darwin: '.dylib' } as Partial<Record<NodeJS.Platform, string>>)[process.platform] ?? '.so';

/**
 * A library as it is kept.
 * @returns null for the default: `default` or nothing
 * @throws ApiError for what is neither a known name nor an absolute path
 */
export function libraryOf(asked: string): string | null {
  if (asked === '' || asked === 'default') return null;
  if (known.includes(asked)) return asked;
  if (isAbsolute(asked)) return normalize(asked);
  throw invalid(`unknown authentication library '${asked}': use ${known.join(', ')}, or the absolute path of a module of your own`);
}

/**
 * Who judges logins to the HTTP API, as it is kept.
 * @returns null for nobody, so that all are refused; `null`, the text, for anyone
 * @throws ApiError as `libraryOf` does
 */
export function webLibraryOf(asked: string | null): string | null {
  if (asked === null || asked === 'null') return asked;
  if (asked === '') throw invalid(`no library is named to judge logins to the HTTP API: use ${known.join(', ')}, the absolute path of a module of your own, 'null' for anyone, or nothing at all (none) for nobody`);
  return libraryOf(asked) ?? defaultAuthLibrary;
}

/** @param library as it is kept. @throws ApiError for a module whose file is not there; a native one may be named without its suffix */
export async function requireLibraryFile(library: string | null): Promise<void> {
  if (library === null || known.includes(library)) return;
  for (const file of [library, library + nativeSuffix]) {
    const found = await stat(file).catch(() => undefined);
    if (found?.isFile()) return;
    if (found) throw fileError(`authentication library '${file}' is no file: give the path of an ES module or a native library`);
  }
  throw fileError(`authentication library '${library}' does not exist: give the path of an ES module or a native library, or one of ${known.join(', ')}`);
}
