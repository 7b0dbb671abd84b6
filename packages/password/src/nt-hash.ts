/** The NT hash, which Windows and Samba keep and Network Level Authentication is proved against. [MS-NLMP] 3.3.1. Pure. */
import { md4 } from './md4.js';

/** NTOWFv1: 16 bytes, MD4 over the password's UTF-16LE. As good as the password itself to who wants to log in by NTLM. */
export const ntHash = (password: string): Uint8Array => md4(Buffer.from(password, 'utf16le'));
