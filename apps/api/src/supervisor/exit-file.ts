/** The word that a machine's process leaves when it ends while nobody listens. */
import type { ExitRecord } from '@belvedere/control';
import { readFile } from 'node:fs/promises';

/** @returns undefined where there is none, or none that can be read */
export async function readExitFile(file: string): Promise<ExitRecord | undefined> {
  try {
    const { state, reason, relay, at } = JSON.parse(await readFile(file, 'utf8')) as Record<string, unknown>;
    if ((state !== 'poweroff' && state !== 'saved' && state !== 'teleported' && state !== 'aborted') || typeof at !== 'string' || Number.isNaN(Date.parse(at))) return undefined;
    return { state, at: new Date(at).toISOString(), ...(typeof reason === 'string' ? { reason } : {}), ...(Number.isInteger(relay) ? { relay: relay as number } : {}) };
  } catch {
    return undefined;
  }
}
