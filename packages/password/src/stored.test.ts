import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decoy, HashFormatError, hashPassword, parseHash, verifyPassword } from './index.js';

/** `echo -n secret | sha256sum` */
const SECRET = '2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b';
/** RFC 7914 section 12, second vector: password "password", salt "NaCl", N=1024, r=8, p=16; in the PHC form. */
const RFC7914 =
  '$scrypt$ln=10,r=8,p=16$TmFDbA0000A$' + Buffer.from('fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640', 'hex').toString('base64').replace(/=+$/, '');

test("passwordhash's SHA-256 is what sha256sum prints", async () => {
  expect(await hashPassword('secret', 'sha256')).toBe(SECRET);
});

test('scrypt hashes are salted, and computed as RFC 7914 says', async () => {
  const [first, second] = await Promise.all([hashPassword('secret', 'scrypt'), hashPassword('secret', 'scrypt')]);
  expect(first).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  expect(first).not.toBe(second);
  const vector = { ...parseHash(RFC7914), salt: Buffer.from('NaCl') };
  expect(await verifyPassword('password', vector)).toBe(true);
  expect(await verifyPassword('Password', vector)).toBe(false);
});

test('an NT hash is what iconv and openssl make of the password', async () => {
  expect(await hashPassword('secret', 'nt')).toBe('$nt$878d8014606cda29677a44efa1353fc7');
  for (const digits of ['878d8014606cda29677a44efa1353fc7', '878D8014606CDA29677A44EFA1353FC7']) {
    expect(await verifyPassword('secret', parseHash(`$nt$${digits}`))).toBe(true);
    expect(await verifyPassword('Secret', parseHash(`$nt$${digits}`))).toBe(false);
  }
});

test('no text is taken for a hash that costs more than a login may', () => {
  fc.assert(
    fc.property(fc.nat(99), fc.nat(9999), fc.nat(9999), (ln, r, p) => {
      try {
        const stored = parseHash(`$scrypt$ln=${ln},r=${r},p=${p}$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA`);
        expect(stored).toMatchObject({ algorithm: 'scrypt', cost: { ln, r, p } });
        expect(2 ** ln * r * 128).toBeLessThanOrEqual(128 * 2 ** 20);
        expect(2 ** ln * r * p).toBeLessThanOrEqual(2 ** 22);
      } catch (error) {
        expect(error).toBeInstanceOf(HashFormatError);
      }
    }),
  );
});

test('an unknown user is checked as dearly as a known one', async () => {
  const known = parseHash(await hashPassword('secret', 'scrypt'));
  expect(decoy(known)).toMatchObject({ algorithm: 'scrypt', cost: { ln: 15, r: 8, p: 3 } });
  expect(decoy(parseHash(SECRET)).algorithm).toBe('sha256');
  expect(await verifyPassword('secret', decoy(parseHash('$nt$878d8014606cda29677a44efa1353fc7')))).toBe(false);
  expect(await verifyPassword('', decoy(known))).toBe(false);
});
