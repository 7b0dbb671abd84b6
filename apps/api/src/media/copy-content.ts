/** One disk's content into another that is there. */
import { type OpenOptions, openImage } from '@belvedere/disk';
import type { Work } from '../jobs/jobs.service.js';

type Side = OpenOptions & { readonly path: string };

/** Bytes moved at a time. */
const piece = 1 << 20;

/**
 * What fits of the source replaces what the target holds; the rest of a larger target stays. A copy that is broken off leaves the target
 * half old and half new.
 * @throws ImageError, ImageLockedError, NoSpaceError, or the signal's reason
 */
export async function copyContent(from: Side, to: Side, { onProgress, signal }: Work): Promise<void> {
  const source = await openImage(from.path, { ...from, readOnly: true, shared: true });
  try {
    const target = await openImage(to.path, to);
    try {
      const size = Math.min(source.size, target.size);
      for (let at = 0; at < size; at += piece) {
        signal.throwIfAborted();
        onProgress(at / size);
        await target.write(at, await source.read(at, Math.min(piece, size - at)));
      }
      await target.flush();
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}
