import { expect, test } from '@jest/globals';
import { hex, testCodec } from '@belvedere/wire/testing';
import * as out from './output.js';

const bitmap = {
  destLeft: 64,
  destTop: 0,
  destRight: 67,
  destBottom: 1,
  width: 4,
  height: 2,
  bitsPerPixel: 16,
  flags: 0x0401,
  bitmapDataStream: hex('c0 10'),
};
testCodec(
  'TS_UPDATE_BITMAP_DATA',
  out.TS_UPDATE_BITMAP_DATA,
  { rectangles: [bitmap, { ...bitmap, flags: 0, bitmapDataStream: hex('') }] },
  hex('0100 0200 4000 0000 4300 0100 0400 0200 1000 0104 0200 c010 4000 0000 4300 0100 0400 0200 1000 0000 0000'),
);
testCodec('TS_CD_HEADER', out.TS_CD_HEADER, { cbCompMainBodySize: 2, cbScanWidth: 4, cbUncompressedSize: 16 }, hex('0000 0200 0400 1000'));
testCodec(
  'TS_UPDATE_PALETTE_DATA',
  out.TS_UPDATE_PALETTE_DATA,
  { paletteEntries: [{ red: 1, green: 2, blue: 3 }] },
  hex('0200 0000 01000000 010203'),
);
const arrow = {
  cacheIndex: 0,
  hotSpot: { xPos: 1, yPos: 2 },
  width: 2,
  height: 1,
  xorMaskData: hex('000000ffffff'),
  andMaskData: hex('c000'),
};
testCodec('TS_COLORPOINTERATTRIBUTE', out.TS_COLORPOINTERATTRIBUTE, arrow, hex('0000 0100 0200 0200 0100 0200 0600 000000ffffff c000 00'));
testCodec(
  'TS_POINTERATTRIBUTE',
  out.TS_POINTERATTRIBUTE,
  { xorBpp: 24, colorPtrAttr: arrow },
  hex('1800 0000 0100 0200 0200 0100 0200 0600 000000ffffff c000 00'),
);
testCodec(
  'TS_POINTER_PDU',
  out.TS_POINTER_PDU,
  { messageType: 1, pointerAttributeData: hex('00000000') },
  hex('0100 0000 00000000'),
  [4, 5, 6, 7],
);
testCodec(
  'TS_FP_UPDATE',
  out.TS_FP_UPDATE,
  { updateCode: out.UpdateCode.BITMAP, fragmentation: out.Fragment.FIRST, updateData: hex('aabb') },
  hex('21 0200 aabb'),
);

test('updates follow one another in a packet; compressed ones are refused', () => {
  expect(out.decodeFastPathUpdates(hex('05 0000 01 0100 ff')).map(({ updateCode }) => updateCode)).toEqual([
    out.UpdateCode.PTR_NULL,
    out.UpdateCode.BITMAP,
  ]);
  expect(() => out.decodeFastPathUpdates(hex('81 00 0100 ff'))).toThrow('compressed updates are not supported');
});
