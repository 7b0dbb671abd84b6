/** Whether bytes are all zero. Pure. */
const zeroes = new Uint8Array(1 << 16);

export function isZero(data: Uint8Array): boolean {
  for (let at = 0; at < data.length; at += zeroes.length) {
    const piece = data.subarray(at, at + zeroes.length);
    if (Buffer.compare(piece, zeroes.subarray(0, piece.length)) !== 0) return false;
  }
  return true;
}
