/** Zeroes written to a file, as an image of full size has them. */
import type { HostFile, Work } from './ports.js';

const piece = 4 << 20;

/** @throws NoSpaceError, or the signal's reason */
export async function writeZeroes(file: HostFile, start: number, length: number, { onProgress, signal }: Work): Promise<void> {
  const zeroes = new Uint8Array(Math.min(piece, length));
  for (let done = 0; done < length; done += piece) {
    signal?.throwIfAborted();
    onProgress?.(done / length);
    await file.write(zeroes.subarray(0, Math.min(piece, length - done)), start + done);
  }
}
