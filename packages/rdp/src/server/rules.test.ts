import { describe, expect, test } from '@jest/globals';
import { ColorDepth, EarlyCapability, RdpVersion, type ClientCoreData } from '../pdu/settings.js';
import { Protocol } from '../pdu/x224.js';
import { InputRecord } from '../testing/pattern.js';
import { admit } from './admission.js';
import { sessionDepth } from './clientSettings.js';
import { InputTranslator } from './input.js';
import { judge } from './login.js';
import { readLogon } from './logon.js';
import { negotiate, type SecurityMethod } from './negotiation.js';

describe('negotiation', () => {
  const outcome = (method: SecurityMethod, requestedProtocols?: number, hybrid?: boolean): unknown => {
    const request = requestedProtocols === undefined ? undefined : { flags: 0, requestedProtocols };
    const { selectedProtocol, reply } = negotiate(method, request, hybrid);
    return [selectedProtocol, Buffer.from(reply).toString('hex')];
  };
  test.each([
    ['negotiate', Protocol.SSL, [Protocol.SSL, '0201080001000000']],
    ['negotiate', Protocol.SSL | Protocol.HYBRID, [Protocol.SSL, '0201080001000000']],
    ['negotiate', Protocol.RDP, [Protocol.RDP, '0201080000000000']],
    ['negotiate', undefined, [Protocol.RDP, '']],
    ['negotiate', Protocol.HYBRID, [undefined, '0300080001000000']],
    ['negotiate', Protocol.HYBRID_EX, [undefined, '0300080001000000']],
    ['negotiate', Protocol.RDSTLS, [undefined, '0300080001000000']],
    ['negotiate', 0x10, [undefined, '0300080001000000']],
    ['rdp', Protocol.RDP, [Protocol.RDP, '0201080000000000']],
    ['rdp', Protocol.SSL, [undefined, '0300080002000000']],
    ['rdp', Protocol.HYBRID, [undefined, '0300080002000000']],
    ['rdp', Protocol.RDSTLS, [undefined, '0300080002000000']],
    ['rdp', undefined, [Protocol.RDP, '']],
    ['tls', Protocol.SSL, [Protocol.SSL, '0201080001000000']],
    ['tls', Protocol.RDP, [undefined, '0300080001000000']],
    ['tls', Protocol.HYBRID, [undefined, '0300080001000000']],
    ['tls', undefined, [undefined, '']],
    ['hybrid', Protocol.SSL | Protocol.HYBRID, [undefined, '0300080005000000']],
  ] as const)('method %s, client asks for %s', (method, asked, expected) => expect(outcome(method, asked)).toEqual(expected));

  test.each([
    ['negotiate', Protocol.SSL | Protocol.HYBRID | Protocol.HYBRID_EX, [Protocol.HYBRID_EX, '0201080008000000']],
    ['negotiate', Protocol.HYBRID, [Protocol.HYBRID, '0201080002000000']],
    ['negotiate', Protocol.SSL, [Protocol.SSL, '0201080001000000']],
    ['negotiate', Protocol.RDP, [Protocol.RDP, '0201080000000000']],
    ['negotiate', Protocol.RDSTLS, [undefined, '0300080001000000']],
    ['tls', Protocol.SSL | Protocol.HYBRID, [Protocol.HYBRID, '0201080002000000']],
    ['rdp', Protocol.SSL | Protocol.HYBRID, [undefined, '0300080002000000']],
    ['hybrid', Protocol.HYBRID, [Protocol.HYBRID, '0201080002000000']],
    ['hybrid', Protocol.SSL, [undefined, '0300080005000000']],
    ['hybrid', Protocol.RDP, [undefined, '0300080005000000']],
    ['hybrid', undefined, [undefined, '']],
  ] as const)('with NLA: method %s, client asks for %s', (method, asked, expected) => expect(outcome(method, asked, true)).toEqual(expected));
});

describe('the depth of a session', () => {
  const core: ClientCoreData = {
    version: RdpVersion.RDP_5_0,
    desktopWidth: 1024,
    desktopHeight: 768,
    colorDepth: ColorDepth.RNS_UD_COLOR_8BPP,
    SASSequence: 0,
    keyboardLayout: 0,
    clientBuild: 0,
    clientName: '',
    keyboardType: 0,
    keyboardSubType: 0,
    keyboardFunctionKey: 0,
    imeFileName: new Uint8Array(64),
  };
  test.each([
    [{}, 8],
    [{ colorDepth: ColorDepth.RNS_UD_COLOR_4BPP }, 8],
    [{ postBeta2ColorDepth: ColorDepth.RNS_UD_COLOR_16BPP_565 }, 16],
    [{ postBeta2ColorDepth: ColorDepth.RNS_UD_COLOR_8BPP, highColorDepth: 15 }, 15],
    [{ highColorDepth: 24 }, 24],
    [{ highColorDepth: 4, postBeta2ColorDepth: ColorDepth.RNS_UD_COLOR_24BPP }, 24],
    [{ highColorDepth: 24, supportedColorDepths: 0xf, earlyCapabilityFlags: EarlyCapability.RNS_UD_CS_WANT_32BPP_SESSION }, 32],
    [{ highColorDepth: 24, supportedColorDepths: 0x7, earlyCapabilityFlags: EarlyCapability.RNS_UD_CS_WANT_32BPP_SESSION }, 24],
  ])('%j is %s', (fields, depth) => expect(sessionDepth({ ...core, ...fields })).toBe(depth));
});

describe('the screen a login asks for', () => {
  const logon = (UserName: string, Domain = ''): unknown => {
    const { user, domain, screen } = readLogon({ UserName, Domain, Password: '' });
    return [user, domain, screen];
  };
  test.each([
    ['max', '', ['max', '', 0]],
    ['max', '@2', ['max', '', 1]],
    ['max', 'OFFICE@3', ['max', 'OFFICE', 2]],
    ['@2\\max', '', ['max', '', 1]],
    ['OFFICE\\max', '', ['max', 'OFFICE', 0]],
    ['OFFICE@2\\max', '', ['max', 'OFFICE', 1]],
    ['@2\\max', 'OFFICE', ['max', 'OFFICE', 1]],
    ['a\\b', 'OFFICE', ['a\\b', 'OFFICE', 0]],
    ['max@example.org', '', ['max@example.org', '', 0]],
    ['max', '@0', ['max', '', -1]],
    ['max', 'OFFICE@', ['max', 'OFFICE@', 0]],
    ['max', '@2x', ['max', '@2x', 0]],
  ])('user %j, domain %j', (user, domain, expected) => expect(logon(user, domain)).toEqual(expected));
});

describe('admission', () => {
  const shared = { multiConnection: true, reuseConnection: false };
  const single = { multiConnection: false, reuseConnection: false };
  test('a screen that is not there', () => {
    expect(admit(shared, 0, 1, 1)).toMatchObject({ admitted: false, reason: 'screen 2 does not exist: there are 1' });
    expect(admit(shared, 0, -1, 1)).toMatchObject({ admitted: false });
  });
  test('another screen than the first, where one connection is permitted', () => {
    expect(admit(single, 0, 1, 2)).toMatchObject({ admitted: false, notice: expect.arrayContaining(['VBoxManage modifyvm NAME --vrde-multi-con on']) });
    expect(admit(shared, 0, 1, 2)).toEqual({ admitted: true, displaced: false });
  });
  test('several, one, or the newest', () => {
    expect(admit(shared, 5, 0, 1)).toEqual({ admitted: true, displaced: false });
    expect(admit(single, 0, 0, 1)).toEqual({ admitted: true, displaced: false });
    expect(admit(single, 1, 0, 1)).toMatchObject({ admitted: false });
    expect(admit({ ...single, reuseConnection: true }, 1, 0, 1)).toEqual({ admitted: true, displaced: true });
  });
});

describe('judgement', () => {
  const attempt = { user: 'u', password: 'p', domain: '', clientId: 1, machineId: 'm', address: '127.0.0.1', clientName: '' };
  const never = new AbortController().signal;
  const ask = (judgement: unknown, signal = never, timeout = 10_000): Promise<unknown> =>
    judge({ judge: () => judgement as Promise<never> }, attempt, signal, timeout);
  test('a grant', async () => expect(await ask(Promise.resolve({ granted: true }))).toEqual({ granted: true }));
  test('a refusal, and everything that is no grant', async () => {
    expect(await ask(Promise.resolve({ granted: false, reason: 'no' }))).toEqual({ granted: false, reason: 'no' });
    for (const odd of [undefined, null, {}, true, 'granted', { granted: 1 }, { granted: 'true' }]) {
      expect(await ask(Promise.resolve(odd))).toEqual({ granted: false, reason: 'the authenticator gave no judgement' });
    }
    expect(await judge(undefined, attempt, never, 1000)).toEqual({ granted: false, reason: 'there is no authenticator' });
  });
  test('an authenticator that throws, at once or later', async () => {
    expect(await ask(Promise.reject(new Error('boom')))).toEqual({ granted: false, reason: 'the authenticator failed: boom' });
    const thrower = {
      judge: () => {
        throw new Error('bang');
      },
    };
    expect(await judge(thrower, attempt, never, 1000)).toEqual({ granted: false, reason: 'the authenticator failed: bang' });
  });
  test('one that never answers is told to stop', async () => {
    let told: AbortSignal | undefined;
    const slow = {
      judge: (_attempt: unknown, signal: AbortSignal) => {
        told = signal;
        return new Promise<never>(() => undefined);
      },
    };
    expect(await judge(slow, attempt, never, 5)).toEqual({ granted: false, reason: 'no judgement within 0.005 s' });
    expect(told?.aborted).toBe(true);
  });
  test('a client that goes', async () =>
    expect(await ask(new Promise(() => undefined), AbortSignal.abort())).toEqual({ granted: false, reason: 'the client went away' }));
});

describe('input', () => {
  const desktop = { width: 800, height: 600 };
  const translated = (...events: Parameters<InputTranslator['take']>[0]): readonly string[] => {
    const record = new InputRecord();
    new InputTranslator(record.keyboard, record.pointer).take(events, desktop);
    return record.lines;
  };
  const key = (keyCode: number, keyboardFlags = 0) => ({ type: 'scancode' as const, keyboardFlags, keyCode });
  const mouse = (pointerFlags: number, xPos = 10, yPos = 20) => ({ type: 'mouse' as const, pointerFlags, xPos, yPos });

  test('keys with their prefixes', () => {
    expect(translated(key(0x1e), key(0x1e, 0x8000), key(0x1d, 0x0100), key(0x1d, 0x0200), key(0), key(0x80))).toEqual([
      'key 1e down',
      'key 1e up',
      'key e01d down',
      'key e11d down',
    ]);
  });
  test('a key that this client does not hold is not released', () => expect(translated(key(0x0f, 0x8000))).toEqual([]));
  test('characters', () => {
    expect(
      translated({ type: 'unicode', keyboardFlags: 0, unicodeCode: 0xe4 }, { type: 'unicode', keyboardFlags: 0x8000, unicodeCode: 0xe4 }),
    ).toEqual(['character ä down', 'character ä up']);
  });
  test('buttons and places, kept on the screen', () => {
    expect(
      translated(mouse(0x0800, 5000, 5000), mouse(0x9000), mouse(0xa000), mouse(0x1000), {
        type: 'mousex',
        pointerFlags: 0x8001,
        xPos: 1,
        yPos: 1,
      }),
    ).toEqual([
      'pointer 799,599 buttons 0',
      'pointer 10,20 buttons 1',
      'pointer 10,20 buttons 3',
      'pointer 10,20 buttons 2',
      'pointer 1,1 buttons 10',
    ]);
  });
  test('wheels: notches of 120 and of 128, small turns that add up, both directions and axes', () => {
    expect(translated(mouse(0x0278), mouse(0x0388), mouse(0x0280), mouse(0x0380))).toEqual([
      'wheel 0,1',
      'wheel 0,-1',
      'wheel 0,1',
      'wheel 0,-1',
    ]);
    expect(translated(mouse(0x0228), mouse(0x0228), mouse(0x0228), mouse(0x0228))).toEqual(['wheel 0,1']);
    expect(translated(mouse(0x0478), mouse(0x0588))).toEqual(['wheel 1,0', 'wheel -1,0']);
  });
  test('a client that leaves holds nothing', () => {
    const record = new InputRecord();
    const input = new InputTranslator(record.keyboard, record.pointer);
    input.take([key(0x1e), key(0x2a), mouse(0x9000), { type: 'unicode', keyboardFlags: 0, unicodeCode: 0x41 }], desktop);
    record.lines.length = 0;
    input.release();
    expect(record.lines).toEqual(['key 1e up', 'key 2a up', 'character A up', 'pointer 10,20 buttons 0']);
    input.release();
    expect(record.lines.length).toBe(4);
  });
  test('synchronize lets go of keys, and presses the toggles that differ, where they are known', () => {
    const record = new InputRecord();
    const input = new InputTranslator(record.keyboard, record.pointer);
    const synchronize = (toggleFlags: number) => ({ type: 'synchronize' as const, toggleFlags });
    input.take([key(0x1e), synchronize(2)], desktop);
    expect(record.lines).toEqual(['key 1e down', 'key 1e up']);
    record.indicators = 0b100;
    input.take([synchronize(0b010)], desktop);
    expect(record.lines.slice(2)).toEqual(['key 45 down', 'key 45 up', 'key 3a down', 'key 3a up']);
  });
});
