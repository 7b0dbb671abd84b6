/** A machine's images in a move: the proof that both sides see the same, the decision beside them, and their lock. */
import { type SharedImage, SharedImages, type SourceStorage, type TargetStorage } from '@belvedere/teleport';
import type { Drives } from '../drives.js';

export async function sharedStorage(drives: Drives): Promise<SourceStorage & TargetStorage> {
  const images: SharedImage[] = drives.changingHands;
  const beside = await SharedImages.of(images);
  return {
    flush: () => drives.flush(),
    lock: () => drives.take(),
    unlock: () => drives.release(),
    putTokens: () => beside.putTokens(),
    removeTokens: () => beside.removeTokens(),
    readTokens: (tokens) => beside.readTokens(tokens),
    record: (id) => beside.record(id),
  };
}
