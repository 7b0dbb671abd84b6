/**
 * One direction of an encrypted connection: cipher, MAC, packet count, and renewal of the key.
 *
 * [MS-RDPBCGR] 5.3.6 (encryption and MACs), 5.3.7 (renewal after 4096 packets; FIPS renews nothing). Holds the cipher's state.
 */
import { type Cipher, createCipheriv, createDecipheriv, type Decipher } from 'node:crypto';
import { ProtocolError } from '../errors.js';
import { fipsMac, rc4Mac, type Rc4Method, renewKey } from './kdf.js';
import { Rc4 } from './rc4.js';

/** Seals what is sent or opens what is received: one instance does one of the two. */
export interface CipherStream {
  /** Packets so far: salts the next MAC, and is never reset. */
  readonly count: number;
  /** @returns `padlen`: bytes that fill the last block, 0 to 7 */
  seal(payload: Uint8Array, salted: boolean): { data: Uint8Array; padlen: number; mac: Uint8Array };
  /** @returns the payload and the MAC that it must have had. Throws `ProtocolError` if `padlen` cannot be true. */
  open(data: Uint8Array, padlen: number, salted: boolean): { payload: Uint8Array; mac: Uint8Array };
}

/** Packets under one key. [MS-RDPBCGR] 5.3.7 */
const PACKETS_PER_KEY = 4096;

export class Rc4Stream implements CipherStream {
  count = 0;
  private key: Uint8Array;
  private cipher: Rc4;

  constructor(
    private readonly method: Rc4Method,
    private readonly macKey: Uint8Array,
    private readonly initialKey: Uint8Array,
  ) {
    this.key = initialKey;
    this.cipher = new Rc4(initialKey);
  }

  seal(payload: Uint8Array, salted: boolean): { data: Uint8Array; padlen: number; mac: Uint8Array } {
    const mac = this.mac(payload, salted);
    return { data: this.apply(payload), padlen: 0, mac };
  }

  open(data: Uint8Array, _padlen: number, salted: boolean): { payload: Uint8Array; mac: Uint8Array } {
    const count = this.count;
    const payload = this.apply(data);
    return { payload, mac: rc4Mac(this.macKey, payload, salted ? count : undefined) };
  }

  private mac(payload: Uint8Array, salted: boolean): Uint8Array {
    return rc4Mac(this.macKey, payload, salted ? this.count : undefined);
  }

  private apply(data: Uint8Array): Uint8Array {
    if (this.count > 0 && this.count % PACKETS_PER_KEY === 0) {
      this.key = renewKey(this.method, this.initialKey, this.key);
      this.cipher = new Rc4(this.key);
    }
    this.count++;
    return this.cipher.apply(data);
  }
}

const BLOCK = 8;
/** [MS-RDPBCGR] 5.3.6.2 */
const INITIAL_VECTOR = Uint8Array.of(0x12, 0x34, 0x56, 0x78, 0x90, 0xab, 0xcd, 0xef);

/** 3DES in CBC mode, chained from packet to packet. */
export class TripleDesStream implements CipherStream {
  count = 0;
  private sealer?: Cipher;
  private opener?: Decipher;

  constructor(
    private readonly macKey: Uint8Array,
    private readonly key: Uint8Array,
  ) {}

  seal(payload: Uint8Array): { data: Uint8Array; padlen: number; mac: Uint8Array } {
    this.sealer ??= createCipheriv('des-ede3-cbc', this.key, INITIAL_VECTOR).setAutoPadding(false);
    const padlen = -payload.length & (BLOCK - 1);
    const padded = padlen === 0 ? payload : Buffer.concat([payload, new Uint8Array(padlen)]);
    return { data: this.sealer.update(padded), padlen, mac: fipsMac(this.macKey, payload, this.count++) };
  }

  open(data: Uint8Array, padlen: number): { payload: Uint8Array; mac: Uint8Array } {
    if (data.length % BLOCK !== 0 || padlen >= BLOCK || padlen > data.length) {
      throw new ProtocolError(`${data.length} encrypted bytes with padlen ${padlen} are no whole 3DES blocks`, {
        state: 'connected',
        pdu: 'TS_SECURITY_HEADER2',
        section: '[MS-RDPBCGR] 2.2.8.1.1.2.3',
      });
    }
    this.opener ??= createDecipheriv('des-ede3-cbc', this.key, INITIAL_VECTOR).setAutoPadding(false);
    const payload = this.opener.update(data).subarray(0, data.length - padlen);
    return { payload, mac: fipsMac(this.macKey, payload, this.count++) };
  }
}
