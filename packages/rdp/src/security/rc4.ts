/**
 * The RC4 stream cipher.
 *
 * [RFC6229] holds its test vectors; [MS-RDPBCGR] 5.3.6 uses it for Standard RDP Security, [MS-NLMP] 3.4.3 for sealing. Pure.
 * node:crypto has it only where OpenSSL's legacy provider is loaded, so it is here.
 */
export class Rc4 {
  /** Bytes in 32-bit cells: read and written without conversion, which is measurably faster. */
  private readonly table = new Int32Array(256);
  private i = 0;
  private j = 0;

  /** @param key 1 to 256 bytes */
  constructor(key: Uint8Array) {
    if (key.length < 1 || key.length > 256) throw new RangeError(`an RC4 key has 1 to 256 bytes, not ${key.length}`);
    const { table } = this;
    for (let i = 0; i < 256; i++) table[i] = i;
    for (let i = 0, j = 0; i < 256; i++) {
      const held = table[i];
      j = (j + held + key[i % key.length]) & 0xff;
      table[i] = table[j];
      table[j] = held;
    }
  }

  /**
   * Enciphers or deciphers the next bytes of the stream.
   * @param output as long as `input`; may be `input` itself
   * @returns `output`
   */
  apply(input: Uint8Array, output: Uint8Array = new Uint8Array(input.length)): Uint8Array {
    const { table } = this;
    const { length } = input;
    let { i, j } = this;
    for (let at = 0; at < length; at++) {
      i = (i + 1) & 0xff;
      const a = table[i];
      j = (j + a) & 0xff;
      const b = table[j];
      table[i] = b;
      table[j] = a;
      output[at] = input[at] ^ table[(a + b) & 0xff];
    }
    this.i = i;
    this.j = j;
    return output;
  }
}
