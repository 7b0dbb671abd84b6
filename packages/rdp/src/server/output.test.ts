import { describe, expect, test } from '@jest/globals';
import { decode } from '@belvedere/wire';
import { ARROW, encodeBitmap, type EncodedBitmap } from '../graphics/index.js';
import { Framebuffer } from '../client/framebuffer.js';
import { Fragments, receive } from '../client/share.js';
import type { ClientEffect, ClientSettings } from '../client/state.js';
import { splitFastPathInput } from '../pdu/input.js';
import { IO_CHANNEL_ID, SEND_DATA_INDICATION } from '../pdu/mcs.js';
import { decodeFastPathUpdates } from '../pdu/output.js';
import { decodeData, Protocol } from '../pdu/x224.js';
import { plainLayer } from '../security/index.js';
import { bitmapUpdates, paletteUpdate, pointerUpdate } from './output.js';
import type { ClientCapabilities } from './capabilities.js';
import type { Share } from './state.js';

const share = (change: Partial<ClientCapabilities> = {}): Share => ({
  link: {
    negotiation: { requestedProtocols: Protocol.SSL, selectedProtocol: Protocol.SSL },
    client: { core: {} as never, security: { encryptionMethods: 0 }, channels: [], bitsPerPixel: 32, showsErrorInfo: true, redirects: false, monitors: 1, takesMonitorLayout: false },
    userId: 1004,
    security: plainLayer('server'),
  },
  shareId: 0x103ea,
  desktop: { width: 256, height: 128 },
  capabilities: {
    fastPathOutput: true,
    noBitmapCompressionHeader: true,
    saltedChecksum: true,
    compressedBitmaps: true,
    skipAlpha: true,
    resizes: true,
    newPointers: true,
    pointerCache: 20,
    maxFragmentedUpdate: 0,
    videoCodec: undefined,
    ...change,
  },
});

const clientLine = { userId: 1004, ioChannel: IO_CHANNEL_ID, channels: [], security: plainLayer('client') };

/** What a client makes of packets. */
function effects(packets: readonly Uint8Array[]): ClientEffect[] {
  const fragments = new Fragments();
  const state = { step: 'active' as const, line: clientLine, share: { shareId: 0x103ea, width: 256, height: 128, bitsPerPixel: 32 } };
  return packets.flatMap(
    (bytes) => receive(state, { kind: bytes[0] === 3 ? 'tpkt' : 'fastPath', bytes }, {} as ClientSettings, fragments).effects,
  );
}

/** Pixels that no compression shortens. */
const noise = Uint32Array.from({ length: 256 * 128 }, (_, i) => (Math.imul(i + 1, 0x9e3779b1) >>> 8) & 0xffffff);

const tiles = (pixels: Uint32Array, compressed: boolean): EncodedBitmap[] =>
  [0, 1, 2, 3, 4, 5, 6, 7].map((i) =>
    encodeBitmap(
      pixels,
      256,
      { x: (i % 4) * 64, y: (i >> 2) * 64, width: 64, height: 64 },
      { bitsPerPixel: 32, compressed, skipAlpha: true },
    ),
  );

const drawn = (packets: readonly Uint8Array[]): Uint32Array => {
  const framebuffer = new Framebuffer(256, 128);
  for (const effect of effects(packets))
    if (effect.type === 'bitmaps') effect.rectangles.forEach((rectangle) => framebuffer.draw(rectangle));
  return framebuffer.pixels;
};

describe('bitmaps', () => {
  const picture = noise.map((pixel, i) => (i % 256 < 128 ? pixel : 0x3366cc));
  test.each([
    ['fast path, raw', {}, false],
    ['fast path, compressed', {}, true],
    ['fast path, with compression headers', { noBitmapCompressionHeader: false }, true],
    ['slow path, raw, in strips', { fastPathOutput: false }, false],
    ['slow path, compressed, with headers', { fastPathOutput: false, noBitmapCompressionHeader: false }, true],
  ])('%s', (_name, capabilities, compressed) => {
    const packets = bitmapUpdates(share(capabilities), tiles(picture, compressed));
    expect(drawn(packets)).toEqual(picture);
    for (const packet of packets)
      if (packet[0] === 3) expect(decode(SEND_DATA_INDICATION, decodeData(packet)).userData.length).toBeLessThan(0x4000);
  });
  test('a compressed bitmap that the slow path cannot carry goes raw', () => {
    const [tile] = tiles(picture, false);
    // Planar, with four planes as they are: longer than raw pixels.
    const big = { ...tile, compressed: true, data: Buffer.concat([Uint8Array.of(0), new Uint8Array(4 * 4096), Uint8Array.of(0)]) };
    const packets = bitmapUpdates(share({ fastPathOutput: false }), [big]);
    expect(packets.length).toBe(2);
    expect(drawn(packets).every((pixel) => pixel === 0)).toBe(true);
  });
  test('small ones share a packet', () => {
    const format = { bitsPerPixel: 16 as const, compressed: true, skipAlpha: true };
    const small = Array.from({ length: 8 }, (_, i) => encodeBitmap(picture, 256, { x: 128 + 16 * i, y: 0, width: 16, height: 16 }, format));
    expect(bitmapUpdates(share(), small).length).toBe(1);
  });
});

test('an update that fits no packet comes in fragments', () => {
  const data = new Uint8Array(100 * 100 * 4).fill(0x55);
  const bitmap: EncodedBitmap = { x: 0, y: 0, visibleWidth: 100, width: 100, height: 100, bitsPerPixel: 32, compressed: false, data };
  expect(() => bitmapUpdates(share(), [bitmap])).toThrow('at most 0');
  const packets = bitmapUpdates(share({ maxFragmentedUpdate: 0x40000 }), [bitmap]);
  const updates = packets.flatMap((packet) => decodeFastPathUpdates(splitFastPathInput(packet).body));
  expect(updates.map(({ fragmentation }) => fragmentation)).toEqual([2, 3, 1]);
  const [effect] = effects(packets);
  expect(effect.type === 'bitmaps' && effect.rectangles[0].bitmapDataStream.length).toBe(40000);
});

describe.each([
  ['fast', true],
  ['slow', false],
])('on the %s path', (_name, fastPathOutput) => {
  const shapes = (change: Partial<ClientCapabilities>, ...asked: Parameters<typeof pointerUpdate>[1][]): unknown[] =>
    effects(asked.flatMap((shape) => pointerUpdate(share({ fastPathOutput, ...change }), shape))).map(
      (effect) => effect.type === 'pointer' && effect.shape,
    );
  test('pointers', () => expect(shapes({}, 'hidden', 'default', ARROW)).toEqual(['hidden', 'default', 'picture']));
  test('pointers with alpha', () => {
    const shape = { ...ARROW, xorBpp: 32, xorMaskData: new Uint8Array(4096) };
    expect([...shapes({}, shape), ...shapes({ newPointers: false }, shape)]).toEqual(['picture', 'default']);
  });
  test('pointers of a client without a cache', () => expect(shapes({ pointerCache: 0 }, 'hidden', ARROW)).toEqual(['hidden', 'default']));
  test('the palette', () => {
    expect(effects(paletteUpdate(share({ fastPathOutput }), Uint32Array.of(0x010203, 0xfffefd)))).toEqual([
      { type: 'palette', colours: Uint32Array.of(0x010203, 0xfffefd) },
    ]);
  });
});
