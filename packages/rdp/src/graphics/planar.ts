/**
 * The RDP 6.0 planar codec: the lossless bitmap codec of 32 bits a pixel.
 *
 * [MS-RDPEGDI] 2.2.2.5.1 (RDP6_BITMAP_STREAM), 3.1.9 (planes, deltas, runs). Pure. Here is the decoder; the
 * compressor is a kernel (assembly/planar.ts).
 * Colour loss and chroma subsampling are not used when writing and refused when reading: every pixel arrives as it is.
 */
import { WireError } from '@belvedere/wire';

/** Bits of the format header. CLL is three bits wide. */
export const FormatHeader = { CLL: 0x07, CS: 0x08, RLE: 0x10, NA: 0x20 } as const;

/**
 * Decompresses a bitmap.
 *
 * @returns width * height pels 0x00RRGGBB, the bottom row first; an alpha plane is read and dropped
 * @throws WireError if the stream ends early, goes on too long, or uses colour loss or chroma subsampling, which this client never offers
 */
export function decompressPlanar(stream: Uint8Array, width: number, height: number): Uint32Array {
  const total = width * height;
  const pels = new Uint32Array(total);
  let from = 0;
  const fail = (problem: string): never => {
    throw new WireError('RDP6_BITMAP_STREAM', from, problem);
  };
  const byte = (): number => (from < stream.length ? stream[from++] : fail('need 1 byte, have 0'));

  const header = byte();
  if (header & (FormatHeader.CLL | FormatHeader.CS)) fail(`format header 0x${header.toString(16)}: colour loss was not offered`);
  for (let shift = header & FormatHeader.NA ? 16 : 24; shift >= 0; shift -= 8) {
    const values = header & FormatHeader.RLE ? runs() : raw();
    if (shift < 24) for (let i = 0; i < total; i++) pels[i] |= values[i] << shift;
  }
  if (!(header & FormatHeader.RLE)) byte();
  if (from < stream.length) fail(`${stream.length - from} bytes left over`);
  return pels;

  function raw(): Uint8Array {
    if (stream.length - from < total) fail(`need ${total} bytes, have ${stream.length - from}`);
    from += total;
    return stream.subarray(from - total, from);
  }

  function runs(): Uint8Array {
    const values = new Uint8Array(total);
    for (let i = 0, row = 0; row < height; row++) {
      const end = i + width;
      let value = 0;
      const put = (): void => {
        // [MS-RDPEGDI] 3.1.9.2.3: an odd value is negative
        const change = value & 1 ? -(value >> 1) - 1 : value >> 1;
        values[i] = row === 0 ? value : values[i - width] + change;
        i++;
      };
      while (i < end) {
        const control = byte();
        if (control === 0) fail('control byte 0');
        let run = control & 0xf;
        let count = control >> 4;
        if (run === 1 || run === 2) {
          run = 16 * run + count;
          count = 0;
        }
        if (i + count + run > end) fail(`segment of ${count + run} values, but ${end - i} are left in the row`);
        for (; count > 0; count--) {
          value = byte();
          put();
        }
        for (; run > 0; run--) put();
      }
    }
    return values;
  }
}
