import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { Cursor, decode, encode, WireError } from '@belvedere/wire';
import { hex, testCodec } from '@belvedere/wire/testing';
import {
  decodeFastPathEvents,
  encodeFastPath,
  type InputEvent,
  KeyboardFlags,
  PointerFlags,
  splitFastPathInput,
  TS_FP_INPUT_EVENT,
  TS_INPUT_PDU_DATA,
} from './input.js';

const u16 = fc.nat(0xffff);
const FLAGS = KeyboardFlags.EXTENDED | KeyboardFlags.EXTENDED1 | KeyboardFlags.RELEASE;
const flags = fc.nat(0xffff).map((value) => value & FLAGS);
const anyEvent: fc.Arbitrary<InputEvent> = fc.oneof(
  fc.record({ type: fc.constant('scancode' as const), keyboardFlags: flags, keyCode: fc.nat(0xff) }),
  fc.record({ type: fc.constant('unicode' as const), keyboardFlags: flags, unicodeCode: u16 }),
  fc.record({ type: fc.constantFrom('mouse' as const, 'mousex' as const), pointerFlags: u16, xPos: u16, yPos: u16 }),
  fc.record({ type: fc.constant('synchronize' as const), toggleFlags: fc.nat(15) }),
  fc.constant<InputEvent>({ type: 'unused' }),
);

describe('slow path', () => {
  testCodec(
    'TS_INPUT_PDU_DATA',
    TS_INPUT_PDU_DATA,
    {
      slowPathInputEvents: [
        { type: 'synchronize', toggleFlags: 2 },
        { type: 'scancode', keyboardFlags: KeyboardFlags.RELEASE, keyCode: 0x0f },
        { type: 'unicode', keyboardFlags: 0, unicodeCode: 0x20ac },
        { type: 'mouse', pointerFlags: PointerFlags.MOVE, xPos: 10, yPos: 20 },
        { type: 'mousex', pointerFlags: 0x8001, xPos: 1, yPos: 2 },
        { type: 'unused' },
      ],
    },
    hex(`0600 0000 00000000 0000 0000 02000000 00000000 0400 0080 0f00 0000 00000000 0500 0000 ac20 0000
      00000000 0180 0008 0a00 1400 00000000 0280 0180 0100 0200 00000000 0200 000000000000`),
  );
  test('an event of a type we do not know takes its twelve bytes and means nothing', () => {
    expect(decode(TS_INPUT_PDU_DATA, hex('0100 0000 00000000 7777 010203040506')).slowPathInputEvents).toEqual([{ type: 'unused' }]);
  });
});

describe('fast path', () => {
  testCodec(
    'a key',
    TS_FP_INPUT_EVENT,
    { type: 'scancode', keyboardFlags: KeyboardFlags.RELEASE | KeyboardFlags.EXTENDED, keyCode: 0x1d },
    hex('03 1d'),
  );
  testCodec('Pause', TS_FP_INPUT_EVENT, { type: 'scancode', keyboardFlags: KeyboardFlags.EXTENDED1, keyCode: 0x1d }, hex('04 1d'));
  testCodec('the mouse', TS_FP_INPUT_EVENT, { type: 'mouse', pointerFlags: 0x9000, xPos: 0x102, yPos: 0x304 }, hex('20 0090 0201 0403'));
  testCodec('extended buttons', TS_FP_INPUT_EVENT, { type: 'mousex', pointerFlags: 0x8002, xPos: 1, yPos: 2 }, hex('40 0280 0100 0200'));
  testCodec('synchronize', TS_FP_INPUT_EVENT, { type: 'synchronize', toggleFlags: 6 }, hex('66'));
  testCodec(
    'a character',
    TS_FP_INPUT_EVENT,
    { type: 'unicode', keyboardFlags: KeyboardFlags.RELEASE, unicodeCode: 0x20ac },
    hex('81 ac20'),
  );
  test('an unknown event ends the packet: its length is not known', () => {
    expect(() => decode(TS_FP_INPUT_EVENT, hex('e0'))).toThrow('event code 7 is unknown');
    expect(decode(TS_FP_INPUT_EVENT, hex('a0 01000200'))).toEqual({ type: 'unused' });
  });
  test('more events than bytes are refused', () => expect(() => decodeFastPathEvents(3, hex('00 1e'))).toThrow(WireError));

  test('whole packets round trip, with the count in the header or behind it', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { minLength: 1, maxLength: 40 }), (events) => {
        const body = Buffer.concat(events.map((event) => encode(TS_FP_INPUT_EVENT, event)));
        const many = events.length > 15;
        const packet = encodeFastPath(0, many ? 0 : events.length << 2, many ? Buffer.concat([Uint8Array.of(events.length), body]) : body);
        const split = splitFastPathInput(packet);
        expect(split.flags).toBe(0);
        expect(decodeFastPathEvents(split.numEvents, split.body)).toEqual(events);
        const slow = encode(TS_INPUT_PDU_DATA, { slowPathInputEvents: events });
        expect(TS_INPUT_PDU_DATA.decode(new Cursor(slow)).slowPathInputEvents).toEqual(events);
      }),
    );
  });
});
