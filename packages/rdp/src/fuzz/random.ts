/** Chance that repeats itself by its seed, and what it does to bytes. Pure but for the generator's state. */

/** mulberry32: 32 bits of state, good enough to choose by. */
export class Random {
  private state: number;

  constructor(seed: number) {
    this.state = Math.imul(seed ^ 0x9e3779b9, 0x85ebca6b) >>> 0;
  }

  /** 0 to `limit` - 1. */
  below(limit: number): number {
    this.state = (this.state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), this.state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return Math.floor((((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32) * limit);
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)];
  }

  bytes(length: number): Uint8Array {
    return Uint8Array.from({ length }, () => this.below(256));
  }
}

/** Octets at which lengths, counts and tags change their meaning. */
const EDGES = [0x00, 0x01, 0x02, 0x03, 0x04, 0x7f, 0x80, 0x81, 0x82, 0x84, 0xc0, 0xfe, 0xff];

/** Bytes of the longest stretch that one change takes out, puts in or repeats. */
const STRETCH = 64;

const CHANGES: readonly ((bytes: Uint8Array, random: Random) => Uint8Array)[] = [
  (bytes, random) => replaced(bytes, random, (octet) => octet ^ (1 << random.below(8))),
  (bytes, random) => replaced(bytes, random, () => random.below(256)),
  (bytes, random) => replaced(bytes, random, () => random.pick(EDGES)),
  // Two or four octets, as lengths have, in either order.
  (bytes, random) => overwritten(bytes, random, Uint8Array.from({ length: random.pick([2, 4]) }, () => random.pick(EDGES))),
  (bytes, random) => cut(bytes, random, 0, random.bytes(1 + random.below(STRETCH))),
  (bytes, random) => cut(bytes, random, 1 + random.below(STRETCH), new Uint8Array(0)),
  (bytes, random) => cut(bytes, random, 0, stretch(bytes, random)),
  (bytes, random) => bytes.subarray(0, random.below(bytes.length + 1)),
];

/** The bytes with one to four changes; never the array that was given. */
export function mutated(bytes: Uint8Array, random: Random): Uint8Array {
  let changed = Uint8Array.from(bytes);
  for (let change = random.below(4); change >= 0; change--) changed = Uint8Array.from(random.pick(CHANGES)(changed, random));
  return changed;
}

function replaced(bytes: Uint8Array, random: Random, octet: (before: number) => number): Uint8Array {
  if (bytes.length === 0) return bytes;
  const at = random.below(bytes.length);
  bytes[at] = octet(bytes[at]);
  return bytes;
}

function overwritten(bytes: Uint8Array, random: Random, value: Uint8Array): Uint8Array {
  if (bytes.length < value.length) return bytes;
  bytes.set(value, random.below(bytes.length - value.length + 1));
  return bytes;
}

function cut(bytes: Uint8Array, random: Random, length: number, instead: Uint8Array): Uint8Array {
  const at = random.below(bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, at), instead, bytes.subarray(at + length)]);
}

function stretch(bytes: Uint8Array, random: Random): Uint8Array {
  const at = random.below(bytes.length + 1);
  return bytes.subarray(at, at + 1 + random.below(STRETCH));
}
