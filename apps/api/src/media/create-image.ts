/** New images of every format that a machine can write. */
import { cloneImage, createVdi, type Variant } from '@belvedere/disk';
import { randomUUID } from 'node:crypto';
import { rm } from 'node:fs/promises';
import type { MediumRecord } from '../machines/settings.js';
import { type DiskFormat, imageFormat } from './formats.js';

export interface NewImage {
  /** Bytes. */
  readonly size: number;
  readonly format: DiskFormat;
  readonly variant: Variant;
  readonly parent: MediumRecord | null;
}

/** @returns its UUID. @throws ImageError, and no file is left */
export async function createImage(path: string, { size, format, variant, parent }: NewImage): Promise<string> {
  if (format === 'VDI') {
    const hangs = parent ? { parent: { path: parent.path, uuid: parent.uuid, format: imageFormat(parent) } } : {};
    return createVdi(path, { size, variant: variant === 'Fixed' ? 'Fixed' : 'Standard', ...hangs });
  }
  // Another format is a copy of an empty disk, which takes as little time and room as it holds.
  const uuid = randomUUID();
  const empty = `${path}.empty-${uuid}`;
  await createVdi(empty, { size, variant: 'Standard' });
  try {
    return (await cloneImage(empty, path, { sourceFormat: 'VDI', format, variant, uuid })) ?? uuid;
  } finally {
    await rm(empty, { force: true });
  }
}
