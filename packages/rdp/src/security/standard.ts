/**
 * Agreeing on Standard RDP Security: which method, and the exchange of randoms that gives both sides their keys.
 *
 * [MS-RDPBCGR] 5.3.2 (negotiation), 5.3.4 (randoms), 2.2.1.4.3 (what the server sends), 2.2.1.10 (what the client answers). Pure but for
 * the random numbers; each can be given.
 */
import { type KeyObject, randomBytes } from 'node:crypto';
import { decode, encode } from '@belvedere/wire';
import { ProtocolError } from '../errors.js';
import { parseServerCertificate } from './certificate.js';
import { ENCRYPTION_LEVEL, ENCRYPTION_METHOD, type EncryptionLevel, type EncryptionMethod, SEC } from './constants.js';
import { TS_SECURITY_PACKET } from './headers.js';
import { RANDOM_LENGTH } from './kdf.js';
import { standardLayer, type StandardSecurityLayer } from './layer.js';
import { decryptNumber, encryptNumber, publicNumbers, sized } from './rsa.js';

/** The client's TS_UD_CS_SEC. `extEncryptionMethods` takes the other's place in the French locale. [MS-RDPBCGR] 2.2.1.3.3 */
export interface ClientMethods {
  readonly encryptionMethods: number;
  readonly extEncryptionMethods: number;
}

/** `encryptionMethod` and `encryptionLevel` of TS_UD_SC_SEC1. */
export interface EncryptionChoice {
  readonly method: EncryptionMethod;
  readonly level: EncryptionLevel;
}

/** What the administrator asks for. */
export type EncryptionDemand = 'none' | 'low' | 'client-compatible' | 'high' | 'fips';

const { NONE, '40BIT': BIT40, '56BIT': BIT56, '128BIT': BIT128, FIPS } = ENCRYPTION_METHOD;

/** Each demand's level and the methods that satisfy it, the preferred one first. [MS-RDPBCGR] 5.3.1 */
const DEMANDS: Record<EncryptionDemand, { readonly level: EncryptionLevel; readonly methods: readonly EncryptionMethod[] }> = {
  none: { level: ENCRYPTION_LEVEL.NONE, methods: [NONE] },
  low: { level: ENCRYPTION_LEVEL.LOW, methods: [BIT128, BIT56, BIT40, FIPS] },
  'client-compatible': { level: ENCRYPTION_LEVEL.CLIENT_COMPATIBLE, methods: [BIT128, BIT56, BIT40, FIPS] },
  high: { level: ENCRYPTION_LEVEL.HIGH, methods: [BIT128, FIPS] },
  fips: { level: ENCRYPTION_LEVEL.FIPS, methods: [FIPS] },
};

/**
 * Chooses method and level for a client: the strongest RC4 that it offers, FIPS if it offers nothing else or the demand is FIPS.
 * Throws `ProtocolError` if the client offers nothing that satisfies the demand.
 */
export function chooseEncryption(client: ClientMethods, demand: EncryptionDemand): EncryptionChoice {
  const { level, methods } = DEMANDS[demand];
  const offered = client.encryptionMethods || client.extEncryptionMethods;
  // Method NONE has no bit: it asks nothing of the client.
  const method = methods.find((candidate) => candidate === NONE || (offered & candidate) !== 0);
  if (method === undefined) {
    throw new ProtocolError(`the client offers encryption methods 0x${offered.toString(16)}, but level ${demand} needs ${names(methods)}`, {
      state: 'mcsConnectInitial',
      pdu: 'TS_UD_CS_SEC',
      section: '[MS-RDPBCGR] 5.3.2',
    });
  }
  return { method, level };
}

const names = (methods: readonly EncryptionMethod[]): string =>
  Object.entries(ENCRYPTION_METHOD).filter(([, value]) => methods.includes(value)).map(([name]) => name).join(' or ');

/** Zeroes after the encrypted random. [MS-RDPBCGR] 5.3.4.1 */
const PADDING = 8;

/** The server's part of TS_UD_SC_SEC1, and the next step. */
export interface StandardOffer extends EncryptionChoice {
  /** 32 bytes. */
  readonly serverRandom: Uint8Array;
  readonly serverCertificate: Uint8Array;
  /**
   * Takes the client's Security Exchange PDU (TS_SECURITY_PACKET, with its header). Throws `ProtocolError` or `WireError` if it is none.
   * A random that was encrypted wrongly is not noticed here: the first MAC fails.
   */
  accept(securityExchange: Uint8Array): StandardSecurityLayer;
}

/**
 * The server's side of the exchange.
 * @param choice from `chooseEncryption`; INVARIANT: its method is not NONE
 * @param key the private key of the certificate
 */
export function offerStandardSecurity(
  choice: EncryptionChoice,
  key: KeyObject,
  serverCertificate: Uint8Array,
  serverRandom: Uint8Array = randomBytes(RANDOM_LENGTH),
): StandardOffer {
  const modulusLength = publicNumbers(key).modulus.length;
  const fail = (problem: string, cause?: unknown): never => {
    throw new ProtocolError(problem, { state: 'securityExchange', pdu: TS_SECURITY_PACKET.name, section: '[MS-RDPBCGR] 5.3.4.1', cause });
  };
  return {
    ...choice,
    serverRandom,
    serverCertificate,
    accept(securityExchange) {
      const { basicSecurityHeader, encryptedClientRandom } = decode(TS_SECURITY_PACKET, securityExchange);
      const { flags } = basicSecurityHeader;
      if (!(flags & SEC.EXCHANGE_PKT)) fail(`flags 0x${flags.toString(16)} lack SEC_EXCHANGE_PKT`);
      const { length } = encryptedClientRandom;
      if (length !== modulusLength && length !== modulusLength + PADDING) {
        fail(`${length} bytes of encrypted random do not fit a modulus of ${modulusLength} bytes`);
      }
      let decrypted: Uint8Array;
      try {
        decrypted = decryptNumber(key, encryptedClientRandom.subarray(0, modulusLength));
      } catch (cause) {
        return fail('the encrypted random is not below the modulus', cause);
      }
      // Bytes above the random should be zero. Saying whether they are would help to decrypt a recorded session's random bit by bit.
      const clientRandom = decrypted.subarray(0, RANDOM_LENGTH);
      return standardLayer({
        side: 'server',
        ...choice,
        clientRandom,
        serverRandom,
        peerReadsEncryptedLicensing: (flags & SEC.LICENSE_ENCRYPT) !== 0,
      });
    },
  };
}

/** The client's answer: the Security Exchange PDU to send, and the layer that is in force after it. */
export interface StandardAnswer {
  readonly securityExchange: Uint8Array;
  readonly layer: StandardSecurityLayer;
}

/** The client's side of the exchange. Throws `ProtocolError` or `WireError` if the certificate is not one. */
export function answerStandardSecurity(
  { method, level, serverRandom, serverCertificate }: Omit<StandardOffer, 'accept'>,
  clientRandom: Uint8Array = randomBytes(RANDOM_LENGTH),
): StandardAnswer {
  const { publicKey } = parseServerCertificate(serverCertificate);
  const encrypted = encryptNumber(publicKey, clientRandom);
  return {
    securityExchange: encode(TS_SECURITY_PACKET, {
      basicSecurityHeader: { flags: SEC.EXCHANGE_PKT | SEC.LICENSE_ENCRYPT },
      encryptedClientRandom: sized(encrypted, encrypted.length + PADDING),
    }),
    layer: standardLayer({ side: 'client', method, level, clientRandom, serverRandom, peerReadsEncryptedLicensing: false }),
  };
}
