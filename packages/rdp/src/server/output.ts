/**
 * What a share draws, as packets for its client: bitmaps, palette and pointer, on the path that the client knows.
 *
 * [MS-RDPBCGR] 2.2.9.1.1 (slow path), 2.2.9.1.2 (fast path), 3.3.5.9. Pure, but for the cipher state of the link's security layer.
 */
import { encode } from '@belvedere/wire';
import { bytesPerPel } from '../graphics/colour.js';
import { type ColorPointer, decodeBitmap, type EncodedBitmap } from '../graphics/index.js';
import * as out from '../pdu/output.js';
import { MonitorFlags, TS_MONITOR_LAYOUT_PDU } from '../pdu/settings.js';
import { PduType2 } from '../pdu/share.js';
import type { Rect } from '../ports.js';
import { type SurfaceBits, TS_SURFCMD_SET_SURF_BITS } from '../pdu/surface.js';
import { data, fastPath } from './envelope.js';
import type { Share } from './state.js';

/** Bytes of an update that every client takes: with all headers it stays below the 16 KiB of an MCS PDU. [X.691] 10.9.3.8 */
const UPDATE_LIMIT = 0x3f00;
/** Bytes of an update in one fast-path PDU, whose length has fifteen bits. */
export const FAST_PATH_LIMIT = 0x7f00;

const FP_CODES: Readonly<Record<number, number>> = {
  [out.UpdateType.BITMAP]: out.UpdateCode.BITMAP,
  [out.UpdateType.PALETTE]: out.UpdateCode.PALETTE,
};

/** Bitmaps, in as few updates as fit. INVARIANT: one bitmap is at most 32,000 bytes, or what the client puts together from fragments */
export function bitmapUpdates(share: Share, bitmaps: readonly EncodedBitmap[]): Uint8Array[] {
  const packets: Uint8Array[] = [];
  let group: out.BitmapData[] = [];
  let size = out.BITMAP_UPDATE_HEADER;
  const flush = (): void => {
    if (group.length) packets.push(...update(share, out.UpdateType.BITMAP, encode(out.TS_UPDATE_BITMAP_DATA, { rectangles: group })));
    group = [];
    size = out.BITMAP_UPDATE_HEADER;
  };
  for (const bitmap of bitmaps) {
    for (const rectangle of rectangles(share, bitmap)) {
      const length = out.BITMAP_DATA_HEADER + rectangle.bitmapDataStream.length;
      if (size + length > UPDATE_LIMIT) flush();
      group.push(rectangle);
      size += length;
    }
  }
  flush();
  return packets;
}

/** A bitmap as the client takes it; in strips where the slow path cannot carry it whole. */
function rectangles({ capabilities }: Share, bitmap: EncodedBitmap): out.BitmapData[] {
  const whole = rectangle(bitmap, capabilities.noBitmapCompressionHeader);
  if (capabilities.fastPathOutput || whole.bitmapDataStream.length + out.BITMAP_DATA_HEADER + out.BITMAP_UPDATE_HEADER <= UPDATE_LIMIT)
    return [whole];
  return strips(raw(bitmap)).map((strip) => rectangle(strip, false));
}

function rectangle(bitmap: EncodedBitmap, noHeader: boolean): out.BitmapData {
  const { x, y, visibleWidth, width, height, bitsPerPixel, compressed, data: stream } = bitmap;
  const bounds = { destLeft: x, destTop: y, destRight: x + visibleWidth - 1, destBottom: y + height - 1, width, height, bitsPerPixel };
  if (!compressed) return { ...bounds, flags: 0, bitmapDataStream: stream };
  if (noHeader)
    return { ...bounds, flags: out.BitmapFlags.BITMAP_COMPRESSION | out.BitmapFlags.NO_BITMAP_COMPRESSION_HDR, bitmapDataStream: stream };
  const header = encode(out.TS_CD_HEADER, {
    cbCompMainBodySize: stream.length,
    cbScanWidth: width,
    cbUncompressedSize: width * height * bytesPerPel(bitsPerPixel),
  });
  return { ...bounds, flags: out.BitmapFlags.BITMAP_COMPRESSION, bitmapDataStream: Buffer.concat([header, stream]) };
}

/** A bitmap without compression. Only 32-bit ones are ever so large that this is asked. */
function raw(bitmap: EncodedBitmap): EncodedBitmap {
  if (!bitmap.compressed) return bitmap;
  const pixels = decodeBitmap(bitmap);
  const bottomUp = new Uint32Array(pixels.length);
  for (let row = 0; row < bitmap.height; row++)
    bottomUp.set(pixels.subarray(row * bitmap.width, (row + 1) * bitmap.width), (bitmap.height - 1 - row) * bitmap.width);
  return { ...bitmap, compressed: false, data: new Uint8Array(bottomUp.buffer) };
}

/** A raw bitmap cut into parts of whole rows. Its rows start at the bottom. */
function strips(bitmap: EncodedBitmap): EncodedBitmap[] {
  const rowBytes = bitmap.data.length / bitmap.height;
  const rows = Math.floor((UPDATE_LIMIT - out.BITMAP_DATA_HEADER - out.BITMAP_UPDATE_HEADER) / rowBytes);
  const parts: EncodedBitmap[] = [];
  for (let below = 0; below < bitmap.height; below += rows) {
    const height = Math.min(rows, bitmap.height - below);
    const part = bitmap.data.subarray(below * rowBytes, (below + height) * rowBytes);
    parts.push({ ...bitmap, y: bitmap.y + bitmap.height - below - height, height, data: part });
  }
  return parts;
}

/** The palette of an 8-bit session. @param palette 0x00RRGGBB */
export const paletteUpdate = (share: Share, palette: Uint32Array): Uint8Array[] =>
  update(
    share,
    out.UpdateType.PALETTE,
    encode(out.TS_UPDATE_PALETTE_DATA, {
      paletteEntries: Array.from(palette, (rgb) => ({ red: (rgb >> 16) & 0xff, green: (rgb >> 8) & 0xff, blue: rgb & 0xff })),
    }),
  );

/** A slow-path update's body is a fast-path update's data: both start with `updateType`. */
const update = (share: Share, updateType: number, body: Uint8Array): Uint8Array[] =>
  share.capabilities.fastPathOutput
    ? fastPathUpdates(share, FP_CODES[updateType], body)
    : [data(share.link, share.shareId, PduType2.UPDATE, body)];

/** An update in one PDU or, where it is too long for that, in fragments. [MS-RDPBCGR] 2.2.9.1.2.1 */
function fastPathUpdates({ link, capabilities }: Share, updateCode: number, body: Uint8Array): Uint8Array[] {
  const packet = (fragmentation: number, updateData: Uint8Array): Uint8Array =>
    fastPath(link, encode(out.TS_FP_UPDATE, { updateCode, fragmentation, updateData }));
  if (body.length <= FAST_PATH_LIMIT) return [packet(out.Fragment.SINGLE, body)];
  if (body.length > capabilities.maxFragmentedUpdate) {
    throw new RangeError(`an update of ${body.length} bytes, but the client puts together at most ${capabilities.maxFragmentedUpdate}`);
  }
  const packets: Uint8Array[] = [];
  for (let at = 0; at < body.length; at += UPDATE_LIMIT) {
    const last = at + UPDATE_LIMIT >= body.length;
    packets.push(
      packet(at === 0 ? out.Fragment.FIRST : last ? out.Fragment.LAST : out.Fragment.NEXT, body.subarray(at, at + UPDATE_LIMIT)),
    );
  }
  return packets;
}

/** How the session's screens stand; the first one is the primary. */
export function monitorLayout({ link, shareId }: Share, parts: readonly Rect[]): Uint8Array[] {
  const [{ x: left, y: top }] = parts;
  const monitorDefArray = parts.map(({ x, y, width, height }, index) => ({
    left: x - left,
    top: y - top,
    right: x - left + width - 1,
    bottom: y - top + height - 1,
    flags: index === 0 ? MonitorFlags.TS_MONITOR_PRIMARY : 0,
  }));
  return [data(link, shareId, PduType2.MONITOR_LAYOUT, encode(TS_MONITOR_LAYOUT_PDU, { monitorDefArray }))];
}

/** A bitmap in a codec of the client's. INVARIANT: it is no longer than what the client puts together from fragments; its output is fast-path */
export const surfaceBits = (share: Share, bits: SurfaceBits): Uint8Array[] =>
  fastPathUpdates(share, out.UpdateCode.SURFCMDS, encode(TS_SURFCMD_SET_SURF_BITS, bits));

/** A pointer whose XOR mask has `xorBpp` bits a pixel: 1, 4, 8, 16, 24 or 32, these with alpha. */
export interface NewPointer extends ColorPointer {
  readonly xorBpp: number;
}

/** What the client's pointer looks like: hidden, the client's own arrow, or a picture. INVARIANT: a picture is at most 32 by 32 pixels */
export type PointerShape = 'hidden' | 'default' | ColorPointer | NewPointer;

/** The pointer. A client that keeps no pictures of this kind gets its own arrow instead. */
export function pointerUpdate(share: Share, shape: PointerShape): Uint8Array[] {
  const { fastPathOutput, pointerCache, newPointers } = share.capabilities;
  const { UpdateCode, PointerMessage } = out;
  const send = (updateCode: number, fastBody: Uint8Array, messageType: number, attribute: Uint8Array): Uint8Array[] =>
    fastPathOutput ? fastPathUpdates(share, updateCode, fastBody) : slowPathPointer(share, messageType, attribute);
  const system = (updateCode: number, systemPointerType: number): Uint8Array[] =>
    send(updateCode, new Uint8Array(0), PointerMessage.SYSTEM, encode(out.TS_SYSTEMPOINTERATTRIBUTE, { systemPointerType }));

  if (shape === 'hidden') return system(UpdateCode.PTR_NULL, out.SystemPointer.NULL);
  if (shape === 'default' || !('xorBpp' in shape ? newPointers : pointerCache > 0))
    return system(UpdateCode.PTR_DEFAULT, out.SystemPointer.DEFAULT);
  const colorPtrAttr = { cacheIndex: 0, ...shape };
  if (!('xorBpp' in shape)) {
    const attribute = encode(out.TS_COLORPOINTERATTRIBUTE, colorPtrAttr);
    return send(UpdateCode.COLOR, attribute, PointerMessage.COLOR, attribute);
  }
  const attribute = encode(out.TS_POINTERATTRIBUTE, { xorBpp: shape.xorBpp, colorPtrAttr });
  return send(UpdateCode.POINTER, attribute, PointerMessage.POINTER, attribute);
}

const slowPathPointer = (share: Share, messageType: number, pointerAttributeData: Uint8Array): Uint8Array[] => [
  data(share.link, share.shareId, PduType2.POINTER, encode(out.TS_POINTER_PDU, { messageType, pointerAttributeData })),
];
