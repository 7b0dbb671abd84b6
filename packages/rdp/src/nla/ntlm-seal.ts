/**
 * One direction of an NTLM session: sealed and signed messages.
 *
 * [MS-NLMP] 3.4.3, 3.4.4.2 (with extended session security and key exchange); [MS-SPNG] 3.2.5.1. Holds the cipher's state.
 */
import { timingSafeEqual } from 'node:crypto';
import { bytes, constant, decodePrefix, encode, pdu, u32le } from '@belvedere/wire';
import { ProtocolError } from '../errors.js';
import { Rc4 } from '../security/rc4.js';
import { type Direction, hmacMd5, sealingKey, signingKey } from './ntlm-keys.js';

const NTLMSSP_MESSAGE_SIGNATURE = pdu('NTLMSSP_MESSAGE_SIGNATURE', '[MS-NLMP] 2.2.2.9.2', {
  Version: constant(u32le, 1),
  Checksum: bytes(8),
  SeqNum: u32le,
});

export class SealedStream {
  private readonly signKey: Uint8Array;
  private readonly sealKey: Uint8Array;
  private cipher: Rc4;
  private sequence = 0;

  constructor(exportedSessionKey: Uint8Array, direction: Direction) {
    this.signKey = signingKey(exportedSessionKey, direction);
    this.sealKey = sealingKey(exportedSessionKey, direction);
    this.cipher = new Rc4(this.sealKey);
  }

  /** @returns signature and sealed message */
  seal(message: Uint8Array): Uint8Array {
    const sealed = this.cipher.apply(message);
    return Buffer.concat([this.sign(message), sealed]);
  }

  /** The inverse of `seal`. Throws `ProtocolError` if the message was not sealed by the peer, or not as its next. */
  unseal(sealed: Uint8Array): Uint8Array {
    const { value, rest } = decodePrefix(NTLMSSP_MESSAGE_SIGNATURE, sealed);
    const message = this.cipher.apply(rest);
    this.check(message, encode(NTLMSSP_MESSAGE_SIGNATURE, value));
    return message;
  }

  /**
   * The signature of a list of mechanisms. The cipher starts anew after it, the sequence goes on. [MS-SPNG] 3.2.5.1
   */
  signMechanisms(list: Uint8Array): Uint8Array {
    const signature = this.sign(list);
    this.cipher = new Rc4(this.sealKey);
    return signature;
  }

  /** Checks what the peer's `signMechanisms` made. Throws `ProtocolError`. */
  checkMechanisms(list: Uint8Array, signature: Uint8Array): void {
    this.check(list, signature);
    this.cipher = new Rc4(this.sealKey);
  }

  private check(message: Uint8Array, signature: Uint8Array): void {
    const expected = this.sign(message);
    if (signature.length === expected.length && timingSafeEqual(expected, signature)) return;
    throw new ProtocolError(`the signature of message ${this.sequence - 1} does not match its ${message.length} bytes`, {
      state: 'credssp',
      pdu: NTLMSSP_MESSAGE_SIGNATURE.name,
      section: '[MS-NLMP] 3.4.4.2',
    });
  }

  private sign(message: Uint8Array): Uint8Array {
    const SeqNum = this.sequence++;
    const digest = hmacMd5(this.signKey, encode(u32le, SeqNum), message);
    return encode(NTLMSSP_MESSAGE_SIGNATURE, { Checksum: this.cipher.apply(digest.subarray(0, 8)), SeqNum });
  }
}
