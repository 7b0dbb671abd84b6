/** Where the writer that tests kill puts its numbered blocks: all over an image of 64 MiB, each at a place of its own. Pure. */

/** Numbers from 1 on that have a place. */
export const NUMBERS = 16_000;

/** Bytes from the image's start: neighbours in number are far apart, so that most of the first ones want a block of the image that is not there yet. */
export const placeOf = (number: number): number => ((number * 37) % 64 << 20) + Math.floor(number / 64) * 4096;
