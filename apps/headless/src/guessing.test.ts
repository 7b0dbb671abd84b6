/** A thousand guesses at a machine's remote display, over real sockets, with the limits that the product has: only the clock runs faster. */
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chooseAuthenticator, type Clock, GUESS_LIMITS, GuessLimiter } from '@belvedere/auth';
import { RdpServer, type Screen, serverIdentity } from '@belvedere/rdp';
import { RdpClient } from '@belvedere/rdp/client';

// A thousand connections, on machines that may be busy.
jest.setTimeout(240_000);

/** Times faster than the host's. An hour's lock-out lasts longer than this test may. */
const HASTE = 12;
const clock: Clock = {
  now: () => performance.now() * HASTE,
  after(ms, act) {
    const timer = setTimeout(act, ms / HASTE);
    return () => clearTimeout(timer);
  },
};

const [width, height] = [64, 48];
const screen: Screen = { width, height, stride: 4 * width, pixels: new Uint8Array(4 * width * height), takeDamage: () => [], onDamage: () => () => undefined, onResize: () => () => undefined };
/** `echo -n secret | sha256sum` */
const sha256 = '2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b';

let folder: string;
let server: RdpServer;
let asked: number;
let reasons: string[];
const limiter = new GuessLimiter(clock);
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'guessing-'));
  const identity = await serverIdentity(folder, { commonName: 'guessing', altNames: [] });
  asked = 0;
  reasons = [];
  const judge = chooseAuthenticator({
    type: 'external',
    library: 'VBoxAuthSimple',
    simpleUsers: (user) => {
      asked++;
      return user === 'john' ? sha256 : undefined;
    },
    limiter,
    clock,
    // These are not the limits on guesses: a busy host has its time.
    limits: { total: 90_000 * HASTE },
    onJudgement: ({ reason }) => void reasons.push(reason),
  });
  server = await RdpServer.listen({
    ports: [0], addresses: ['127.0.0.1', '127.0.0.2'], screens: [screen], keyboard: { scancode: () => undefined }, pointer: { absolute: true, move: () => undefined, wheel: () => undefined },
    authenticator: judge, machineId: '6f1c2d9a-0000-4000-8000-000000000001', name: 'guessed at', securityMethod: 'negotiate', certificate: () => identity.tls, standard: identity.standard,
    multiConnection: true, reuseConnection: false,
  });
});
afterEach(async () => {
  await server.close('the test is over');
  await rm(folder, { recursive: true });
});

const guess = async (password: string, localAddress: string): Promise<'in' | 'refused'> => {
  const viewer = new RdpClient({ port: server.port, host: localAddress, localAddress, security: 'rdp', user: 'john', password, width, height });
  const settled = new AbortController();
  const { signal } = settled;
  try {
    // A refusal is shown in a share of its own, which ends.
    const connected = once(server, 'connected', { signal }).then(() => 'in' as const, () => 'refused' as const);
    return await Promise.race([connected, viewer.ended().then(() => 'refused' as const)]);
  } finally {
    settled.abort();
    viewer.close();
  }
};

test('of 1,000 wrong guesses from one address few are judged; the 1,001st is refused unasked, though it is right; another address gets in', async () => {
  for (let count = 0; count < 1000; count++) expect(await guess(`guess ${count}`, '127.0.0.1')).toBe('refused');
  const judged = asked;
  expect(judged).toBeGreaterThan(0);
  expect(judged).toBeLessThanOrEqual(GUESS_LIMITS.address.lockAfter);
  expect(limiter.lockouts()).toEqual([expect.objectContaining({ kind: 'address', name: '127.0.0.1' })]);

  expect(await guess('secret', '127.0.0.1')).toBe('refused');
  expect(asked).toBe(judged);
  expect(reasons).toHaveLength(1001);
  expect(reasons.at(-1)).toContain('the address is locked out');

  expect(await guess('secret', '127.0.0.2')).toBe('in');
  expect(asked).toBe(judged + 1);
});
