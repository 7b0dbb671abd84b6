/**
 * Input events, as slow-path and as fast-path PDUs.
 *
 * [MS-RDPBCGR] 2.2.8.1.1.3 (slow path), 2.2.8.1.2 (fast path). Pure.
 */
import { array, type Codec, countOf, Cursor, pdu, u16le, u32le, u8, zeroes } from '@belvedere/wire';

/** `messageType` of a slow-path event. */
export const MessageType = { SYNC: 0x0000, UNUSED: 0x0002, SCANCODE: 0x0004, UNICODE: 0x0005, MOUSE: 0x8001, MOUSEX: 0x8002 } as const;

/** `keyboardFlags`. */
export const KeyboardFlags = { EXTENDED: 0x0100, EXTENDED1: 0x0200, DOWN: 0x4000, RELEASE: 0x8000 } as const;

/** `pointerFlags` of a mouse event. The nine low bits hold the rotation of a wheel, in two's complement. */
export const PointerFlags = {
  HWHEEL: 0x0400,
  WHEEL: 0x0200,
  WHEEL_NEGATIVE: 0x0100,
  WheelRotationMask: 0x01ff,
  MOVE: 0x0800,
  DOWN: 0x8000,
  BUTTON1: 0x1000,
  BUTTON2: 0x2000,
  BUTTON3: 0x4000,
} as const;

/** `pointerFlags` of an extended mouse event. */
export const PointerXFlags = { DOWN: 0x8000, BUTTON1: 0x0001, BUTTON2: 0x0002 } as const;

/** `toggleFlags` of a synchronize event. */
export const SyncFlags = { SCROLL_LOCK: 1, NUM_LOCK: 2, CAPS_LOCK: 4, KANA_LOCK: 8 } as const;

/** An input event, whichever path brought it. Flags are those of the slow path. */
export type InputEvent =
  | { readonly type: 'scancode'; readonly keyboardFlags: number; readonly keyCode: number }
  | { readonly type: 'unicode'; readonly keyboardFlags: number; readonly unicodeCode: number }
  | { readonly type: 'mouse' | 'mousex'; readonly pointerFlags: number; readonly xPos: number; readonly yPos: number }
  | { readonly type: 'synchronize'; readonly toggleFlags: number }
  | { readonly type: 'unused' };

const keyboard = pdu('TS_KEYBOARD_EVENT', '[MS-RDPBCGR] 2.2.8.1.1.3.1.1.1', {
  keyboardFlags: u16le,
  keyCode: u16le,
  pad2Octets: zeroes(2),
});
const unicode = pdu('TS_UNICODE_KEYBOARD_EVENT', '[MS-RDPBCGR] 2.2.8.1.1.3.1.1.2', {
  keyboardFlags: u16le,
  unicodeCode: u16le,
  pad2Octets: zeroes(2),
});
const pointer = pdu('TS_POINTER_EVENT', '[MS-RDPBCGR] 2.2.8.1.1.3.1.1.3', { pointerFlags: u16le, xPos: u16le, yPos: u16le });
const sync = pdu('TS_SYNC_EVENT', '[MS-RDPBCGR] 2.2.8.1.1.3.1.1.5', { pad2Octets: zeroes(2), toggleFlags: u32le });

/** One slow-path event: twelve bytes, whatever its type. */
const TS_INPUT_EVENT: Codec<InputEvent> = {
  size: () => 12,
  encode(event, out) {
    out.take(4); // eventTime, which servers ignore
    switch (event.type) {
      case 'scancode':
        u16le.encode(MessageType.SCANCODE, out);
        return keyboard.encode(event, out);
      case 'unicode':
        u16le.encode(MessageType.UNICODE, out);
        return unicode.encode(event, out);
      case 'mouse':
      case 'mousex':
        u16le.encode(event.type === 'mouse' ? MessageType.MOUSE : MessageType.MOUSEX, out);
        return pointer.encode(event, out);
      case 'synchronize':
        u16le.encode(MessageType.SYNC, out);
        return sync.encode(event, out);
      case 'unused':
        u16le.encode(MessageType.UNUSED, out);
        return void out.take(6);
    }
  },
  decode(input) {
    input.take(4);
    const messageType = u16le.decode(input);
    const data = input.within(6);
    switch (messageType) {
      case MessageType.SCANCODE:
        return { type: 'scancode', ...keyboard.decode(data) };
      case MessageType.UNICODE:
        return { type: 'unicode', ...unicode.decode(data) };
      case MessageType.MOUSE:
        return { type: 'mouse', ...pointer.decode(data) };
      case MessageType.MOUSEX:
        return { type: 'mousex', ...pointer.decode(data) };
      case MessageType.SYNC:
        return { type: 'synchronize', ...sync.decode(data) };
      default:
        return { type: 'unused' };
    }
  },
};

export const TS_INPUT_PDU_DATA = pdu('TS_INPUT_PDU_DATA', '[MS-RDPBCGR] 2.2.8.1.1.3', {
  numEvents: countOf('slowPathInputEvents', u16le),
  pad2Octets: zeroes(2),
  slowPathInputEvents: array(TS_INPUT_EVENT),
});

/** Three high bits of a fast-path event's header. */
const FastPathCode = { SCANCODE: 0, MOUSE: 1, MOUSEX: 2, SYNC: 3, UNICODE: 4, RELMOUSE: 5, QOE_TIMESTAMP: 6 } as const;

/** Five low bits of it, for keys. */
const FASTPATH_RELEASE = 1;
const FASTPATH_EXTENDED = 2;
const FASTPATH_EXTENDED1 = 4;

const fromFastPath = (flags: number): number =>
  (flags & FASTPATH_RELEASE ? KeyboardFlags.RELEASE : 0) |
  (flags & FASTPATH_EXTENDED ? KeyboardFlags.EXTENDED : 0) |
  (flags & FASTPATH_EXTENDED1 ? KeyboardFlags.EXTENDED1 : 0);

const toFastPath = (keyboardFlags: number): number =>
  (keyboardFlags & KeyboardFlags.RELEASE ? FASTPATH_RELEASE : 0) |
  (keyboardFlags & KeyboardFlags.EXTENDED ? FASTPATH_EXTENDED : 0) |
  (keyboardFlags & KeyboardFlags.EXTENDED1 ? FASTPATH_EXTENDED1 : 0);

/** One fast-path event. [MS-RDPBCGR] 2.2.8.1.2.2 */
export const TS_FP_INPUT_EVENT: Codec<InputEvent> = {
  size: (event) => ({ scancode: 2, unicode: 3, mouse: 7, mousex: 7, synchronize: 1, unused: 5 })[event.type],
  encode(event, out) {
    const header = (code: number, flags: number): void => void (out.bytes[out.take(1)] = (code << 5) | flags);
    switch (event.type) {
      case 'scancode':
        header(FastPathCode.SCANCODE, toFastPath(event.keyboardFlags));
        return u8.encode(event.keyCode, out);
      case 'unicode':
        header(FastPathCode.UNICODE, toFastPath(event.keyboardFlags));
        return u16le.encode(event.unicodeCode, out);
      case 'mouse':
      case 'mousex':
        header(event.type === 'mouse' ? FastPathCode.MOUSE : FastPathCode.MOUSEX, 0);
        return pointer.encode(event, out);
      case 'synchronize':
        return header(FastPathCode.SYNC, event.toggleFlags & 0x1f);
      case 'unused':
        header(FastPathCode.QOE_TIMESTAMP, 0);
        return u32le.encode(0, out);
    }
  },
  decode(input) {
    const header = u8.decode(input);
    const flags = header & 0x1f;
    switch (header >> 5) {
      case FastPathCode.SCANCODE:
        return { type: 'scancode', keyboardFlags: fromFastPath(flags), keyCode: u8.decode(input) };
      case FastPathCode.MOUSE:
        return { type: 'mouse', ...pointer.decode(input) };
      case FastPathCode.MOUSEX:
        return { type: 'mousex', ...pointer.decode(input) };
      case FastPathCode.SYNC:
        return { type: 'synchronize', toggleFlags: flags };
      case FastPathCode.UNICODE:
        return { type: 'unicode', keyboardFlags: fromFastPath(flags), unicodeCode: u16le.decode(input) };
      case FastPathCode.RELMOUSE: // never announced to clients
      case FastPathCode.QOE_TIMESTAMP:
        input.take(4);
        return { type: 'unused' };
      default:
        return input.fail(`event code ${header >> 5} is unknown`);
    }
  },
};

/** `action` of both fast-path headers, in its two low bits; TPKT's version is 3 there. */
const FASTPATH_ACTION = 0;

/** The two high bits of a fast-path header. */
export const FastPathFlags = { SECURE_CHECKSUM: 1, ENCRYPTED: 2 } as const;

export interface FastPathInput {
  /** FastPathFlags, already shifted down. */
  readonly flags: number;
  /** From the header; 0: the count is the first byte of the (decrypted) body. */
  readonly numEvents: number;
  /** What follows the length: FIPS information, signature and (encrypted) events. */
  readonly body: Uint8Array;
}

/** The header of a fast-path input PDU that was cut from the stream whole (`packetLength`). */
export const splitFastPathInput = (packet: Uint8Array): FastPathInput => ({
  flags: packet[0] >> 6,
  numEvents: (packet[0] >> 2) & 0xf,
  body: packet.subarray(packet[1] < 0x80 ? 2 : 3),
});

/** The events of a decrypted body. @param numEvents as the header has it */
export function decodeFastPathEvents(numEvents: number, body: Uint8Array): InputEvent[] {
  const input = new Cursor(body);
  input.where = 'TS_FP_INPUT_PDU.numEvents';
  const count = numEvents || u8.decode(input);
  input.where = 'TS_FP_INPUT_PDU.fpInputEvents';
  const events: InputEvent[] = [];
  while (events.length < count) events.push(TS_FP_INPUT_EVENT.decode(input));
  return events;
}

/**
 * A fast-path PDU of any direction: header, length of the whole, body. @param headerBits the six bits between action and flags, unshifted
 */
export function encodeFastPath(flags: number, headerBits: number, body: Uint8Array): Uint8Array {
  const long = body.length + 2 > 0x7f;
  const length = body.length + (long ? 3 : 2);
  const packet = new Uint8Array(length);
  packet[0] = FASTPATH_ACTION | headerBits | (flags << 6);
  if (long) packet.set([0x80 | (length >> 8), length & 0xff], 1);
  else packet[1] = length;
  packet.set(body, long ? 3 : 2);
  return packet;
}
