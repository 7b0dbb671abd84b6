/** The bytes that a client gets before it is judged, deciphered: they hold no pixel of the guest, on any kind of line. */
import { describe, expect, jest, test } from '@jest/globals';
import { type ClientOptions, RdpClient } from '../client/index.js';
import { ntHash } from '../nla/index.js';
import type { Authenticator, Judgement } from '../ports.js';
import { ENCRYPTION_METHOD } from '../security/index.js';
import { NoiseScreen } from '../testing/noise.js';
import { rdpServers } from '../testing/servers.js';
import { RdpServer } from './server.js';

jest.setTimeout(60_000);

const rdp = rdpServers();

async function start(authenticator: Authenticator): Promise<{ server: RdpServer; screen: NoiseScreen }> {
  const screen = new NoiseScreen();
  const { server } = await rdp.start({ screens: [screen], authenticator });
  return { server, screen };
}

function client(server: RdpServer, options: Omit<ClientOptions, 'port'>): { viewer: RdpClient; heard: Uint8Array[] } {
  const heard: Uint8Array[] = [];
  const viewer = rdp.client(server, { width: 640, height: 480, bitsPerPixel: 24, user: 'max', password: 'secret', overhear: (bytes) => void heard.push(Uint8Array.from(bytes)), ...options });
  return { viewer, heard };
}

const LINES: [string, Omit<ClientOptions, 'port'>][] = [
  ['TLS', { security: 'tls' }],
  ['Network Level Authentication', { security: 'nla' }],
  ['Network Level Authentication with an early answer', { security: 'nlaEx' }],
  ['RC4, 40 bits', { security: 'rdp', encryptionMethods: ENCRYPTION_METHOD['40BIT'] }],
  ['RC4, 56 bits', { security: 'rdp', encryptionMethods: ENCRYPTION_METHOD['56BIT'] }],
  ['RC4, 128 bits', { security: 'rdp', encryptionMethods: ENCRYPTION_METHOD['128BIT'] }],
  ['FIPS', { security: 'rdp', encryptionMethods: ENCRYPTION_METHOD.FIPS }],
  ['no negotiation, slow path', { security: 'none', fastPathOutput: false, fastPathInput: false }],
];

describe.each(LINES)('%s', (_name, line) => {
  test('shows nothing while a login is judged, nor when it is refused, and the picture once it is granted', async () => {
    const judges: ((judgement: Judgement) => void)[] = [];
    let asked = (): void => undefined;
    const untilAsked = (): Promise<void> => new Promise((resolve) => (asked = resolve));
    const authenticator: Authenticator = {
      judge: () =>
        new Promise((resolve) => {
          judges.push(resolve);
          asked();
        }),
      ntHash: async () => ntHash('secret'),
    };
    const { server, screen } = await start(authenticator);

    const first = untilAsked();
    const refused = client(server, line);
    await first;
    screen.change(2);
    screen.resize(80, 60);
    screen.change(3);
    judges[0]({ granted: false, reason: 'no' });
    await refused.viewer.ended();
    expect(refused.heard.length).toBeGreaterThan(0);
    expect(screen.piecesIn(refused.heard)).toBe(0);

    const second = untilAsked();
    const granted = client(server, line);
    await second;
    const before = granted.heard.length;
    judges[1]({ granted: true });
    await granted.viewer.picture(({ width, pixels }) => width === screen.width && pixels.some((pixel) => pixel !== 0));
    expect(screen.piecesIn(granted.heard.slice(0, before))).toBe(0);
    expect(screen.piecesIn(granted.heard)).toBeGreaterThan(100);
  });
});

describe.each(LINES.filter(([name]) => !name.startsWith('Network')))('%s', (_name, line) => {
  test('shows nothing of the guest in the login dialog, whatever is typed there', async () => {
    let judged = (): void => undefined;
    const untilJudged = new Promise<void>((resolve) => (judged = resolve));
    const authenticator: Authenticator = {
      needsCredentials: true,
      judge: async () => {
        judged();
        return { granted: false, reason: 'wrong password' };
      },
    };
    const { server, screen } = await start(authenticator);
    const { viewer, heard } = client(server, { ...line, user: '', password: '' });
    const type = (text: string): void => {
      for (const character of text) {
        viewer.character(character.charCodeAt(0), true);
        viewer.character(character.charCodeAt(0), false);
      }
    };
    await viewer.picture(({ width, pixels }) => width === 640 && pixels.some((pixel) => pixel !== 0));
    screen.change(2);
    viewer.refresh(0, 0, 640, 480);
    viewer.suppressOutput(true);
    viewer.suppressOutput(false);
    type('max\rwrong\r');
    await untilJudged;
    screen.change(3);
    viewer.refresh(0, 0, 640, 480);
    await server.close('the test is over');
    await viewer.ended();
    expect(Buffer.concat(heard).length).toBeGreaterThan(1000);
    expect(screen.piecesIn(heard)).toBe(0);
  });
});
