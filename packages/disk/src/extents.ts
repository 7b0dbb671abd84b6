/** The further files of an image that is in several: they go where it goes. */
import { lstat } from 'node:fs/promises';
import { ImageError } from './errors.js';
import { openFile } from './file.js';
import { probeFormat } from './probe.js';
import { ownExtents } from './vmdk/image.js';

/** The files that are there of an image in several, without the first; none for what cannot be read any more: that is one file then. @param path with symbolic links resolved */
export async function extentsOf(path: string): Promise<string[]> {
  try {
    if ((await probeFormat(path)) !== 'VMDK') return [];
    const file = await openFile(path, true);
    const named = await ownExtents(file).finally(() => file.close());
    const there: string[] = [];
    for (const extent of named) if ((await lstat(extent).catch(() => undefined))?.isFile()) there.push(extent);
    return there;
  } catch (error) {
    if (error instanceof ImageError) return [];
    throw error;
  }
}
