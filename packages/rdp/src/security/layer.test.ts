import { describe, expect, test } from '@jest/globals';
import { WireError } from '@belvedere/wire';
import { ProtocolError } from '../errors.js';
import { Rc4Stream } from './cipher.js';
import { ENCRYPTION_LEVEL, ENCRYPTION_METHOD, type EncryptionLevel, type EncryptionMethod, FASTPATH, SEC } from './constants.js';
import { plainLayer, standardLayer, type StandardSecurityLayer } from './layer.js';
import { validClientPdu } from './licensing.js';

const clientRandom = Uint8Array.from({ length: 32 }, (_, i) => 3 * i);
const serverRandom = Uint8Array.from({ length: 32 }, (_, i) => 7 * i + 1);

function pair(method: EncryptionMethod, level: EncryptionLevel, peerReadsEncryptedLicensing = false): { client: StandardSecurityLayer; server: StandardSecurityLayer } {
  const settings = { method, level, clientRandom, serverRandom, peerReadsEncryptedLicensing };
  return { client: standardLayer({ ...settings, side: 'client' }), server: standardLayer({ ...settings, side: 'server' }) };
}

const METHODS = [
  ['40BIT', ENCRYPTION_LEVEL.CLIENT_COMPATIBLE],
  ['56BIT', ENCRYPTION_LEVEL.CLIENT_COMPATIBLE],
  ['128BIT', ENCRYPTION_LEVEL.HIGH],
  ['FIPS', ENCRYPTION_LEVEL.FIPS],
] as const;

/** Milliseconds: a busy machine may need a few seconds for one. */
const SLOW = 60_000;

/** A payload that differs from packet to packet in content and length. */
const payloadOf = (n: number): Buffer => Buffer.alloc(1 + (n % 61), `packet ${n} `);

describe.each(METHODS)('%s', (name, level) => {
  const method = ENCRYPTION_METHOD[name];

  test('20,000 packets each way, slow path and fast path, with plain and salted MACs', () => {
    const { client, server } = pair(method, level);
    for (let n = 0; n < 20_000; n++) {
      // Both kinds of MAC under every key, and in the packets around each renewal.
      client.saltedChecksum = server.saltedChecksum = (n & 2) !== 0;
      const payload = payloadOf(n);
      if (n % 3) {
        const up = server.unwrap(client.wrap(SEC.INFO_PKT, payload));
        const { encryptionFlags, body } = server.wrapFastPath(payload);
        const down = client.unwrapFastPath(encryptionFlags, body);
        if (!payload.equals(up.payload) || !payload.equals(down)) throw new Error(`packet ${n} arrived changed`);
        if (!(up.flags & SEC.INFO_PKT) || !(up.flags & SEC.ENCRYPT)) throw new Error(`packet ${n} lost its flags`);
      } else {
        const { encryptionFlags, body } = client.wrapFastPath(payload);
        const down = client.unwrap(server.wrap(0, payload)).payload;
        if (!payload.equals(server.unwrapFastPath(encryptionFlags, body)) || !payload.equals(down)) throw new Error(`packet ${n} arrived changed`);
      }
    }
  }, SLOW);

  test('a changed byte anywhere in MAC or data is refused', () => {
    for (let at = 4; at < 12 + 9; at++) {
      const { client, server } = pair(method, level);
      const wrapped = client.wrap(0, Buffer.from('123456789'));
      wrapped[at] ^= 0x40;
      expect(() => server.unwrap(wrapped)).toThrow(method === ENCRYPTION_METHOD.FIPS && at < 7 ? WireError : ProtocolError);
    }
    const { client, server } = pair(method, level);
    const { encryptionFlags, body } = client.wrapFastPath(Buffer.from('123456789'));
    body[body.length - 1] ^= 1;
    expect(() => server.unwrapFastPath(encryptionFlags, body)).toThrow(/TS_FP_.*does not match/);
  });

  test('a repeated and a reordered packet are refused', () => {
    const { client, server } = pair(method, level);
    const first = client.wrap(0, payloadOf(1));
    const second = client.wrap(0, payloadOf(2));
    server.unwrap(first);
    expect(() => server.unwrap(first)).toThrow(ProtocolError);
    expect(() => pair(method, level).server.unwrap(second)).toThrow(ProtocolError);
  });

  test('what must be encrypted is refused in the clear', () => {
    const { server } = pair(method, level);
    expect(server.encrypted).toBe(true);
    expect(() => server.unwrap(Uint8Array.of(0x40, 0, 0, 0, 1, 2, 3))).toThrow(/lack SEC_ENCRYPT/);
    expect(() => server.unwrapFastPath(0, Uint8Array.of(1, 2, 3))).toThrow(/not encrypted/);
  });

  test('every truncation is refused', () => {
    const { client } = pair(method, level);
    const wrapped = client.wrap(0, payloadOf(3));
    const { encryptionFlags, body } = client.wrapFastPath(payloadOf(3));
    const refused = (run: () => unknown): void => {
      try {
        run();
      } catch (error) {
        if (error instanceof WireError || error instanceof ProtocolError) return;
        throw error;
      }
      throw new Error('accepted');
    };
    for (let length = 0; length < wrapped.length; length++) refused(() => pair(method, level).server.unwrap(wrapped.subarray(0, length)));
    for (let length = 0; length < body.length; length++) refused(() => pair(method, level).server.unwrapFastPath(encryptionFlags, body.subarray(0, length)));
  });

  test('leaves its input alone', () => {
    const { client, server } = pair(method, level);
    const payload = payloadOf(8);
    const before = Buffer.from(payload);
    const wrapped = client.wrap(0, payload);
    const kept = Buffer.from(wrapped);
    server.unwrap(wrapped);
    expect(payload.equals(before) && kept.equals(wrapped)).toBe(true);
  });
});

describe('MACs', () => {
  test('each packet says itself whether its MAC is salted', () => {
    const { client, server } = pair(ENCRYPTION_METHOD['128BIT'], ENCRYPTION_LEVEL.HIGH);
    for (const salted of [false, true, true, false, true]) {
      client.saltedChecksum = salted;
      const { flags, payload } = server.unwrap(client.wrap(0, payloadOf(4)));
      expect((flags & SEC.SECURE_CHECKSUM) !== 0).toBe(salted);
      expect(payloadOf(4).equals(payload)).toBe(true);
      const { encryptionFlags, body } = client.wrapFastPath(payloadOf(5));
      expect((encryptionFlags & FASTPATH.SECURE_CHECKSUM) !== 0).toBe(salted);
      expect(payloadOf(5).equals(server.unwrapFastPath(encryptionFlags, body))).toBe(true);
    }
  });

  test('the salt makes the MACs of equal packets differ', () => {
    const { client } = pair(ENCRYPTION_METHOD['128BIT'], ENCRYPTION_LEVEL.HIGH);
    const macs = (): string[] => [0, 1].map(() => Buffer.from(client.wrap(0, payloadOf(9)).subarray(4, 12)).toString('hex'));
    const [plain1, plain2] = macs();
    client.saltedChecksum = true;
    const [salted1, salted2] = macs();
    expect(plain1).toBe(plain2);
    expect(salted1).not.toBe(salted2);
  });
});

describe('key renewal', () => {
  test('happens after 4096 packets, on each direction alone', () => {
    const key = Uint8Array.from({ length: 16 }, (_, i) => i);
    const keys: string[] = [];
    const stream = new Rc4Stream(ENCRYPTION_METHOD['128BIT'], key, key);
    for (let n = 0; n < 4 * 4096 + 1; n++) {
      stream.seal(payloadOf(0), false);
      const current = Buffer.from((stream as unknown as { key: Uint8Array }).key).toString('hex');
      if (keys[keys.length - 1] !== current) keys.push(current);
    }
    expect(keys).toHaveLength(5);

    // One side sends 5,000 packets before the other sends its first.
    const { client, server } = pair(ENCRYPTION_METHOD['128BIT'], ENCRYPTION_LEVEL.HIGH);
    for (let n = 0; n < 5000; n++) client.unwrap(server.wrap(0, payloadOf(n)));
    expect(payloadOf(1).equals(server.unwrap(client.wrap(0, payloadOf(1))).payload)).toBe(true);
  });
});

describe('level low', () => {
  const low = (licensing = false): ReturnType<typeof pair> => pair(ENCRYPTION_METHOD['128BIT'], ENCRYPTION_LEVEL.LOW, licensing);

  test('only the client encrypts', () => {
    const { client, server } = low();
    expect([client.encrypted, server.encrypted]).toEqual([false, true]);
    const down = server.wrap(0, payloadOf(1));
    expect([...down]).toEqual([0, 0, 0, 0, ...payloadOf(1)]);
    expect(server.wrapFastPath(payloadOf(1))).toEqual({ encryptionFlags: 0, body: payloadOf(1) });
    expect(client.unwrap(down).payload).toEqual(payloadOf(1));
    expect(client.unwrapFastPath(0, payloadOf(2))).toEqual(payloadOf(2));
    const up = client.wrap(SEC.INFO_PKT, payloadOf(1));
    expect(Buffer.from(up).includes(payloadOf(1))).toBe(false);
    expect(server.unwrap(up)).toEqual({ flags: SEC.INFO_PKT | SEC.ENCRYPT, payload: new Uint8Array(payloadOf(1)) });
  });
});

describe('licensing PDUs', () => {
  test('go in the clear unless the client says that it reads them encrypted', () => {
    const clear = pair(ENCRYPTION_METHOD['128BIT'], ENCRYPTION_LEVEL.HIGH, false);
    expect(Buffer.from(clear.server.wrap(SEC.LICENSE_PKT, validClientPdu(0x00080004))).toString('hex')).toBe('80000000ff031000070000000200000004000000');
    expect(clear.client.unwrap(clear.server.wrap(SEC.LICENSE_PKT, validClientPdu(0x00080004))).flags).toBe(SEC.LICENSE_PKT);
    expect(() => clear.server.unwrap(clear.server.wrap(SEC.LICENSE_PKT, validClientPdu(0x00080004)))).toThrow(/lack SEC_ENCRYPT/);
    expect(() => clear.client.unwrap(clear.server.wrap(SEC.LICENSE_PKT, payloadOf(20)))).toThrow(/lack SEC_ENCRYPT/);
    const encrypted = pair(ENCRYPTION_METHOD['128BIT'], ENCRYPTION_LEVEL.HIGH, true);
    expect(encrypted.client.unwrap(encrypted.server.wrap(SEC.LICENSE_PKT, validClientPdu(0x00080004))).flags).toBe(SEC.LICENSE_PKT | SEC.ENCRYPT);
  });
});

describe('the plain layer', () => {
  test('puts a header before nothing but Client Info and licensing', () => {
    const server = plainLayer('server');
    const client = plainLayer('client');
    expect(server.encrypted).toBe(false);
    const info = client.wrap(SEC.INFO_PKT, payloadOf(1));
    expect(info).toHaveLength(4 + payloadOf(1).length);
    expect(server.unwrap(info)).toEqual({ flags: SEC.INFO_PKT, payload: payloadOf(1) });

    const license = server.wrap(SEC.LICENSE_PKT, validClientPdu(0x00080004));
    expect(client.unwrap(license)).toEqual({ flags: SEC.LICENSE_PKT, payload: Buffer.from(validClientPdu(0x00080004)) });

    const shareData = Buffer.from('8000170003ffea030100000000', 'hex');
    expect(server.wrap(0, shareData)).toBe(shareData);
    expect(client.unwrap(shareData)).toEqual({ flags: 0, payload: shareData });
    expect(server.unwrap(shareData)).toEqual({ flags: 0, payload: shareData });
    expect(server.unwrapFastPath(0, client.wrapFastPath(payloadOf(7)).body)).toEqual(payloadOf(7));
  });

  test('does not take channel data for licensing, whatever its length', () => {
    const client = plainLayer('client');
    for (const flags of [0x03, 0x13, 0x00200003]) {
      const data = Buffer.alloc(8 + 0x80);
      data.writeUInt32LE(0x80, 0);
      data.writeUInt32LE(flags, 4);
      expect(client.unwrap(data)).toEqual({ flags: 0, payload: data });
    }
  });

  test('refuses what claims to be encrypted', () => {
    expect(() => plainLayer('server').unwrap(Uint8Array.of(0x48, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8))).toThrow(ProtocolError);
    expect(() => plainLayer('server').unwrapFastPath(FASTPATH.ENCRYPTED, payloadOf(1))).toThrow(ProtocolError);
  });
});
