import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import fc from 'fast-check';
import { Cursor, decode, encode, WireError } from '@belvedere/wire';
import { hex } from '@belvedere/wire/testing';
import { Fragments, inputPackets } from '../client/share.js';
import type { ClientSettings } from '../client/state.js';
import { clientStep } from '../client/step.js';
import { ProtocolError } from '../errors.js';
import { ErrorInfo } from '../pdu/errorInfo.js';
import * as mcs from '../pdu/mcs.js';
import { PacketReader } from '../pdu/packetReader.js';
import * as pdus from '../pdu/share.js';
import { decodeBlocks, GCC_CONFERENCE_CREATE_RESPONSE } from '../pdu/gcc.js';
import { TS_UD_SC_SEC1, UserDataType } from '../pdu/settings.js';
import { decodeData, encodeData } from '../pdu/x224.js';
import { chainedIdentity, ENCRYPTION_METHOD, parseServerCertificate, proprietaryCertificate, type StandardIdentity } from '../security/index.js';
import { issueSelfSigned } from '../security/issue.js';
import { publicNumbers } from '../security/rsa.js';
import { data, requestIn } from '../client/envelope.js';
import { Line } from '../testing/line.js';
import type { ConnectionEvent, State } from './state.js';
import { INITIAL, step, type StepContext } from './step.js';

// A busy machine takes its time.
jest.setTimeout(30_000);

let standard: StandardIdentity;
let context: StepContext;
beforeAll(() => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  standard = {
    key: privateKey,
    proprietaryCertificate: proprietaryCertificate(publicNumbers(privateKey)),
    x509CertificateChain: new Uint8Array(0),
  };
  context = { securityMethod: 'negotiate', hybrid: false, encryptionDemand: 'client-compatible', standard, offersChannel: () => true, unicode: true };
});

/** A line without a step yet. */
const newLine = (asked: Partial<ClientSettings> = {}): Line => new Line(context, asked);

const desktop = { width: 800, height: 600 };
const admitted = (asked: Partial<ClientSettings> = {}): Line => newLine(asked).admitted(desktop);

describe('a connection', () => {
  const ways: [string, Partial<ClientSettings>, string[]][] = [
    ['TLS', { security: 'tls' }, ['tlsHandshake', 'basicSettingsExchange']],
    ['RC4, 40 bits', { encryptionMethods: ENCRYPTION_METHOD['40BIT'] }, ['basicSettingsExchange']],
    ['RC4, 128 bits', {}, ['basicSettingsExchange']],
    ['FIPS', { encryptionMethods: ENCRYPTION_METHOD.FIPS }, ['basicSettingsExchange']],
    [
      'RDP 4',
      { security: 'none', rdp4: true, fastPathOutput: false, fastPathInput: false, errorInfo: false, channels: [] },
      ['basicSettingsExchange'],
    ],
    ['no UTF-16', { unicode: false }, ['basicSettingsExchange']],
  ];
  test.each(ways)('with %s goes through its steps', (_name, asked, first) => {
    const line = admitted(asked);
    expect(line.steps).toEqual([...first, 'channelConnection', 'authentication', 'capabilitiesExchange', 'finalization', 'active']);
    const login = line.effects.find(({ type }) => type === 'authenticate');
    expect(login).toMatchObject({
      info: { UserName: 'max', Password: 'secret', Domain: 'OFFICE' },
      link: { client: { core: { clientName: 'desk' } } },
    });
    expect(line.active.share).toMatchObject({ ...desktop, bitsPerPixel: asked.rdp4 ? 8 : 16 });
    line.toServer(inputPackets(line.active, [{ type: 'scancode', keyboardFlags: 0, keyCode: 0x1e }], line.asked));
    expect(line.effects.at(-1)).toEqual({ type: 'input', events: [{ type: 'scancode', keyboardFlags: 0, keyCode: 0x1e }] });
  });

  test('shows nothing of the guest before its login is judged', () => {
    const line = newLine().connect();
    expect(line.server.step).toBe('authentication');
    expect(line.client.step).toBe('demandActive');
    expect(line.effects.map(({ type }) => type)).toEqual(['authenticate']);
    line.event({ type: 'resized', desktop });
    expect(line.server.step).toBe('authentication');
  });

  test('a client that may not in is told so, if it can show that', () => {
    for (const errorInfo of [true, false]) {
      const line = newLine({ errorInfo }).connect();
      line.event({ type: 'refused', errorInfo: ErrorInfo.ERRINFO_SERVER_DENIED_CONNECTION, reason: 'no' });
      expect(line.server.step).toBe('closed');
      const told = [
        { type: 'active', share: { shareId: 0x103ea, width: 640, height: 480, bitsPerPixel: 16 } }, // of the client's own size
        { type: 'errorInfo', code: 7 },
      ];
      expect(line.clientEffects).toEqual([...(errorInfo ? told : []), { type: 'close', reason: 'the server disconnected with reason 3' }]);
      expect(line.effects.map(({ type }) => type)).toEqual(['authenticate', 'close']);
      expect(line.effects.at(-1)).toEqual({ type: 'close', reason: 'no' });
    }
  });

  test('a client that is dismissed is told at once, whatever it is doing', () => {
    for (const line of [newLine().connect(), admitted()]) {
      line.event({ type: 'dismissed', errorInfo: ErrorInfo.ERRINFO_RPC_INITIATED_DISCONNECT, reason: 'good night' });
      expect(line.clientEffects.slice(-2)).toEqual([
        { type: 'errorInfo', code: 1 },
        { type: 'close', reason: 'the server disconnected with reason 3' },
      ]);
      expect(line.server.step).toBe('closed');
    }
  });

  test('follows the guest to other resolutions', () => {
    const line = admitted();
    const first = line.active.share.shareId;
    line.event({ type: 'resized', desktop: { width: 1024, height: 768 } });
    expect(line.active.share).toMatchObject({ width: 1024, height: 768 });
    expect(line.active.share.shareId).not.toBe(first);
    expect(line.effects.filter(({ type }) => type === 'activated').length).toBe(2);
    line.event({ type: 'resized', desktop: { width: 1024, height: 768 } });
    expect(line.effects.filter(({ type }) => type === 'activated').length).toBe(2);
  });

  test('that is in the middle of an activation finishes it first', () => {
    const line = newLine().connect();
    const { state: waiting, send } = step(line.server, { type: 'admitted', desktop }, context);
    const { state: still, send: nothing } = step(waiting, { type: 'resized', desktop: { width: 320, height: 200 } }, context);
    expect(nothing).toEqual([]);
    line.server = still;
    const outcome = clientStep(line.client, { kind: 'tpkt', bytes: send[0] }, line.asked, new Fragments());
    line.client = outcome.state;
    line.toServer(outcome.send);
    expect(line.active.share).toMatchObject({ width: 320, height: 200 });
    expect(line.effects.filter(({ type }) => type === 'activated').length).toBe(1);
  });

  test('of a client that cannot follow keeps its desktop', () => {
    const line = admitted({ resizes: false });
    const { shareId } = line.active.share;
    line.event({ type: 'resized', desktop: { width: 1024, height: 768 } });
    expect(line.active.share).toMatchObject({ shareId, ...desktop });
    expect(line.server.step).toBe('active');
  });

  test('hears keys between two shares', () => {
    const line = admitted();
    const packets = inputPackets(line.active, [{ type: 'scancode', keyboardFlags: 0x8000, keyCode: 0x1e }], line.asked);
    line.server = step(line.server, { type: 'resized', desktop: { width: 320, height: 200 } }, context).state;
    expect(line.server.step).toBe('capabilitiesExchange');
    line.toServer(packets);
    expect(line.effects.at(-1)?.type).toBe('input');
  });

  test('may ask for parts of the screen, for silence, and to shut down', () => {
    const line = admitted();
    const say = (type: number, body: Uint8Array): void => line.toServer([data(line.active.line, line.active.share.shareId, type, body)]);
    say(
      pdus.PduType2.REFRESH_RECT,
      encode(pdus.TS_REFRESH_RECT_PDU, {
        areasToRefresh: [
          { left: 10, top: 20, right: 19, bottom: 29 },
          { left: 790, top: 0, right: 900, bottom: 9 },
          { left: 900, top: 0, right: 901, bottom: 1 },
        ],
      }),
    );
    expect(line.effects.at(-1)).toEqual({
      type: 'refresh',
      areas: [
        { x: 10, y: 20, width: 10, height: 10 },
        { x: 790, y: 0, width: 10, height: 10 },
      ],
    });
    say(pdus.PduType2.SUPPRESS_OUTPUT, encode(pdus.TS_SUPPRESS_OUTPUT_PDU, { allowDisplayUpdates: 0 }));
    expect(line.effects.at(-1)).toEqual({ type: 'suppressOutput', suppressed: true });
    say(pdus.PduType2.SHUTDOWN_REQUEST, new Uint8Array(0));
    expect(line.clientEffects.at(-1)).toEqual({ type: 'shutdownDenied' });
    say(pdus.PduType2.BITMAPCACHE_PERSISTENT_LIST, new Uint8Array(24));
    expect(line.server.step).toBe('active');
  });

  test.each([
    ['RC4', ENCRYPTION_METHOD['128BIT']],
    ['FIPS', ENCRYPTION_METHOD.FIPS],
  ])('outlives the renewal of its keys in both directions (%s)', (_name, encryptionMethods) => {
    const line = admitted({ encryptionMethods });
    const count = 4200;
    for (let i = 0; i < count; i++) {
      line.toServer([data(line.active.line, line.active.share.shareId, pdus.PduType2.SHUTDOWN_REQUEST, new Uint8Array(0))]);
    }
    expect(line.clientEffects.filter(({ type }) => type === 'shutdownDenied').length).toBe(count);
    line.toServer(inputPackets(line.active, [{ type: 'scancode', keyboardFlags: 0, keyCode: 0x1e }], line.asked));
    expect(line.effects.at(-1)?.type).toBe('input');
  });

  test('of a client that says good-bye is over', () => {
    const line = admitted();
    line.toServer([encodeData(encode(mcs.DISCONNECT_PROVIDER_ULTIMATUM, { reason: mcs.Reason.USER_REQUESTED }))]);
    expect(line.server.step).toBe('closed');
    expect(line.effects.at(-1)).toEqual({ type: 'close', reason: 'the client disconnected' });
  });
});

describe('the certificate of Standard RDP Security', () => {
  const issuer = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  const texts = { key: issuer, cert: issueSelfSigned({ commonName: 'display.example', altNames: [] }, issuer) };
  const rdp4 = { security: 'none', rdp4: true, fastPathOutput: false, fastPathInput: false, errorInfo: false, channels: [] } as const;
  /** `serverCertificate` as a client gets it, and where its connection ends. */
  const shown = (identity: StandardIdentity, asked: Partial<ClientSettings>): [string, State['step']] => {
    const before = context;
    context = { ...context, standard: identity };
    try {
      const line = admitted(asked);
      const response = line.received.find((bytes) => bytes[7] === 0x7f && bytes[8] === 0x66)!;
      const { userData } = decode(mcs.CONNECT_RESPONSE, decodeData(response));
      const security = decodeBlocks(decode(GCC_CONFERENCE_CREATE_RESPONSE, userData).userData).get(UserDataType.SC_SECURITY)!;
      const { exchange } = TS_UD_SC_SEC1.decode(new Cursor(security));
      return [parseServerCertificate(exchange!.serverCertificate).form, line.server.step];
    } finally {
      context = before;
    }
  };

  test('is the chain for clients of RDP 5 and later where one is offered, and proprietary for RDP 4', async () => {
    const chained = await chainedIdentity(standard, texts);
    expect([shown(chained, {}), shown(chained, rdp4)]).toEqual([['x509', 'active'], ['proprietary', 'active']]);
    expect([shown(standard, {}), shown(standard, rdp4)]).toEqual([['proprietary', 'active'], ['proprietary', 'active']]);
  });
});

describe('what is illegal', () => {
  const packet = (bytes: Uint8Array): ConnectionEvent => ({
    type: 'packet',
    packet: { kind: bytes[0] === 3 ? 'tpkt' : 'fastPath', bytes },
  });
  const stopped = (until: State['step']): Line => {
    const line = newLine();
    const all = newLine().connect().sent;
    for (const bytes of all) {
      if (line.server.step === until) break;
      const { state } = step(line.server, packet(bytes), context);
      line.server = state;
    }
    return line;
  };
  test.each([
    [
      'fast-path input before the login',
      'connectionInitiation',
      '04 04 00 1e',
      'TS_FP_INPUT_PDU in state connectionInitiation: not legal yet',
    ],
    ['joining before a user is attached', 'channelConnection', '0300000c 02f080 38 0006 03eb', 'user 1007 is not attached'],
    [
      'data before the I/O channel is joined',
      'channelConnection',
      '0300000e 02f080 64 0006 03eb 70 00',
      'data before the I/O channel was joined',
    ],
  ] as const)('%s', (_name, at, bytes, problem) => {
    expect(() => step(stopped(at).server, packet(hex(bytes)), context)).toThrow(problem);
  });
  test('a TPKT while TLS is expected', () => {
    expect(() =>
      step({ step: 'tlsHandshake', negotiation: { requestedProtocols: 1, selectedProtocol: 1 } }, packet(hex('03000007 02f080')), context),
    ).toThrow(ProtocolError);
  });
  test('more static channels than the standard allows', () => {
    const channels = (count: number): string[] => Array.from({ length: count }, (_, i) => `c${i}`);
    expect(admitted({ channels: channels(31) }).server.step).toBe('active');
    expect(() => newLine({ channels: channels(32) }).connect()).toThrow('32 channels, at most 31 are allowed');
  });
  test('a channel that does not exist', () => {
    const line = newLine();
    const toChannels = newLine().connect().sent.slice(0, 4);
    for (const bytes of toChannels) line.server = step(line.server, packet(bytes), context).state;
    const join = encodeData(encode(mcs.CHANNEL_JOIN_REQUEST, { initiator: 1007, channelId: 2000 }));
    expect(() => step(line.server, packet(join), context)).toThrow('channel 2000 does not exist');
  });
  test('a channel that is not offered is joined in vain', () => {
    const some: StepContext = { ...context, offersChannel: (name) => name !== 'rdpsnd' };
    const line = new Line(some).admitted(desktop);
    expect(line.active.line.channels).toEqual([0, 1005, 1006]);
    const before = new Line(some);
    for (const bytes of line.sent.slice(0, 4)) before.server = step(before.server, packet(bytes), some).state;
    const join = (channelId: number): State => step(before.server, packet(encodeData(encode(mcs.CHANNEL_JOIN_REQUEST, { initiator: 1007, channelId }))), some).state;
    for (const vain of [0, 1004]) expect(join(vain)).toMatchObject({ step: 'channelConnection' });
    expect(() => join(1002)).toThrow('channel 1002 does not exist');
    const all = new Line(context);
    for (const bytes of newLine().connect().sent.slice(0, 4)) all.server = step(all.server, packet(bytes), context).state;
    expect(() => step(all.server, packet(encodeData(encode(mcs.CHANNEL_JOIN_REQUEST, { initiator: 1007, channelId: 0 }))), context)).toThrow('channel 0 does not exist');
  });
  test('what comes in a channel is told by its name', () => {
    const line = admitted();
    for (const channelId of [1004, 1006, 1007, 0]) line.toServer([requestIn(line.active.line, channelId, 0, Uint8Array.of(1))]);
    expect(line.effects.slice(-4)).toEqual(['rdpsnd', 'drdynvc', '', ''].map((name) => ({ type: 'channel', name, packet: Uint8Array.of(1) })));
  });
  test('a client without the encryption that is demanded', () => {
    expect(() => newLine({ encryptionMethods: 0 }).connect()).toThrow(ProtocolError);
  });
  test('a changed byte under a MAC', () => {
    const line = admitted();
    const [bytes] = inputPackets(line.active, [{ type: 'scancode', keyboardFlags: 0, keyCode: 0x1e }], line.asked);
    bytes[bytes.length - 1] ^= 1;
    expect(() => line.toServer([bytes])).toThrow('the MAC of packet');
  });
});

describe('mutated handshakes', () => {
  /** Feeds a stream to a server as its connection would. */
  const feed = (stream: Uint8Array): 'refused' | State['step'] => {
    const reader = new PacketReader(0x4000);
    let state: State = INITIAL;
    try {
      reader.push(stream);
      for (let packet = reader.next(); packet; packet = reader.next()) {
        state = step(state, { type: 'packet', packet }, context).state;
        if (state.step === 'tlsHandshake') state = step(state, { type: 'tlsEstablished' }, context).state;
        if (state.step === 'authentication') state = step(state, { type: 'admitted', desktop }, context).state;
      }
    } catch (error) {
      if (error instanceof WireError || error instanceof ProtocolError) return 'refused';
      throw error;
    }
    return state.step;
  };
  test.each([['tls'], ['none']] as const)('raise nothing but the two errors of their kind (%s)', (security) => {
    const stream = Buffer.concat(admitted({ security }).sent);
    if (security === 'tls') expect(feed(stream)).toBe('active');
    const mutation = fc.record({
      at: fc.nat(stream.length - 1),
      value: fc.nat(255),
      kind: fc.constantFrom('set', 'cut', 'insert', 'truncate'),
    });
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 4 }), (mutations) => {
        let mutated = Buffer.from(stream);
        for (const { at, value, kind } of mutations) {
          if (kind === 'set' && at < mutated.length) mutated[at] = value;
          else if (kind === 'cut') mutated = Buffer.concat([mutated.subarray(0, at), mutated.subarray(at + 1 + (value >> 4))]);
          else if (kind === 'insert')
            mutated = Buffer.concat([mutated.subarray(0, at), Buffer.alloc(1 + (value & 15), value), mutated.subarray(at)]);
          else mutated = mutated.subarray(0, at);
        }
        feed(mutated);
      }),
      { numRuns: 1500 },
    );
  });
  test('random bytes do not either', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => void feed(bytes)),
      { numRuns: 1000 },
    );
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 200 }),
        (bytes) => void feed(Buffer.concat([Uint8Array.of(3, 0, 0, bytes.length + 4), bytes])),
      ),
      { numRuns: 1000 },
    );
  });
});
