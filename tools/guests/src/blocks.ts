// The blocks that the writer of block-writer/ puts on a disk: where each stands and what is in it, by the same formula. Pure.

/** Bytes of a block. */
export const BLOCK_SIZE = 4096;
/** How many different numbers, and places, there are: the disk has at least BLOCKS * BLOCK_SIZE bytes. */
export const BLOCKS = 65536;

const SPREAD = 40503;
const WORDS = BLOCK_SIZE / 4;

/** Where a block stands on the disk, in bytes: neighbours by number stand apart, and no two at one place. */
export const blockOffset = (number: number): number => (Math.imul(number, SPREAD) & (BLOCKS - 1)) * BLOCK_SIZE;

/** A block: its number, a sequence that the number begins, and the checksum of all before it; words of 32 bits, little-endian. */
export function blockContent(number: number): Uint8Array {
  const words = new Uint32Array(WORDS);
  words[0] = number;
  let word = Math.imul(number, 2654435761);
  for (let i = 1; i < WORDS - 1; i++) words[i] = word = Math.imul(word, 1664525) + 1013904223 | 0;
  let sum = 2166136261;
  for (let i = 0; i < WORDS - 1; i++) sum = Math.imul(sum ^ words[i]!, 16777619);
  words[WORDS - 1] = sum;
  return new Uint8Array(words.buffer);
}
