import { describe, expect, test } from '@jest/globals';
import { ENCRYPTION_METHOD } from './constants.js';
import { fipsMac, fipsSessionKeys, rc4Mac, rc4SessionKeys, renewKey } from './kdf.js';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
const clientRandom = Uint8Array.from({ length: 32 }, (_, i) => i);
const serverRandom = Uint8Array.from({ length: 32 }, (_, i) => 255 - i);
const data = Buffer.from('Belvedere');

/** Computed by a second implementation, in another language, from the text of [MS-RDPBCGR] 5.3.5 to 5.3.7. */
const GOLDEN = [
  {
    name: '40BIT', macKey: 'd1269e518de689f3', serverToClient: 'd1269e37e922fd12', clientToServer: 'd1269e32b901d857',
    renewed: 'd1269e34d031b15e', again: 'd1269e79e7aa08ce', mac: '18dfe75697d64c65', salted: '9e50b18bdd5379e9',
  },
  {
    name: '56BIT', macKey: 'd1743c518de689f3', serverToClient: 'd10df137e922fd12', clientToServer: 'd102a732b901d857',
    renewed: 'd16dca99307c7be0', again: 'd1f807e65aa22478', mac: 'a5efd0608df93794', salted: 'da5a359eed8e8176',
  },
  {
    name: '128BIT', macKey: '98743c518de689f33204357332af6c45', serverToClient: 'df0df137e922fd125af4fb998fb3c7aa',
    clientToServer: 'dc02a732b901d857768266dc1cd34492', renewed: '771994fc1ad05de87e861fd9e9dbc67b',
    again: '56588baf019aa2060ac1fc682d41f9b9', mac: 'f3d8d298cb1b2c4b', salted: 'e8dbcde85bc409be',
  },
] as const;

describe.each(GOLDEN)('$name', (golden) => {
  const method = ENCRYPTION_METHOD[golden.name];
  const keys = rc4SessionKeys(method, clientRandom, serverRandom);

  test('session keys', () => {
    expect(hex(keys.macKey)).toBe(golden.macKey);
    expect(hex(keys.serverToClient)).toBe(golden.serverToClient);
    expect(hex(keys.clientToServer)).toBe(golden.clientToServer);
  });

  test('renewed keys, from the initial and the current one', () => {
    const once = renewKey(method, keys.serverToClient, keys.serverToClient);
    expect(hex(once)).toBe(golden.renewed);
    expect(hex(renewKey(method, keys.serverToClient, once))).toBe(golden.again);
  });

  test('MACs, plain and salted', () => {
    expect(hex(rc4Mac(keys.macKey, data))).toBe(golden.mac);
    expect(hex(rc4Mac(keys.macKey, data, 42))).toBe(golden.salted);
  });
});

describe('FIPS', () => {
  const keys = fipsSessionKeys(clientRandom, serverRandom);

  test('session keys', () => {
    expect(hex(keys.macKey)).toBe('86b8c32702799b8ab1151e89ccec6313bb09e90f');
    expect(hex(keys.clientToServer)).toBe('70735d5e267619040b7a0d381f3b322a1f76387a5b6d2f38');
    expect(hex(keys.serverToClient)).toBe('4f6419495d6b2f1325162f15735b4615754f34012a077626');
  });

  test('every key byte has odd parity', () => {
    for (const byte of [...keys.clientToServer, ...keys.serverToClient]) {
      expect(byte.toString(2).replace(/0/g, '').length % 2).toBe(1);
    }
  });

  test('MAC, salted always', () => expect(hex(fipsMac(keys.macKey, data, 42))).toBe('b5904cfb94179251'));
});
