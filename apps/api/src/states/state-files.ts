/** The files of saved states: where they are, and what an interrupted process leaves beside them. */
import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** The folder of a machine's states and differencing images. */
export const snapshotFolderOf = (settingsFile: string): string => join(dirname(settingsFile), 'Snapshots');

/** A machine's saved state, while it has one: the file is there exactly when the machine is saved. */
export const stateFileOf = (settingsFile: string, uuid: string): string => join(snapshotFolderOf(settingsFile), `${uuid}.sav`);

/** Removes a state that was not written to its end, and one that its machine has run on from. */
export async function removeUnfinished(stateFile: string): Promise<void> {
  for (const name of [`${stateFile}.new`, `${stateFile}.used`]) await rm(name, { force: true });
}
