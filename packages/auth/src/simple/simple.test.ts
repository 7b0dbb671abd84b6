import { expect, test } from '@jest/globals';
import fc from 'fast-check';
import { chooseAuthenticator, HashFormatError, hashPassword, parseHash, simpleUserKey } from '../index.js';
import { describeAuthenticator, hurried, logon, never } from '../testing.js';
import { decoy, verifyPassword } from './password.js';

/** `echo -n secret | sha256sum` */
const SECRET = '2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b';
/** RFC 7914 section 12, second vector: password "password", salt "NaCl", N=1024, r=8, p=16; in the PHC form. */
const RFC7914 =
  '$scrypt$ln=10,r=8,p=16$TmFDbA0000A$' + Buffer.from('fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640', 'hex').toString('base64').replace(/=+$/, '');

/** `echo -n secret | iconv -t utf-16le | openssl dgst -provider legacy -md4` */
const NT_SECRET = '878d8014606cda29677a44efa1353fc7';
/** Stands for MD4, of one password. */
const ntHash = (password: string): Uint8Array => (password === 'secret' ? Buffer.from(NT_SECRET, 'hex') : Buffer.alloc(16));

const simple = (users: Record<string, string>) => chooseAuthenticator({ type: 'external', library: 'VBoxAuthSimple', simpleUsers: (user) => users[user], limiter: hurried() });

describeAuthenticator('VBoxAuthSimple with SHA-256', () => ({ authenticator: simple({ john: SECRET }), user: 'john', password: 'secret' }));
describeAuthenticator('VBoxAuthSimple with NT hashes', () => ({
  authenticator: chooseAuthenticator({ type: 'external', library: 'VBoxAuthSimple', simpleUsers: (user) => (user === 'john' ? `$nt$${NT_SECRET}` : undefined), ntHash, limiter: hurried() }),
  user: 'john',
  password: 'secret',
}));
describeAuthenticator('VBoxAuthSimple with scrypt', async () => ({ authenticator: simple({ john: await hashPassword('pässwörd', 'scrypt', { ln: 10, r: 8, p: 1 }) }), user: 'john', password: 'pässwörd' }));

test("passwordhash's SHA-256 is what sha256sum prints", async () => {
  expect(await hashPassword('secret', 'sha256')).toBe(SECRET);
  expect(simpleUserKey('john')).toBe('VBoxAuthSimple/users/john');
});

test('scrypt hashes are salted, and computed as RFC 7914 says', async () => {
  const [first, second] = await Promise.all([hashPassword('secret', 'scrypt'), hashPassword('secret', 'scrypt')]);
  expect(first).toMatch(/^\$scrypt\$ln=15,r=8,p=3\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/);
  expect(first).not.toBe(second);
  const vector = { ...parseHash(RFC7914), salt: Buffer.from('NaCl') };
  expect(await verifyPassword('password', vector)).toBe(true);
  expect(await verifyPassword('Password', vector)).toBe(false);
});

test('hexadecimal digits of either case are one hash', async () => {
  expect(await simple({ john: SECRET.toUpperCase() }).judge(logon({ user: 'john', password: 'secret' }), never())).toEqual({ granted: true });
});

test.each([
  ['nothing', ''],
  ['a plain password', 'secret'],
  ['a hash cut short', SECRET.slice(1)],
  ['an NT hash cut short', `$nt$${NT_SECRET.slice(1)}`],
  ['an NT hash without its mark', NT_SECRET],
  ['another algorithm', '$argon2id$v=19$m=65536,t=3,p=4$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
  ['no rounds', '$scrypt$ln=0,r=8,p=1$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
  ['too much memory', '$scrypt$ln=20,r=8,p=1$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
  ['too much work', '$scrypt$ln=15,r=8,p=999$AAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA'],
  ['a hash of no length', '$scrypt$ln=10,r=8,p=1$AAAAAAAAAAAAAAAA$AA'],
])('a stored hash that is %s refuses, and is not repeated', async (_what, stored) => {
  expect(() => parseHash(stored)).toThrow(HashFormatError);
  const judgement = await simple({ john: stored }).judge(logon({ user: 'john', password: stored }), never());
  expect(judgement).toEqual({ granted: false, reason: expect.stringContaining('stored hash') });
  if (stored) expect(JSON.stringify(judgement)).not.toContain(stored);
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
  expect(await verifyPassword('secret', decoy(parseHash(`$nt$${NT_SECRET}`)), ntHash)).toBe(false);
  expect(await verifyPassword('', decoy(known))).toBe(false);
});

test('where NT hashes cannot be compared, a user who has one is refused with the reason, and nobody proves a password', async () => {
  const users = { john: `$nt$${NT_SECRET.toUpperCase()}`, mary: SECRET };
  const authenticator = simple(users);
  expect(await authenticator.judge(logon({ user: 'john', password: 'secret' }), never())).toEqual({ granted: false, reason: expect.stringContaining('an NT hash, which is not compared here') });
  expect(await authenticator.judge(logon({ user: 'nobody', password: 'secret' }), never())).toEqual({ granted: false, reason: 'unknown user' });
  expect(await authenticator.judge(logon({ user: 'mary', password: 'secret' }), never())).toEqual({ granted: true });
  expect([authenticator.ntHash, authenticator.refused]).toEqual([undefined, undefined]);
});

test('a lookup that fails refuses, and says no more than that', async () => {
  const authenticator = chooseAuthenticator({ type: 'external', library: 'VBoxAuthSimple', simpleUsers: async () => Promise.reject(new RangeError('secret')) });
  expect(await authenticator.judge(logon({ user: 'john', password: 'secret' }), never())).toEqual({ granted: false, reason: 'the authentication method failed with RangeError' });
});
