/**
 * The MD4 message digest.
 *
 * [RFC1320]. Pure. NTLM hashes passwords with it; node:crypto has it only where OpenSSL's legacy provider is loaded. Fit for nothing else.
 */
const rotate = (value: number, bits: number): number => (value << bits) | (value >>> (32 - bits));

/** Each round's function, constant, order of the words and shifts. [RFC1320] 3.4 */
const ROUNDS = [
  {
    mix: (x: number, y: number, z: number): number => (x & y) | (~x & z),
    constant: 0,
    words: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15],
    shifts: [3, 7, 11, 19],
  },
  {
    mix: (x: number, y: number, z: number): number => (x & y) | (x & z) | (y & z),
    constant: 0x5a827999,
    words: [0, 4, 8, 12, 1, 5, 9, 13, 2, 6, 10, 14, 3, 7, 11, 15],
    shifts: [3, 5, 9, 13],
  },
  {
    mix: (x: number, y: number, z: number): number => x ^ y ^ z,
    constant: 0x6ed9eba1,
    words: [0, 8, 4, 12, 2, 10, 6, 14, 1, 9, 5, 13, 3, 11, 7, 15],
    shifts: [3, 9, 11, 15],
  },
] as const;

const BLOCK = 64;

/** @returns 16 bytes */
export function md4(message: Uint8Array): Uint8Array {
  const padded = new Uint8Array(Math.ceil((message.length + 9) / BLOCK) * BLOCK);
  padded.set(message);
  padded[message.length] = 0x80;
  const view = new DataView(padded.buffer);
  view.setBigUint64(padded.length - 8, 8n * BigInt(message.length), true);

  const state = Int32Array.of(0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476);
  for (let block = 0; block < padded.length; block += BLOCK) {
    let [a, b, c, d] = state;
    for (const { mix, constant, words, shifts } of ROUNDS) {
      words.forEach((word, step) => {
        const sum = (a + mix(b, c, d) + view.getInt32(block + 4 * word, true) + constant) | 0;
        [a, b, c, d] = [d, rotate(sum, shifts[step & 3]), b, c];
      });
    }
    state[0] += a;
    state[1] += b;
    state[2] += c;
    state[3] += d;
  }
  const digest = new DataView(new ArrayBuffer(16));
  state.forEach((word, index) => digest.setInt32(4 * index, word, true));
  return new Uint8Array(digest.buffer);
}
