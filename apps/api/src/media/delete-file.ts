/** Deletes a disk image, and what a process that died left beside it. */
import { deleteImage } from '@belvedere/disk';
import { access } from 'node:fs/promises';

/** Nothing is to be done for a file that is gone already. @throws the image's own error, such as that another process writes it */
export async function deleteFile(path: string): Promise<void> {
  const there = await access(path).then(
    () => true,
    () => false,
  );
  if (there) await deleteImage(path);
}
