/**
 * The security layer of a connection: what goes between an MCS payload, or a fast-path body, and the PDU inside it.
 *
 * [MS-RDPBCGR] 5.3.6 and 5.3.8 (Standard RDP Security), 5.4 (Enhanced RDP Security), 2.2.8.1.1.2 and 2.2.8.1.2 (where headers stand).
 * A layer holds the ciphers' state and nothing else: packets must pass it in the order of the wire.
 */
import { timingSafeEqual } from 'node:crypto';
import { decodePrefix, encode } from '@belvedere/wire';
import { ProtocolError } from '../errors.js';
import { Rc4Stream, TripleDesStream, type CipherStream } from './cipher.js';
import { ENCRYPTION_LEVEL, ENCRYPTION_METHOD, type EncryptionLevel, type EncryptionMethod, FASTPATH, SEC, type Side } from './constants.js';
import { FASTPATH_SIGNATURE, TS_FP_FIPS_INFO, TS_SECURITY_HEADER, TS_SECURITY_HEADER1, TS_SECURITY_HEADER2 } from './headers.js';
import { fipsSessionKeys, rc4SessionKeys } from './kdf.js';
import { isLicensingPdu } from './licensing.js';

export interface SecurityLayer {
  /** Whether what this side receives is encrypted by this layer. */
  readonly encrypted: boolean;
  /**
   * Puts the security header before a slow-path PDU, and encrypts it where the connection demands that.
   * @param flags `SEC` flags; `ENCRYPT` and `SECURE_CHECKSUM` are the layer's own business
   */
  wrap(flags: number, payload: Uint8Array): Uint8Array;
  /** The inverse. Throws `ProtocolError` if the MAC is wrong or a packet that must be encrypted is not, `WireError` if it is cut short. */
  unwrap(bytes: Uint8Array): { flags: number; payload: Uint8Array };
  /** @returns `encryptionFlags` for the fast-path header, and what follows its length: MAC (and FIPS information) and payload */
  wrapFastPath(payload: Uint8Array): { encryptionFlags: number; body: Uint8Array };
  /** The inverse of `wrapFastPath`, with the same errors as `unwrap`. */
  unwrapFastPath(encryptionFlags: number, body: Uint8Array): Uint8Array;
}

/** A `SecurityLayer` that encrypts. */
export interface StandardSecurityLayer extends SecurityLayer {
  /** Whether this side salts its MACs: set when both General Capability Sets have ENC_SALTED_CHECKSUM. What is received says it itself. */
  saltedChecksum: boolean;
}

const NO_FLAGS = 0;
const SLOW_PATH = { state: 'connected', pdu: 'TS_SECURITY_HEADER' };
const FAST_PATH = { state: 'connected', pdu: 'TS_FP_UPDATE_PDU or TS_FP_INPUT_PDU' };

/**
 * The layer of a connection whose outer TLS protects it, or that has no encryption at all: a header stands only before the Client Info PDU
 * and before licensing PDUs. (On the MCS message channel it stands before every PDU: decode TS_SECURITY_HEADER there.)
 *
 * [MS-RDPBCGR] 2.2.1.11, 2.2.1.12, 5.4
 */
export function plainLayer(side: Side): SecurityLayer {
  /** The first PDU that a server gets is the Client Info PDU, and that has a header. */
  let clientInfoIsNext = side === 'server';
  return {
    encrypted: false,
    wrap(flags, payload) {
      return flags === NO_FLAGS ? payload : Buffer.concat([encode(TS_SECURITY_HEADER, { flags: flags & 0xffff }), payload]);
    },
    unwrap(bytes) {
      if (!clientInfoIsNext && !isLicensingPdu(bytes)) return { flags: NO_FLAGS, payload: bytes };
      const { value, rest } = decodePrefix(TS_SECURITY_HEADER, bytes);
      if (value.flags & SEC.ENCRYPT) {
        throw new ProtocolError('encrypted, but no encryption was agreed on', { ...SLOW_PATH, section: '[MS-RDPBCGR] 5.4' });
      }
      clientInfoIsNext = false;
      return { flags: value.flags, payload: rest };
    },
    wrapFastPath: (payload) => ({ encryptionFlags: 0, body: payload }),
    unwrapFastPath(encryptionFlags, body) {
      if (encryptionFlags & FASTPATH.ENCRYPTED) {
        throw new ProtocolError('encrypted, but no encryption was agreed on', { ...FAST_PATH, section: '[MS-RDPBCGR] 5.4' });
      }
      return body;
    },
  };
}

/** What a Standard RDP Security layer is made from, once both randoms are known. */
export interface StandardLayerSettings {
  readonly side: Side;
  readonly method: EncryptionMethod;
  readonly level: EncryptionLevel;
  /** 32 bytes. */
  readonly clientRandom: Uint8Array;
  /** 32 bytes. */
  readonly serverRandom: Uint8Array;
  /** Whether the peer can read encrypted licensing PDUs: SEC_LICENSE_ENCRYPT in its Security Exchange PDU. */
  readonly peerReadsEncryptedLicensing: boolean;
}

/** The layer of Standard RDP Security. INVARIANT: `method` is not NONE. */
export function standardLayer(settings: StandardLayerSettings): StandardSecurityLayer {
  const { side, level } = settings;
  const streams = sessionStreams(settings);
  const receiving = side === 'server' ? streams.clientToServer : streams.serverToClient;
  const sending = side === 'server' ? streams.serverToClient : streams.clientToServer;
  // Low: what the server sends stays in the clear. [MS-RDPBCGR] 5.3.1
  const serverEncrypts = level !== ENCRYPTION_LEVEL.LOW;
  const encryptsOutgoing = side === 'client' || serverEncrypts;
  const encryptsIncoming = side === 'server' || serverEncrypts;
  const fips = settings.method === ENCRYPTION_METHOD.FIPS;

  const open = (pdu: string, data: Uint8Array, { padlen, dataSignature, salted }: Sealed): Uint8Array => {
    const { payload, mac } = receiving.open(data, padlen, salted);
    if (timingSafeEqual(mac, dataSignature)) return payload;
    throw new ProtocolError(`the MAC of packet ${receiving.count - 1} does not match its ${payload.length} bytes`, {
      state: 'connected',
      pdu,
      section: fips ? '[MS-RDPBCGR] 5.3.6.2' : '[MS-RDPBCGR] 5.3.6.1',
    });
  };

  const layer: StandardSecurityLayer = {
    encrypted: encryptsIncoming,
    saltedChecksum: false,

    wrap(flags, payload) {
      const clear = !encryptsOutgoing || ((flags & SEC.LICENSE_PKT) !== 0 && !settings.peerReadsEncryptedLicensing);
      const own = flags & 0xffff & ~(SEC.ENCRYPT | SEC.SECURE_CHECKSUM);
      if (clear) return Buffer.concat([encode(TS_SECURITY_HEADER, { flags: own }), payload]);
      const salted = layer.saltedChecksum && !fips;
      const { data, padlen, mac } = sending.seal(payload, salted);
      // A redirection says by its own flag that it is encrypted, and rdesktop decrypts it twice where both stand. [MS-RDPBCGR] 2.2.8.1.1.2.1
      const encrypted = flags & SEC.REDIRECTION_PKT ? 0 : SEC.ENCRYPT;
      const header = { flags: own | encrypted | (salted ? SEC.SECURE_CHECKSUM : 0), dataSignature: mac };
      return Buffer.concat([fips ? encode(TS_SECURITY_HEADER2, { ...header, padlen }) : encode(TS_SECURITY_HEADER1, header), data]);
    },

    unwrap(bytes) {
      const basic = decodePrefix(TS_SECURITY_HEADER, bytes);
      const { flags } = basic.value;
      if (!(flags & (side === 'client' ? SEC.ENCRYPT | SEC.REDIRECTION_PKT : SEC.ENCRYPT))) {
        // Only a server's licensing PDUs may come in the clear: it asks for no license, so that no client has to send any. Taking more would
        // let anyone on the way put packets into the connection. [MS-RDPBCGR] 5.3.8
        if (encryptsIncoming && !(side === 'client' && isLicensingPdu(bytes))) {
          const problem = `flags 0x${flags.toString(16)} lack SEC_ENCRYPT, but encryption level ${level} was agreed on`;
          throw new ProtocolError(problem, { ...SLOW_PATH, section: '[MS-RDPBCGR] 5.3.8' });
        }
        return { flags, payload: basic.rest };
      }
      const salted = (flags & SEC.SECURE_CHECKSUM) !== 0;
      if (fips) {
        const { value, rest } = decodePrefix(TS_SECURITY_HEADER2, bytes);
        return { flags, payload: open(TS_SECURITY_HEADER2.name, rest, { ...value, salted }) };
      }
      const { value, rest } = decodePrefix(TS_SECURITY_HEADER1, bytes);
      return { flags, payload: open(TS_SECURITY_HEADER1.name, rest, { ...value, padlen: 0, salted }) };
    },

    wrapFastPath(payload) {
      if (!encryptsOutgoing) return { encryptionFlags: 0, body: payload };
      const salted = layer.saltedChecksum && !fips;
      const { data, padlen, mac } = sending.seal(payload, salted);
      const parts = fips ? [encode(TS_FP_FIPS_INFO, { padlen }), mac, data] : [mac, data];
      return { encryptionFlags: FASTPATH.ENCRYPTED | (salted ? FASTPATH.SECURE_CHECKSUM : 0), body: Buffer.concat(parts) };
    },

    unwrapFastPath(encryptionFlags, body) {
      if (!(encryptionFlags & FASTPATH.ENCRYPTED)) {
        if (!encryptsIncoming) return body;
        const problem = `not encrypted, but encryption level ${level} was agreed on`;
        throw new ProtocolError(problem, { ...FAST_PATH, section: '[MS-RDPBCGR] 5.3.8' });
      }
      const salted = (encryptionFlags & FASTPATH.SECURE_CHECKSUM) !== 0;
      const information = fips ? decodePrefix(TS_FP_FIPS_INFO, body) : undefined;
      const { value, rest } = decodePrefix(FASTPATH_SIGNATURE, information?.rest ?? body);
      return open(FAST_PATH.pdu, rest, { ...value, padlen: information?.value.padlen ?? 0, salted });
    },
  };
  return layer;
}

/** What an encrypted packet says of itself. */
interface Sealed {
  readonly padlen: number;
  readonly dataSignature: Uint8Array;
  readonly salted: boolean;
}

type SessionStreams = Record<'clientToServer' | 'serverToClient', CipherStream>;

function sessionStreams({ method, clientRandom, serverRandom }: StandardLayerSettings): SessionStreams {
  if (method === ENCRYPTION_METHOD.NONE) throw new TypeError('encryption method NONE has no keys: use plainLayer');
  if (method === ENCRYPTION_METHOD.FIPS) {
    const { macKey, clientToServer, serverToClient } = fipsSessionKeys(clientRandom, serverRandom);
    return { clientToServer: new TripleDesStream(macKey, clientToServer), serverToClient: new TripleDesStream(macKey, serverToClient) };
  }
  const { macKey, clientToServer, serverToClient } = rc4SessionKeys(method, clientRandom, serverRandom);
  return { clientToServer: new Rc4Stream(method, macKey, clientToServer), serverToClient: new Rc4Stream(method, macKey, serverToClient) };
}
