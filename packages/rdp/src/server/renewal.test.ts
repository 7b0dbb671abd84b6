/** A session of 20,000 packets each way: keys are renewed on both sides at the same packets, and the picture stays exact. */
import { beforeAll, expect, jest, test } from '@jest/globals';
import { generateKeyPairSync } from 'node:crypto';
import { Framebuffer } from '../client/framebuffer.js';
import { inputPackets } from '../client/share.js';
import { encodeBitmap } from '../graphics/index.js';
import { PointerFlags } from '../pdu/input.js';
import { ENCRYPTION_METHOD, proprietaryCertificate, type StandardIdentity } from '../security/index.js';
import { publicNumbers } from '../security/rsa.js';
import { Line } from '../testing/line.js';
import { bitmapUpdates } from './output.js';

// A busy machine takes its time.
jest.setTimeout(120_000);

const PACKETS = 20_000;
const desktop = { width: 256, height: 192 };
let standard: StandardIdentity;
beforeAll(() => {
  const { privateKey: key } = generateKeyPairSync('rsa', { modulusLength: 1024 });
  standard = { key, proprietaryCertificate: proprietaryCertificate(publicNumbers(key)), x509CertificateChain: new Uint8Array(0) };
});

/** Numbers that look random and are the same each time. */
function sequence(): (below: number) => number {
  let state = 1;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

test.each([
  ['128 bits, salted MACs', { encryptionMethods: ENCRYPTION_METHOD['128BIT'] }],
  ['128 bits, RDP 4, slow path', { encryptionMethods: ENCRYPTION_METHOD['128BIT'], rdp4: true, security: 'none', fastPathOutput: false, fastPathInput: false, channels: [] }],
  ['FIPS', { encryptionMethods: ENCRYPTION_METHOD.FIPS }],
] as const)('%s', (_name, asked) => {
  const line = new Line({ securityMethod: 'negotiate', hybrid: false, encryptionDemand: 'client-compatible', standard, offersChannel: () => true, unicode: true }, { bitsPerPixel: 16, ...asked }).admitted(desktop);
  const { server, active } = line;
  if (server.step !== 'active') throw new Error(`the server is in ${server.step}`);
  const { bitsPerPixel } = server.share.link.client;
  const guest = new Uint32Array(desktop.width * desktop.height);
  const seen = new Framebuffer(desktop.width, desktop.height);
  const random = sequence();
  const typed: string[] = [];
  const heard: string[] = [];

  for (let packet = 0; packet < PACKETS; packet++) {
    const rect = { x: 4 * random(63), y: random(180), width: 4, height: 1 + random(8) };
    // Black and white are what every depth shows as it is.
    const colour = random(2) ? 0xffffff : 0;
    for (let y = rect.y; y < rect.y + rect.height; y++) guest.fill(colour, y * desktop.width + rect.x, y * desktop.width + rect.x + rect.width);
    const bitmap = encodeBitmap(guest, desktop.width, rect, { bitsPerPixel, compressed: true, skipAlpha: true });
    const updates = bitmapUpdates(server.share, [bitmap]);
    if (updates.length !== 1) throw new Error(`${updates.length} packets for one small bitmap`);
    line.toClient(updates[0]);

    const event = { type: 'mouse' as const, pointerFlags: PointerFlags.MOVE, xPos: random(desktop.width), yPos: random(desktop.height) };
    typed.push(`${event.xPos},${event.yPos}`);
    line.toServer(inputPackets(active, [event], line.asked));

    for (const effect of line.clientEffects.splice(0)) {
      if (effect.type === 'bitmaps') effect.rectangles.forEach((rectangle) => seen.draw(rectangle));
    }
    for (const effect of line.effects.splice(0)) {
      if (effect.type === 'input') for (const heardEvent of effect.events) if (heardEvent.type === 'mouse') heard.push(`${heardEvent.xPos},${heardEvent.yPos}`);
    }
  }
  expect(Buffer.compare(Buffer.from(seen.pixels.buffer), Buffer.from(guest.buffer))).toBe(0);
  expect(guest.some((pixel) => pixel !== 0)).toBe(true);
  expect(heard).toEqual(typed);
});
