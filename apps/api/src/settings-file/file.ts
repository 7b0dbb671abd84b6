/** Settings files on disk: never half-written, the one before kept as `.vbox-prev`. */
import { copyFile, mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileError } from '../http/api-error.js';

/** Largest settings file that is read, in bytes. */
const sizeLimit = 1 << 20;

export interface Aside {
  /** Gives the file its name; the one that had it becomes `.vbox-prev`. */
  commit(): Promise<void>;
  discard(): Promise<void>;
}

let count = 0;

/** Removes what an earlier process left of a settings file that it was writing. */
export async function removeAsides(file: string): Promise<void> {
  const names = await readdir(dirname(file)).catch(() => []);
  const asides = names.filter((name) => name.startsWith(basename(file)) && /^-\d+-\d+\.tmp$/.test(name.slice(basename(file).length)));
  for (const name of asides) await rm(join(dirname(file), name), { force: true });
}

/** Writes `text` beside `file` and syncs it. @throws ApiError; nothing is left then */
export async function writeAside(file: string, text: string): Promise<Aside> {
  const aside = `${file}-${process.pid}-${++count}.tmp`;
  try {
    await mkdir(dirname(file), { recursive: true, mode: 0o700 });
    const handle = await open(aside, 'wx', 0o600);
    try {
      await handle.writeFile(text);
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (cause) {
    await rm(aside, { force: true }).catch(() => undefined);
    throw fileError(`could not write the settings file '${file}'`, cause);
  }
  return {
    async commit() {
      try {
        await copyFile(file, `${file}-prev`).catch((cause: NodeJS.ErrnoException) => {
          if (cause.code !== 'ENOENT') throw cause;
        });
        await rename(aside, file);
        await syncFolder(dirname(file));
      } catch (cause) {
        throw fileError(`the settings are changed, but their file '${file}' could not be replaced`, cause);
      }
    },
    discard: () => rm(aside, { force: true }),
  };
}

/** A rename lasts once its folder is synced; file systems that sync no folders keep it themselves. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** @throws ApiError for a file that is absent, no file, or larger than any settings file */
export async function readSettingsFile(file: string): Promise<string> {
  try {
    const handle = await open(file, 'r');
    try {
      const facts = await handle.stat();
      if (!facts.isFile()) throw new Error('it is no file');
      const buffer = Buffer.alloc(sizeLimit + 1);
      const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
      if (bytesRead > sizeLimit) throw new Error(`it is larger than the ${sizeLimit} bytes that a settings file may have`);
      return buffer.toString('utf8', 0, bytesRead);
    } finally {
      await handle.close();
    }
  } catch (cause) {
    throw fileError(`could not read the settings file '${file}'`, cause);
  }
}

export const exists = (file: string): Promise<boolean> =>
  stat(file).then(
    () => true,
    () => false,
  );
