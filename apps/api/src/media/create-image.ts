/** New images of every format that a machine can write. */
import { createRaw, createVdi, type Variant } from '@belvedere/disk';
import type { MediumRecord } from '../machines/settings.js';
import { imageFormat, type WritableFormat } from './formats.js';

export interface NewImage {
  /** Bytes. */
  readonly size: number;
  readonly format: WritableFormat;
  readonly variant: Variant;
  readonly parent: MediumRecord | null;
}

/** @param uuid that it is to have, where its format keeps one. @throws ImageError, and no file is left */
export async function createImage(path: string, uuid: string, { size, format, variant, parent }: NewImage): Promise<void> {
  const kind = variant === 'Fixed' ? 'Fixed' : 'Standard';
  if (format === 'RAW') return createRaw(path, { size, variant: kind });
  await createVdi(path, { size, variant: kind, uuid, ...(parent && { parent: { path: parent.path, uuid: parent.uuid, format: imageFormat(parent) } }) });
}
