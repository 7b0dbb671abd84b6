/** Streams that are not as they should be, made from one that is. Deterministic. For tests. */

/** Numbers below a bound, from a seed. */
export function numbersFrom(seed: number): (below: number) => number {
  let state = seed * 2654435761 + 1;
  return (below) => {
    // xorshift32
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

/** One to four faults: bytes changed, left out, put in, repeated, the end cut off. Most hit the first 2 KiB of a section's head or the small sections. */
export function mutate(stream: Uint8Array, seed: number): Uint8Array {
  const number = numbersFrom(seed);
  let bytes = Buffer.from(stream);
  for (let faults = 1 + number(4); faults > 0 && bytes.length > 0; faults--) {
    const at = number(bytes.length);
    const length = Math.min(1 + number(16), bytes.length - at);
    const kind = number(6);
    if (kind <= 1) bytes[at] ^= 1 << number(8);
    else if (kind === 2) bytes.fill([0, 0xff, 0x7f, 0x80][number(4)], at, at + length);
    else if (kind === 3) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
    else if (kind === 4) bytes = Buffer.concat([bytes.subarray(0, at), bytes.subarray(number(at + 1), at), bytes.subarray(at)]);
    else if (number(8) === 0) bytes = bytes.subarray(0, at);
  }
  return bytes;
}
