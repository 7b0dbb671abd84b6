/** Whom a target lets in because the source of a move vouches for him: once, in time, as who he is, and nobody else. */
import { expect, test } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { ntHash, type Voucher } from '@belvedere/rdp';
import { type Claim, redirectionCookie, relayCookie } from './cookies.js';
import { Visitors } from './visitors.js';

const john: Claim = { user: 'john', domain: 'home', screen: 1 };

function visitors() {
  const [secret, dismissed, clock] = [randomBytes(32), [] as string[], { now: 1000 }];
  const made = new Visitors((viewers) => void dismissed.push(...viewers), () => clock.now);
  const login = (password: string, claim = john): Voucher | undefined =>
    made.vouch({ ...claim, password, clientId: 1, machineId: 'machine', address: '192.0.2.1', clientName: 'desk' });
  return { made, secret, dismissed, clock, login, says: { viewers: secret.toString('base64url') } };
}

test('a relay is let in once, as the viewer that was meant, and sees nothing before the machine is here', () => {
  const { made, secret, login, says } = visitors();
  const { text } = relayCookie(secret, john);
  expect(login(text)).toBeUndefined();
  expect(made.expect(says)).toBe(true);
  for (const other of [{ ...john, user: 'mary' }, { ...john, domain: '' }, { ...john, screen: 0 }]) expect(login(text, other)).toBeUndefined();
  const changed = text.replace(/.$/, (last) => (last === 'A' ? 'E' : 'A'));
  for (const wrong of ['', 'x', changed, text.slice(1), `${text}A`, relayCookie(randomBytes(32), john).text]) expect(login(wrong)).toBeUndefined();
  const voucher = login(text)!;
  expect([voucher, voucher.shows?.()]).toEqual([expect.objectContaining(john), false]);
  expect(login(text)).toBeUndefined();
  made.arrived();
  expect(voucher.shows?.()).toBe(true);
});

test('a redirected viewer is let in once, within 30 s of the arrival, by whatever name, as whom its relay was', () => {
  const { made, secret, clock, login, says } = visitors();
  made.expect(says);
  const [first, second, never] = [relayCookie(secret, john), relayCookie(secret, { user: 'mary', domain: '', screen: 0 }), relayCookie(secret, john)];
  const [cookie, late, unknown] = [first, second, never].map(({ nonce }) => redirectionCookie(secret, nonce));
  const { viewer } = login(first.text)!;
  login(second.text, { user: 'mary', domain: '', screen: 0 });
  clock.now += 3_600_000; // the move takes its time
  expect([login(cookie), made.ntHash('john', 'home')]).toEqual([undefined, undefined]);
  made.arrived();
  expect(login(unknown)).toBeUndefined();
  expect(made.ntHash('john', 'home')).toEqual(ntHash(cookie));
  expect(made.ntHash('john', '')).toBeUndefined();
  clock.now += 30_000;
  expect(login(cookie, { user: 'x', domain: '', screen: 0 })).toEqual({ viewer, ...john });
  expect([login(cookie), made.ntHash('john', 'home')]).toEqual([undefined, undefined]);
  clock.now += 1;
  expect([login(late), made.ntHash('mary', '')]).toEqual([undefined, undefined]);
  expect(login(relayCookie(secret, john).text)).toBeUndefined();
});

test('when a move comes to nothing its viewers are shown out, and its cookies count no more', () => {
  const { made, secret, dismissed, login, says } = visitors();
  made.expect(says);
  const { viewer } = login(relayCookie(secret, john).text)!;
  made.forget();
  expect(dismissed).toEqual([viewer]);
  expect(login(relayCookie(secret, john).text)).toBeUndefined();
  made.arrived();
  expect(login(relayCookie(secret, john).text)).toBeUndefined();
});

test('one move has so many viewers and no more', () => {
  const { made, secret, login, says } = visitors();
  made.expect(says);
  const letIn = Array.from({ length: 65 }, () => login(relayCookie(secret, john).text)).filter(Boolean);
  expect(letIn).toHaveLength(64);
});

test.each([[undefined], [null], ['text'], [{}], [{ viewers: 7 }], [{ viewers: '' }], [{ viewers: 'A'.repeat(42) }], [{ viewers: 'A'.repeat(1000) }]])('a source that says %j vouches for nobody', (said) => {
  expect(visitors().made.expect(said)).toBe(false);
});
