/** Standard RDP Security with real viewers: the X.509 chain below an administrator's certificate, and keys that are renewed on the way. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { chainedIdentity, RdpServer, serverIdentity, type StandardIdentity } from '@belvedere/rdp';
import { Canvas, settings } from './canvas.testing.js';
import { comparePictures, type Counts, type Picture, type Program, Relay, shownBy, startViewer, until, type Viewer, VirtualDisplay } from './index.js';
import { describeWith } from './testing.js';

jest.setTimeout(180_000); // for a busy host

const [width, height] = [320, 240];
const password = 'a password';

/** In each direction; keys are renewed after every 4096. [MS-RDPBCGR] 5.3.7 */
const PACKETS = 20_000;
/** Packets in each direction between two looks. */
const STRIDE = 400;

describeWith(['xfreerdp', 'rdesktop'], 'Standard RDP Security', () => {
  let folder: string;
  let display: VirtualDisplay;
  let server: RdpServer;
  let canvas: Canvas;
  let standard: StandardIdentity;
  let chained: StandardIdentity;
  let relay: Relay | undefined;
  let viewer: Viewer | undefined;
  /** What the server has sent to a viewer, as far as the first certificate. */
  let sent: Buffer = Buffer.alloc(0);
  const pointers: string[] = [];
  const keys: string[] = [];

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'belvedere-standard-'));
    const identity = await serverIdentity(join(folder, 'own'), { commonName: 'viewers', altNames: [] });
    standard = identity.standard;
    // What an administrator brings: another key, another name.
    const other = await serverIdentity(join(folder, 'administrator'), { commonName: 'display.example', altNames: [] });
    chained = await chainedIdentity(standard, other.tls);
    // Larger than the session, so that the parked pointer is outside of it.
    display = await VirtualDisplay.start({ width: width + 40, height: height + 40 });
    canvas = new Canvas(width, height);
    server = await RdpServer.listen({
      ...settings(password),
      // rdesktop would choose TLS.
      securityMethod: 'rdp',
      screens: [canvas],
      keyboard: { scancode: (code, down) => void keys.push(`${code.toString(16)} ${down ? 'down' : 'up'}`) },
      pointer: { absolute: true, move: (x, y) => void pointers.push(`${x},${y}`), wheel: () => undefined },
      certificate: () => identity.tls,
      standard: () => standard,
    });
  });
  afterAll(async () => {
    await server.close('the tests are over');
    await display.close();
    rmSync(folder, { recursive: true });
  });
  afterEach(async () => {
    await viewer?.close();
    await relay?.close();
    viewer = relay = undefined;
    pointers.length = keys.length = 0;
  });

  const connect = async (program: Program, extra: readonly string[]): Promise<Viewer> => {
    sent = Buffer.alloc(0);
    relay = await Relay.start(server.port, (direction, bytes) => {
      if (direction === 'toViewer' && sent.length < 0x4000) sent = Buffer.concat([sent, bytes]);
    });
    viewer = await startViewer(display, { program, host: '127.0.0.1', port: relay.port, user: 'someone', password, size: { width, height }, depth: 16, extra, ...(program === 'xfreerdp' ? { security: 'rdp' } : {}) });
    return viewer;
  };
  const same = (program: 'xfreerdp' | 'rdesktop') => {
    const name = program === 'xfreerdp' ? 'freerdp' : program;
    return (picture: Picture): boolean => picture.width === width && picture.height === height && comparePictures(picture, shownBy(name, 16, canvas.picture())).pixels === 0;
  };

  describe('a viewer gets the chain, and a picture', () => {
    afterEach(() => void (standard = { ...standard, offersChain: false }));
    test.each([
      ['xfreerdp', [], true],
      ['xfreerdp', ['/encryption-methods:40'], true],
      ['xfreerdp', ['/encryption-methods:FIPS'], true],
      ['rdesktop', [], true],
      ['rdesktop', ['-5'], true],
      ['rdesktop', ['-4'], false],
    ] as const)('%s %j: %s', async (program, extra, gets) => {
      standard = chained;
      const session = await connect(program, [...extra]);
      await display.park();
      await session.waitFor('the picture', same(program));
      expect(server.clients.at(-1)?.encryption).toBe('RDP');
      expect(sent.includes('display.example')).toBe(gets);
    });
  });

  /** Squares filled so far, by all tests: what is drawn again as it was is sent to nobody. */
  let fills = 0;
  test.each([
    ['xfreerdp', []],
    ['rdesktop', []],
    ['rdesktop', ['-4']],
  ] as const)('%s %j: 20,000 packets in each direction cross four renewals of the keys, and all is still exact', async (program, extra) => {
    const session = await connect(program, [...extra]);
    await display.park();
    await session.waitFor('the picture', same(program));
    const { toServer, toViewer } = relay!;
    const enough = ({ encrypted }: Counts): boolean => encrypted >= PACKETS;
    let ended: string | undefined;
    void session.exited.then(({ code, output }) => (ended = `${program} ended with code ${code} and printed: ${output}`));
    for (let round = 0; !enough(toServer) || !enough(toViewer); round++) {
      fills++;
      canvas.fill(16 * (fills % 18), 16 * (fills % 13), 16, [fills & 0xff, (fills * 8) & 0xff, (fills * 64) & 0xff]);
      // Each is a packet of its own. The server waits for nobody here, so the round does.
      const before = toViewer.encrypted;
      if (!enough(toViewer)) for (let change = 0; change < STRIDE; change++) server.pointerShape = change % 2 ? 'default' : 'hidden';
      await display.walk(Array.from({ length: STRIDE }, (_, i) => [(round + 7 * i) % width, (round + 3 * i) % height] as const));
      await until('the packets of this round', () => (toViewer.encrypted > before ? true : undefined), { timeout: 120_000, failed: () => ended });
    }
    server.pointerShape = 'default';
    await display.moveTo(3, 5);
    await until('the last movement', () => (pointers.at(-1) === '3,5' ? true : undefined));
    await display.key('Down', 'a');
    await until('the keys', () => (['e050 down', 'e050 up', '1e down', '1e up'].every((key) => keys.includes(key)) ? true : undefined));
    await display.park();
    await session.waitFor('the picture after the renewals', same(program));
  });
});
