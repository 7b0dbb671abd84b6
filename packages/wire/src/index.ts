export { WireError, Cursor } from './cursor.js';
export type { Codec, Value } from './codec.js';
export { decode, decodePrefix, encode } from './codec.js';
export { constant, s16le, s32le, u8, u16be, u16le, u32be, u32le, u64le } from './numbers.js';
export { array, bytes, optional, rest, utf16, zeroes } from './fields.js';
export { countOf, lengthOf, pdu, type Pdu } from './pdu.js';
