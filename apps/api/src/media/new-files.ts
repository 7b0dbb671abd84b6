/**
 * Files of images while they are made, noted in the database: whoever starts the API after one that was killed removes what that left.
 *
 * A draft goes when no process holds it. A file that is whole goes when the registry does not know it and its header has the UUID that it was to have:
 * another file, put there by somebody else, stays.
 */
import { readImageInfo, removeAbandonedDrafts } from '@belvedere/disk';
import { Injectable, Logger } from '@nestjs/common';
import { randomUUID } from 'node:crypto';
import { dirname } from 'node:path';
import { In } from 'typeorm';
import { Database } from '../database/database.js';
import { FileWorkRow, MediumRow } from '../database/rows.js';
import { textOf } from '../http/api-error.js';
import { deleteFile } from './delete-file.js';
import type { NewFile } from './plan.js';

@Injectable()
export class NewFiles {
  private readonly log = new Logger('media');

  constructor(private readonly database: Database) {}

  /** Runs work that makes files and registers them, or removes them where it fails. */
  async during<T>(files: readonly NewFile[], work: () => Promise<T>): Promise<T> {
    const noted = files.map((file) => ({ id: randomUUID(), ...file }));
    if (noted.length) await this.database.transaction((manager) => manager.insert(FileWorkRow, noted));
    try {
      return await work();
    } finally {
      if (noted.length) await this.database.transaction((manager) => manager.delete(FileWorkRow, { id: In(noted.map(({ id }) => id)) }));
    }
  }

  /** Removes what an earlier API left. What cannot be removed is logged, and tried again by the next one. */
  async settleAll(): Promise<void> {
    for (const { id, path, image } of await this.database.read((manager) => manager.find(FileWorkRow))) {
      try {
        await this.remove({ path, image });
        await this.database.transaction((manager) => manager.delete(FileWorkRow, { id }));
      } catch (error) {
        this.log.warn(`what was left of '${path}', which was being made when the API ended, could not be removed: ${textOf(error)}`);
      }
    }
  }

  /** Removes what is left of a file that was being made. */
  async remove({ path, image }: NewFile): Promise<void> {
    await removeAbandonedDrafts(dirname(path), path);
    if (image !== null && !(await this.isKnown(path)) && (await uuidOf(path)) === image) await deleteFile(path);
  }

  private isKnown(path: string): Promise<boolean> {
    return this.database.read((manager) => manager.existsBy(MediumRow, { path }));
  }
}

/** Of the image at a path; undefined where there is none. */
export const uuidOf = (path: string): Promise<string | undefined> =>
  readImageInfo(path).then(
    ({ uuid }) => uuid,
    () => undefined,
  );
