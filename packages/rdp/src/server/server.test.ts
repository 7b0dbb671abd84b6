import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect, createServer, type Socket } from 'node:net';
import { networkInterfaces, tmpdir } from 'node:os';
import { join } from 'node:path';
import { Duplex } from 'node:stream';
import { connect as connectTls } from 'node:tls';
import { X509Certificate } from 'node:crypto';
import { RdpClient, type ClientOptions, type Framebuffer } from '../client/index.js';
import { connectionRequest } from '../client/connect.js';
import { fromPel, PALETTE, toPel, type ColourDepth } from '../graphics/index.js';
import { ErrorInfo } from '../pdu/errorInfo.js';
import type { Authenticator, LogonAttempt } from '../ports.js';
import { serverIdentity } from '../security/index.js';
import { InputRecord, patternColour, PatternScreen } from '../testing/pattern.js';
import { rdpServers } from '../testing/servers.js';
import type { RdpServerOptions, TlsVersion } from './options.js';
import { RdpServer } from './server.js';

// A busy machine takes its time.
jest.setTimeout(30_000);

const rdp = rdpServers();
const sockets: Socket[] = [];
afterEach(() => {
  for (const socket of sockets.splice(0)) socket.destroy();
});

const anyone: Authenticator = {
  judge: async ({ password }) => (password === 'wrong' ? { granted: false, reason: 'wrong password' } : { granted: true }),
};

async function start({ screen = new PatternScreen(200, 150), ...options }: Partial<RdpServerOptions> & { screen?: PatternScreen } = {}) {
  const started = await rdp.start({ screens: [screen], authenticator: anyone, ...options });
  return { ...started, screen };
}

const client = (server: RdpServer, options: Omit<ClientOptions, 'port'> = {}): RdpClient => rdp.client(server, options);

function socket(server: RdpServer): Socket {
  const made = connect(server.port, '127.0.0.1');
  made.on('error', () => undefined);
  made.resume();
  sockets.push(made);
  return made;
}

/** Whether a picture is the screen's, as a depth can show it. */
const shows = (screen: PatternScreen, depth: ColourDepth = 32) => {
  const seen = new Map<number, number>();
  const rounded = (colour: number): number => {
    if (depth >= 24) return colour;
    const known = seen.get(colour) ?? fromPel(toPel(colour, depth), depth, PALETTE);
    seen.set(colour, known);
    return known;
  };
  return ({ width, height, pixels }: Framebuffer): boolean => {
    if (width !== screen.width || height !== screen.height) return false;
    for (let y = 0; y < height; y++) {
      for (let x = 0; x < width; x++) {
        const at = y * screen.stride + 4 * x;
        if (pixels[y * width + x] !== rounded(screen.pixels[at] | (screen.pixels[at + 1] << 8) | (screen.pixels[at + 2] << 16)))
          return false;
      }
    }
    return true;
  };
};

describe('a client of every kind sees the screen and is heard', () => {
  const rdp4 = {
    security: 'none',
    rdp4: true,
    fastPathOutput: false,
    fastPathInput: false,
    noBitmapCompressionHeader: false,
    errorInfo: false,
  } as const;
  const ways: [string, Partial<ClientOptions>, ColourDepth][] = [
    ['TLS, 32 bits', {}, 32],
    ['TLS, 24 bits', { bitsPerPixel: 24 }, 24],
    ['TLS, 16 bits', { bitsPerPixel: 16 }, 16],
    ['RDP security, 15 bits', { security: 'rdp', bitsPerPixel: 15 }, 15],
    ['RDP security, 8 bits', { security: 'rdp', bitsPerPixel: 8 }, 8],
    ['RDP security, slow path, 32 bits', { security: 'rdp', fastPathOutput: false, fastPathInput: false }, 32],
    ['RDP 4', rdp4, 8],
    ['FIPS, 16 bits', { security: 'rdp', encryptionMethods: 0x10, bitsPerPixel: 16 }, 16],
  ];
  test.each(ways)('%s', async (_name, options, depth) => {
    const { server, screen, record } = await start();
    const viewer = client(server, options);
    await viewer.picture(shows(screen, depth));
    screen.fill({ x: 30, y: 40, width: 50, height: 60 }, 0x208040);
    await viewer.picture(shows(screen, depth));
    expect(viewer.pointer).toBe('picture');
    viewer.key(0x1e, true);
    viewer.key(0xe01d, true);
    viewer.character(0xe4, true);
    viewer.button(20, 30, 2, true);
    viewer.button(20, 30, 5, true);
    viewer.wheel(-120);
    viewer.wheel(120, true);
    await record.seen('wheel 1,0');
    expect(record.lines).toEqual([
      'key 1e down',
      'key e01d down',
      'character ä down',
      'pointer 20,30 buttons 2',
      'pointer 20,30 buttons 18',
      'wheel 0,-1',
      'wheel 1,0',
    ]);
  });
});

describe('logins', () => {
  test('are told to the authenticator, and what came of them to everyone', async () => {
    const attempts: LogonAttempt[] = [];
    const authenticator: Authenticator = {
      judge: async (attempt) => {
        attempts.push(attempt);
        return { granted: true };
      },
    };
    const { server, log } = await start({ authenticator });
    const connected = once(server, 'connected');
    const viewer = client(server, { user: 'max', password: 'hunter2', domain: 'OFFICE', clientName: 'desk' });
    await viewer.active();
    const [info] = await connected;
    expect(attempts).toEqual([
      {
        user: 'max',
        password: 'hunter2',
        domain: 'OFFICE',
        clientId: info.id,
        machineId: 'machine',
        address: '127.0.0.1',
        clientName: 'desk',
      },
    ]);
    expect(server.clients).toEqual([
      expect.objectContaining({
        user: 'max',
        domain: 'OFFICE',
        clientName: 'desk',
        address: '127.0.0.1',
        encryption: 'TLSv1.3',
        bitsPerPixel: 32,
        screen: 0,
      }),
    ]);
    expect(server.clients[0].bytesIn).toBeGreaterThan(500);
    const disconnected = once(server, 'disconnected');
    viewer.close();
    expect(await disconnected).toEqual([expect.objectContaining({ user: 'max' }), expect.any(String)]);
    expect(server.clients).toEqual([]);
    expect(log.join('\n')).not.toContain('hunter2');
  });

  test('nothing of the guest is sent before the judgement, nor after a refusal', async () => {
    let refuse: (() => void) | undefined;
    const asked = new Promise<void>((resolve) => {
      refuse = resolve;
    });
    let judge: ((judgement: { granted: false; reason: string }) => void) | undefined;
    const { server, screen } = await start({
      authenticator: {
        judge: () =>
          new Promise((resolve) => {
            judge = resolve;
            refuse?.();
          }),
      },
    });
    const viewer = client(server);
    await asked;
    screen.fill({ x: 0, y: 0, width: 10, height: 10 }, 0xffffff);
    screen.resize(100, 100);
    judge?.({ granted: false, reason: 'no' });
    await viewer.ended();
    expect(viewer.errorInfo).toBe(ErrorInfo.ERRINFO_SERVER_INSUFFICIENT_PRIVILEGES);
    expect([viewer.framebuffer.width, viewer.framebuffer.height]).toEqual([1024, 768]); // as it asked for
    expect(viewer.framebuffer.pixels.every((pixel) => pixel === 0)).toBe(true);
    expect(viewer.pointer).toBeUndefined();
  });

  test('without an authenticator nobody gets in', async () => {
    const { server } = await start({ authenticator: undefined });
    const viewer = client(server);
    await viewer.ended();
    expect(viewer.errorInfo).toBe(ErrorInfo.ERRINFO_SERVER_INSUFFICIENT_PRIVILEGES);
    expect(server.clients).toEqual([]);
  });

  test('an authenticator is told when the client goes', async () => {
    let told: (() => void) | undefined;
    const aborted = new Promise<void>((resolve) => {
      told = resolve;
    });
    let begun: (() => void) | undefined;
    const asked = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const { server } = await start({
      authenticator: {
        judge: (_attempt, signal) =>
          new Promise(() => {
            signal.addEventListener('abort', () => told?.());
            begun?.();
          }),
      },
    });
    const viewer = client(server);
    await asked;
    viewer.close();
    await aborted;
  });

  test('one that does not answer is not waited for', async () => {
    const { server } = await start({ authenticator: { judge: () => new Promise(() => undefined) }, judgementTimeout: 20 });
    const viewer = client(server);
    await viewer.ended();
    expect(viewer.errorInfo).toBe(ErrorInfo.ERRINFO_SERVER_INSUFFICIENT_PRIVILEGES);
  });

  test('pick their screen', async () => {
    const screens = [new PatternScreen(200, 150), new PatternScreen(120, 100)];
    screens[1].fill({ x: 0, y: 0, width: 50, height: 50 }, 0x123456);
    const { server } = await start({ screens });
    await client(server, { domain: '@2' }).picture(shows(screens[1]));
    await client(server, { user: '@1\\max' }).picture(shows(screens[0]));
    const viewer = client(server, { domain: '@3' });
    await viewer.ended();
    expect(viewer.errorInfo).toBe(ErrorInfo.ERRINFO_SERVER_DENIED_CONNECTION);
  });
});

describe('several clients', () => {
  test('share the screen, each at its own pace; one that goes leaves the other alone and nothing pressed', async () => {
    const { server, screen, record } = await start();
    const [one, two] = [client(server), client(server, { security: 'rdp', bitsPerPixel: 16 })];
    await Promise.all([one.picture(shows(screen)), two.picture(shows(screen, 16))]);
    one.key(0x2a, true);
    await record.seen('key 2a down');
    two.key(0x2a, false);
    two.move(1, 2);
    await record.seen('pointer 1,2 buttons 0');
    expect(record.lines).not.toContain('key 2a up');
    one.close();
    await record.seen('key 2a up');
    screen.fill({ x: 0, y: 0, width: 200, height: 10 }, 0xff8800);
    await two.picture(shows(screen, 16));
    expect(server.clients.length).toBe(1);
  });

  test('are refused beside another, in words that their user can read', async () => {
    const { server, screen } = await start({ multiConnection: false });
    const one = client(server);
    await one.picture(shows(screen));
    const two = client(server);
    await two.ended();
    expect(two.errorInfo).toBe(ErrorInfo.ERRINFO_SERVER_DENIED_CONNECTION);
    screen.fill({ x: 0, y: 0, width: 20, height: 10 }, 0xff8800);
    await one.picture(shows(screen));
  });

  test('or take the place of the other, which is told', async () => {
    const { server, screen } = await start({ multiConnection: false, reuseConnection: true });
    const one = client(server);
    await one.picture(shows(screen));
    const two = client(server);
    await two.picture(shows(screen));
    await one.ended();
    expect(one.errorInfo).toBe(ErrorInfo.ERRINFO_DISCONNECTED_BY_OTHERCONNECTION);
    expect(server.clients.map(({ id }) => id)).toEqual([2]);
    const wrong = client(server, { password: 'wrong' });
    await wrong.ended();
    expect(server.clients.map(({ id }) => id)).toEqual([2]);
  });

  test('are no more than the limit', async () => {
    const { server } = await start({ maxClients: 1 });
    await client(server).active();
    const two = client(server);
    await two.ended();
    expect(two.errorInfo).toBe(ErrorInfo.ERRINFO_OUT_OF_MEMORY);
  });

  test('that do not read hold nobody up, and get the newest picture when they do', async () => {
    const screen = new PatternScreen(640, 480);
    const { server } = await start({ screen });
    const [slow, quick] = [client(server, { bitsPerPixel: 32 }), client(server)];
    await Promise.all([slow.picture(shows(screen)), quick.picture(shows(screen))]);
    slow.stall(true);
    const before = slow.bytesIn;
    for (let frame = 1; frame <= 8; frame++) {
      screen.noise(frame);
      await quick.picture(shows(screen));
    }
    expect(quick.bytesIn).toBeGreaterThan(8 * 2 * 640 * 480);
    slow.stall(false);
    await slow.picture(shows(screen));
    expect(slow.bytesIn - before).toBeLessThan(0.8 * quick.bytesIn);
  }, 30_000);
});

describe('a session', () => {
  test('follows the guest through its resolutions', async () => {
    const { server, screen } = await start();
    const [one, two] = [client(server), client(server, { security: 'none', rdp4: true, fastPathOutput: false, fastPathInput: false })];
    await Promise.all([one.picture(shows(screen)), two.picture(shows(screen, 8))]);
    for (const [width, height] of [
      [320, 200],
      [101, 77],
      [640, 400],
    ]) {
      screen.resize(width, height);
      await Promise.all([one.picture(shows(screen)), two.picture(shows(screen, 8))]);
    }
    screen.resize(320, 240);
    screen.resize(160, 120);
    screen.resize(333, 222);
    await Promise.all([one.picture(shows(screen)), two.picture(shows(screen, 8))]);
  });

  test('of a client that cannot follow shows what fits', async () => {
    const { server, screen } = await start();
    const viewer = client(server, { resizes: false });
    await viewer.picture(shows(screen));
    screen.resize(320, 100);
    screen.fill({ x: 0, y: 0, width: 320, height: 100 }, 0x305070);
    await viewer.picture(
      ({ width, height, pixels }) => width === 200 && height === 150 && pixels.subarray(0, 200 * 100).every((pixel) => pixel === 0x305070),
    );
  });

  test('is silent while its output is suppressed, and sends again what is asked for', async () => {
    const { server, screen, record } = await start();
    const viewer = client(server);
    await viewer.picture(shows(screen));
    viewer.suppressOutput(true);
    viewer.key(1, true);
    await record.seen('key 1 down');
    let updates = 0;
    viewer.on('update', () => updates++);
    screen.fill({ x: 0, y: 0, width: 64, height: 64 }, 0x445566);
    viewer.requestShutdown();
    viewer.key(1, false);
    await record.seen('key 1 up');
    const other = client(server);
    await other.picture(shows(screen));
    expect(updates).toBe(0);
    viewer.suppressOutput(false);
    await viewer.picture(shows(screen));
    expect(viewer.shutdownDenied).toBe(true);
    viewer.framebuffer.pixels.fill(0);
    viewer.refresh(0, 0, 200, 150);
    await viewer.picture(shows(screen));
  });

  test('ends when the machine fails to take its keys; others stay', async () => {
    const record = new InputRecord();
    const keyboard = {
      scancode: (code: number, down: boolean) => {
        if (code === 0x01 || !down) throw new Error('the machine is broken');
        record.keyboard.scancode(code, down);
      },
    };
    const { server, screen, log } = await start({ keyboard });
    const [one, two] = [client(server), client(server)];
    await Promise.all([one.picture(shows(screen)), two.picture(shows(screen))]);
    one.key(0x02, true);
    one.key(0x01, true);
    await one.ended();
    expect(log.filter((line) => line.startsWith('error')).length).toBe(2);
    screen.fill({ x: 0, y: 0, width: 9, height: 9 }, 0x102030);
    await two.picture(shows(screen));
    expect(server.clients.length).toBe(1);
  });

  test('shows the pointer that it is told to', async () => {
    const { server, screen } = await start();
    const viewer = client(server);
    await viewer.picture(shows(screen));
    server.pointerShape = 'hidden';
    screen.fill({ x: 0, y: 0, width: 8, height: 8 }, 1);
    await viewer.picture(shows(screen));
    expect(viewer.pointer).toBe('hidden');
    const other = client(server, { fastPathOutput: false });
    await other.picture(shows(screen));
    expect(other.pointer).toBe('hidden');
  });

  test('ends with the server, or by an administrator, in words that its user can read', async () => {
    const { server, screen } = await start();
    const [one, two] = [client(server), client(server)];
    await Promise.all([one.picture(shows(screen)), two.picture(shows(screen))]);
    expect(server.disconnect(server.clients[0].id, 'an administrator')).toBe(true);
    expect(server.disconnect(99, 'nobody')).toBe(false);
    await Promise.race([one.ended(), two.ended()]);
    expect(server.clients.length).toBe(1);
    await server.close('the machine was switched off');
    await Promise.all([one.ended(), two.ended()]);
    expect([one.errorInfo, two.errorInfo]).toEqual([
      ErrorInfo.ERRINFO_RPC_INITIATED_DISCONNECT,
      ErrorInfo.ERRINFO_RPC_INITIATED_DISCONNECT,
    ]);
  });
});

describe('security methods', () => {
  test('tls refuses others, rdp refuses TLS', async () => {
    const { server: tls } = await start({ securityMethod: 'tls' });
    await expect(client(tls, { security: 'rdp' }).active()).rejects.toThrow('failureCode 1');
    await expect(client(tls, { security: 'none' }).active()).rejects.toThrow('closed before');
    await client(tls).active();
    const { server: rdp } = await start({ securityMethod: 'rdp' });
    await expect(client(rdp).active()).rejects.toThrow('failureCode 2');
    await client(rdp, { security: 'rdp' }).active();
  });

  test('TLS may begin in the same segment as the request', async () => {
    const { server } = await start();
    const plain = socket(server);
    let request: Uint8Array | undefined = connectionRequest({ security: 'tls', user: 'x' } as never);
    let confirm = 19;
    plain.on('data', (bytes: Buffer) => {
      const rest = bytes.subarray(Math.min(confirm, bytes.length));
      confirm -= bytes.length - rest.length;
      if (rest.length) pipe.push(rest);
    });
    const pipe: Duplex = new Duplex({
      read: () => undefined,
      write(bytes: Buffer, _encoding, done) {
        plain.write(request ? Buffer.concat([request, bytes]) : bytes, done);
        request = undefined;
      },
    });
    const secured = connectTls({ socket: pipe, rejectUnauthorized: false });
    await once(secured, 'secureConnect');
    expect(secured.getPeerX509Certificate()?.subject).toContain('server test');
    secured.destroy();
  });

  test('a renewed certificate counts for the next connection, a broken one for nobody', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'belvedere-renewed-'));
    rdp.closing({ close: () => rm(folder, { recursive: true }) });
    const other = await serverIdentity(folder, { commonName: 'renewed', altNames: [] });
    let certificate = rdp.identity.tls;
    const { server } = await start({ certificate: () => certificate });
    const first = client(server);
    await first.active();
    certificate = other.tls;
    const { fingerprint256 } = new X509Certificate(other.tls.cert);
    const second = client(server);
    await second.active();
    expect(second.peerCertificate?.fingerprint256).toBe(fingerprint256);
    certificate = { key: 'broken', cert: 'broken' };
    await expect(client(server).active()).rejects.toThrow();
    expect(first.closedBecause).toBeUndefined();
    await expect(start({ certificate: () => certificate })).rejects.toThrow();
  }, 30_000);
});

describe('versions of TLS', () => {
  const versions = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3'] as const;
  /** The version that a client gets which knows one only, or `undefined`. */
  async function spoken(server: RdpServer, version: TlsVersion): Promise<string | undefined> {
    const plain = socket(server);
    plain.write(connectionRequest({ security: 'tls', user: 'x' } as never));
    await once(plain, 'data');
    const secured = connectTls({
      socket: plain,
      rejectUnauthorized: false,
      minVersion: version,
      maxVersion: version,
      ciphers: 'DEFAULT:@SECLEVEL=0',
    });
    const result = await Promise.race([
      once(secured, 'secureConnect').then(() => secured.getProtocol() ?? undefined),
      once(secured, 'close').then(() => undefined),
    ]).catch(() => undefined);
    secured.destroy();
    return result;
  }

  test.each([
    [undefined, 2],
    ['TLSv1', 0],
    ['TLSv1.1', 1],
    ['TLSv1.2', 2],
    ['TLSv1.3', 3],
  ] as const)('with the oldest %s, older ones are not spoken', async (tlsMinVersion, first) => {
    const { server } = await start(tlsMinVersion ? { tlsMinVersion } : {});
    const heard: (string | undefined)[] = [];
    for (const version of versions) heard.push(await spoken(server, version));
    expect(heard).toEqual(versions.map((version, i) => (i < first ? undefined : version)));
  });
});

describe('strangers', () => {
  test('that say nothing, or not enough, are shown the door', async () => {
    const { server } = await start({ loginTimeout: 100 });
    const silent = socket(server);
    const half = socket(server);
    half.write(Uint8Array.of(3, 0, 0, 44, 39));
    const joined = socket(server);
    joined.write(connectionRequest({ security: 'rdp', user: 'x' } as never));
    await Promise.all([silent, half, joined].map((each) => once(each, 'close')));
    expect(server.clients).toEqual([]);
  });

  test('that drip are served, if in time', async () => {
    const { server } = await start();
    const slow = socket(server);
    const answer = once(slow, 'data');
    for (const octet of connectionRequest({ security: 'rdp', user: 'x' } as never)) slow.write(Uint8Array.of(octet));
    expect((await answer)[0][5]).toBe(0xd0);
  });

  test.each([
    ['of other protocols', Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    ['with lengths beyond belief', Buffer.concat([Uint8Array.of(3, 0, 0xff, 0xff), Buffer.alloc(100_000)])],
    ['with TLS at once', Buffer.from('160301020001', 'hex')],
  ])('%s are turned away, and nobody else notices', async (_name, bytes) => {
    const { server, screen } = await start();
    const viewer = client(server);
    await viewer.picture(shows(screen));
    const odd = socket(server);
    odd.write(bytes);
    await once(odd, 'close');
    screen.fill({ x: 0, y: 0, width: 20, height: 10 }, 0xff8800);
    await viewer.picture(shows(screen));
  });

  test('that speak of TLS and then do not are turned away', async () => {
    const { server, log } = await start();
    const odd = socket(server);
    odd.write(connectionRequest({ security: 'tls', user: 'x' } as never));
    await once(odd, 'data');
    const closed = once(odd, 'close');
    odd.write(Buffer.alloc(100, 0x55));
    await closed;
    expect(log.filter((line) => line.startsWith('error'))).toEqual([]);
    await client(server).active();
  });

  test('in great number lock nobody out', async () => {
    const { server, screen } = await start();
    const crowd = Array.from({ length: 80 }, () => socket(server));
    const oldest = once(crowd[0], 'close');
    await Promise.all(crowd.map((each) => once(each, 'connect')));
    await client(server).picture(shows(screen));
    await oldest;
  });
});

describe('ports', () => {
  test('are tried in their order, and an error names them all', async () => {
    const blocker = createServer().listen(0, '127.0.0.1');
    await once(blocker, 'listening');
    const taken = (blocker.address() as { port: number }).port;
    const { server } = await start({ ports: [taken, 0] });
    expect(server.port).not.toBe(taken);
    await expect(start({ ports: [taken, server.port] })).rejects.toThrow(
      new RegExp(`port ${taken}: .*EADDRINUSE.*; port ${server.port}: .*EADDRINUSE`),
    );
    await expect(start({ ports: [] })).rejects.toThrow('none was named');
    blocker.close();
  });

  const hasIpv6 = Object.values(networkInterfaces()).some((list) => list?.some(({ address }) => address === '::1'));
  test('are open on every address, of both families where the host has them', async () => {
    const { server } = await start({ addresses: [] });
    const hosts = ['127.0.0.1', ...(hasIpv6 ? ['::1'] : [])];
    for (const host of hosts) await client(server, { host }).active();
    expect(server.clients.map(({ address }) => address)).toEqual(hosts);
    const { server: two } = await start({ addresses: hosts });
    for (const host of hosts) await client(two, { host }).active();
  });

  test('that belong to no address of the host are an error', async () => {
    await expect(start({ addresses: ['127.0.0.1', '203.0.113.1'] })).rejects.toThrow('203.0.113.1');
  });
});

test('the pattern is what it says', () => {
  const screen = new PatternScreen(80, 70);
  expect(screen.pixels.subarray(4 * (20 * 80 + 70), 4 * (20 * 80 + 70) + 3)).toEqual(Uint8Array.of(0xff, 0, 0));
  expect(patternColour(70, 20)).toBe(0x0000ff);
});
