import { expect, test } from '@jest/globals';
import { confirmation, generator, scalar, sessionKey, share, sharedPoint } from './cpace.js';

const hex = (digits: string): Uint8Array => new Uint8Array(Buffer.from(digits.replace(/\s/g, ''), 'hex'));
const toHex = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString('hex');
const text = (value: string): Uint8Array => Buffer.from(value);

// draft-irtf-cfrg-cpace, appendix: ristretto255 with SHA-512
const session = hex('7e4b4791d6a8ef019b936c79fb7f2c57');
const channel = hex('6f630b425f726573706f6e6465720b415f696e69746961746f72');
const ya = hex('da3d23700a9e5699258aef94dc060dfda5ebb61f02a5ea77fad53f4ff0976d08');
const yb = hex('d2316b454718c35362d83d69df6320f38578ed5984651435e2949762d900b80d');
const Ya = 'd40fb265a7abeaee7939d91a585fe59f7053f982c296ec413c624c669308f87a';
const Yb = '08bcf6e9777a9c313a3db6daa510f2d398403319c2341bd506a92e672eb7e307';

test('the published vectors: generator, messages, shared point and key', () => {
  const base = generator(text('Password'), channel, session);
  expect(toHex(base.toBytes())).toBe('a6fc82c3b8968fbb2e06fee81ca858586dea50d248f0c7ca6a18b0902a30b36b');
  const a = { share: share(base, scalar(ya)), data: text('ADa') };
  const b = { share: share(base, scalar(yb)), data: text('ADb') };
  expect([toHex(a.share), toHex(b.share)]).toEqual([Ya, Yb]);
  const shared = sharedPoint(scalar(ya), b.share)!;
  expect(toHex(shared)).toBe('e22b1ef7788f661478f3cddd4c600774fc0f41e6b711569190ff88fa0e607e09');
  expect(sharedPoint(scalar(yb), a.share)).toEqual(shared);
  expect(toHex(sessionKey(session, shared, a, b))).toBe(
    '4c5469a16b2364c4b944ebc1a79e51d1674ad47db26e8718154f59faebfaa52d8346f30aa58377117eb20d527f2cbc5c76381f7fd372e89df8239f87f2e02ed1',
  );
});

test('points that are none, or the neutral one, are refused', () => {
  const secret = scalar(hex('7cd0e075fa7955ba52c02759a6c90dbbfc10e6d40aea8d283e407d88cf538a05'));
  expect(toHex(sharedPoint(secret, hex('2c3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c')))).toBe(
    '7c13645fe790a468f62c39beb7388e541d8405d1ade69d1778c5fe3e7f6b600e',
  );
  expect(sharedPoint(secret, hex('2b3c6b8c4f3800e7aef6864025b4ed79bd599117e427c41bd47d93d654b4a51c'))).toBeUndefined();
  expect(sharedPoint(secret, new Uint8Array(32))).toBeUndefined();
  expect(sharedPoint(secret, new Uint8Array(31))).toBeUndefined();
});

test('confirmations differ by side and by key', () => {
  const a = { share: hex(Ya), data: text('source') };
  const b = { share: hex(Yb), data: text('target') };
  const key = new Uint8Array(64);
  expect(confirmation(key, session, a)).not.toEqual(confirmation(key, session, b));
  expect(confirmation(key, session, a)).not.toEqual(confirmation(new Uint8Array(64).fill(1), session, a));
  expect(confirmation(key, session, a)).toHaveLength(64);
});

test('a long password is hashed whole', () => {
  const long = 'x'.repeat(300);
  expect(generator(text(long), channel, session).toBytes()).not.toEqual(generator(text(`${long}y`), channel, session).toBytes());
});
