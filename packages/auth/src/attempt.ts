/** What a login may say of itself before anyone is asked: lengths and characters. Pure. */
import type { LogonAttempt } from './authenticator.js';

/** UTF-8 bytes. The RDP client info carries at most 512 bytes of UTF-16 for each. */
const LIMITS = { user: 1024, password: 4096, domain: 1024, clientName: 1024, address: 256, machineId: 64 } as const;

/** What is wrong with the shape of `attempt`; undefined when it may be judged. */
export function problemOf(attempt: LogonAttempt): string | undefined {
  for (const [field, limit] of Object.entries(LIMITS) as [keyof typeof LIMITS, number][]) {
    const length = Buffer.byteLength(attempt[field]);
    if (length > limit) return `the ${words[field]} has ${length} bytes; at most ${limit} are taken`;
    // A C string ends at its first zero: what follows would be compared by nobody.
    if (attempt[field].includes('\0')) return `the ${words[field]} contains a zero character`;
  }
  const { clientId } = attempt;
  if (!(Number.isInteger(clientId) && 0 <= clientId && clientId <= 0xffffffff)) return `${clientId} is no number of a connection`;
  return undefined;
}

const words = { user: 'user name', password: 'password', domain: 'domain', clientName: 'client name', address: 'address', machineId: 'machine id' } as const;

/** Text of a stranger, made fit for a log or a record: no control characters, at most `length` characters. */
export const printable = (text: string, length = 256): string => text.slice(0, length).replace(/[\p{Cc}\p{Zl}\p{Zp}\p{Cs}]/gu, '\ufffd');

/** The 16 bytes of a UUID as VirtualBox's SDK passes them: the first three groups little-endian, like a GUID. */
export function uuidBytes(text: string): Uint8Array {
  const digits = text.replace(/^\{|\}$/g, '').replaceAll('-', '');
  if (!/^[0-9a-f]{32}$/i.test(digits)) throw new RangeError(`'${text}' is not a UUID`);
  const bytes = Buffer.from(digits, 'hex');
  bytes.subarray(0, 4).reverse();
  bytes.subarray(4, 6).reverse();
  bytes.subarray(6, 8).reverse();
  return bytes;
}
