/**
 * A machine's state, into its file and out of it.
 *
 * The file's name is the truth: once it is there the machine is saved, whatever becomes of this process; once it is gone the machine has
 * run on from it. So a machine is never started twice from one state, and never loses one that it did not run from.
 */
import { mkdir, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { SavedState } from '@belvedere/emulator';
import type { MachineSpec } from '@belvedere/control';
import { openState, type StateFile, writeState } from '@belvedere/state';

/** What is saved: an engine's machine that stands still. */
interface Savable {
  saveState(): Promise<SavedState>;
}

/** The name of a state that a machine runs on from, until the file is deleted. */
export const usedName = (stateFile: string): string => `${stateFile}.used`;

/**
 * Saves a machine that is paused. Its disks are flushed first, so that they are on the host as the state knows them.
 * @param flush keeps what was written to the disks
 * @param onPercent told how far it has come
 */
export async function saveState(machine: Savable, { uuid, name }: Pick<MachineSpec, 'uuid' | 'name'>, path: string, flush: () => Promise<void>, onPercent: (percent: number) => void, signal?: AbortSignal): Promise<void> {
  const state = await machine.saveState();
  await flush();
  // The writer says what is wrong with a folder that cannot be made.
  await mkdir(dirname(path), { recursive: true, mode: 0o700 }).catch(() => undefined);
  let told = -1;
  const onProgress = (part: number): void => {
    const percent = Math.floor(part * 100);
    if (percent > told) onPercent((told = percent));
  };
  await writeState(path, state, { machine: { uuid, name }, onProgress, ...(signal ? { signal } : {}) });
}

/** Builds a machine from its state. @param build the engine's part */
export async function restoreState<T>(path: string, build: (state: StateFile) => Promise<T>): Promise<T> {
  const file = await openState(path);
  try {
    return await build(file);
  } finally {
    await file.close();
  }
}

/** The machine runs on: the state is used up, and its file goes, which nobody waits for: a large one takes its time. @param go lets the machine run */
export async function useUp(path: string, go: () => Promise<void>): Promise<void> {
  await rename(path, usedName(path));
  await go();
  // What is left of it is removed when the machine ends or starts.
  void rm(usedName(path), { force: true }).catch(() => undefined);
}
