import { expect, test } from '@jest/globals';
import { HashFormatError, hashPassword, parseHash } from '@belvedere/password';
import { chooseAuthenticator, simpleUserKey } from '../index.js';
import { describeAuthenticator, hurried, logon, never } from '../testing.js';

/** `echo -n secret | sha256sum` */
const SECRET = '2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b';
/** `echo -n secret | iconv -t utf-16le | openssl dgst -provider legacy -md4` */
const NT_SECRET = '878d8014606cda29677a44efa1353fc7';
const simple = (users: Record<string, string>) => chooseAuthenticator({ type: 'external', library: 'VBoxAuthSimple', simpleUsers: (user) => users[user], limiter: hurried() });

test("a user's key is VirtualBox's", () => expect(simpleUserKey('john')).toBe('VBoxAuthSimple/users/john'));

describeAuthenticator('VBoxAuthSimple with SHA-256', () => ({ authenticator: simple({ john: SECRET }), user: 'john', password: 'secret' }));
describeAuthenticator('VBoxAuthSimple with NT hashes', () => ({ authenticator: simple({ john: `$nt$${NT_SECRET}` }), user: 'john', password: 'secret' }));
describeAuthenticator('VBoxAuthSimple with scrypt', async () => ({ authenticator: simple({ john: await hashPassword('pässwörd', 'scrypt', { ln: 10, r: 8, p: 1 }) }), user: 'john', password: 'pässwörd' }));

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

test('a lookup that fails refuses, and says no more than that', async () => {
  const authenticator = chooseAuthenticator({ type: 'external', library: 'VBoxAuthSimple', simpleUsers: async () => Promise.reject(new RangeError('secret')) });
  expect(await authenticator.judge(logon({ user: 'john', password: 'secret' }), never())).toEqual({ granted: false, reason: 'the authentication method failed with RangeError' });
});
