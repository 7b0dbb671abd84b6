import { describe, expect, test } from '@jest/globals';
import { Rc4 } from './rc4.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const unhex = (digits: string): Uint8Array => new Uint8Array(Buffer.from(digits, 'hex'));

/** [RFC6229] 2: key, then 16 bytes of the stream at offsets 0, 16, 240 and 4096. */
const VECTORS = [
  ['0102030405', 'b2396305f03dc027ccc3524a0a1118a8', '6982944f18fc82d589c403a47a0d0919', '28cb1132c96ce286421dcaadb8b69eae', 'ff25b58995996707e51fbdf08b34d875'],
  ['01020304050607', '293f02d47f37c9b633f2af5285feb46b', 'e620f1390d19bd84e2e0fd752031afc1', '914f02531c9218810df60f67e338154c', 'e74b0b9731227fd37c0ec08a47ddd8b8'],
  ['0102030405060708', '97ab8a1bf0afb96132f2f67258da15a8', '8263efdb45c4a18684ef87e6b19e5b09', '9636ebc9841926f4f7d1f362bddf6e18', '3fb46e2c8f0f068edce8cdcd7dfc5862'],
  ['0102030405060708090a0b0c0d0e0f10', '9ac7cc9a609d1ef7b2932899cde41b97', '5248c4959014126a6e8a84f11d1a9e1c', '065902e4b620f6cc36c8589f66432f2b', 'a36a4c301ae8ac13610ccbc12256cacc'],
  ['833222772a', '80ad97bdc973df8a2e879e92a497efda', '20f060c2f2e5126501d3d4fea10d5fc0', 'faa148e99046181fec6b2085f3b20ed9', 'bf42c3018c2f7c66bfde524975768115'],
  ['ebb46227c6cc8b37641910833222772a', '720c94b63edf44e131d950ca211a5a30', 'c366fdeacf9ca80436be7c358424d20b', 'b3394a40aabf75cba42282ef25a0059f', '5bbeb4787d59e5373fdbea6c6f75c29b'],
] as const;

describe('Rc4', () => {
  test.each(VECTORS)('gives the stream of key %s', (key, at0, at16, at240, at4096) => {
    const stream = new Rc4(unhex(key)).apply(new Uint8Array(4112));
    expect([0, 16, 240, 4096].map((at) => hex(stream.subarray(at, at + 16)))).toEqual([at0, at16, at240, at4096]);
  });

  test('goes on where the last packet ended, and works in place', () => {
    const whole = new Rc4(unhex('0102030405')).apply(new Uint8Array(100).fill(7));
    const cipher = new Rc4(unhex('0102030405'));
    const pieces = new Uint8Array(100).fill(7);
    for (const [from, to] of [[0, 1], [1, 1], [1, 64], [64, 100]]) {
      const piece = pieces.subarray(from, to);
      expect(cipher.apply(piece, piece)).toBe(piece);
    }
    expect(hex(pieces)).toBe(hex(whole));
  });

  test('refuses keys that RC4 does not have', () => {
    expect(() => new Rc4(new Uint8Array(0))).toThrow(RangeError);
    expect(() => new Rc4(new Uint8Array(257))).toThrow(RangeError);
  });
});
