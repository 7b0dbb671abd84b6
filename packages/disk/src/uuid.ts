/** UUIDs as VDI keeps them and VirtualBox prints them: the first three fields little-endian. Pure. */
import { randomUUID } from 'node:crypto';
import { bytes, type Codec } from '@belvedere/wire';

const raw = bytes(16);
/** The order in which a VDI's 16 bytes are printed. */
const printed = [3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15] as const;
const pattern = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i;

export const nilUuid = '00000000-0000-0000-0000-000000000000';
export const newUuid = (): string => randomUUID();
export const isUuid = (text: string): boolean => pattern.test(text);

export const uuid: Codec<string> = {
  size: () => 16,
  encode(value, out) {
    if (!isUuid(value)) out.fail(`${value} is no UUID`);
    const digits = Buffer.from(value.replaceAll('-', ''), 'hex');
    raw.encode(Uint8Array.from(printed, (at) => digits[at]!), out);
  },
  decode(input) {
    const found = raw.decode(input);
    const digits = Buffer.from(printed.map((at) => found[at]!)).toString('hex');
    return [digits.slice(0, 8), digits.slice(8, 12), digits.slice(12, 16), digits.slice(16, 20), digits.slice(20)].join('-');
  },
};
