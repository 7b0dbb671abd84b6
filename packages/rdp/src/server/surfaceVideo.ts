/**
 * Moving pictures for clients that know a codec of surface commands: one bitmap for each part of a stream's newest frame.
 *
 * [MS-RDPBCGR] 2.2.9.2.1. Not pure: writes to a connection; encoded pictures are shared by clients.
 */
import { encodeNsCodec, type NsCodecFormat } from '../graphics/nscodec.js';
import { clip, type Rect, type VideoSink } from '../graphics/index.js';
import { SURFACE_BITS_HEADER } from '../pdu/surface.js';
import type { VideoStream } from '../ports.js';
import type { VideoCodec } from './capabilities.js';
import { FAST_PATH_LIMIT, surfaceBits } from './output.js';
import type { Share } from './state.js';

/** The shortest side of a picture that is cut in two because it is too long for the client. */
const SHORTEST = 16;

export class SurfaceVideo implements VideoSink {
  readonly ready = true;

  /** @param write must not throw */
  constructor(
    private readonly share: Share,
    private readonly codec: VideoCodec,
    private readonly write: (packets: readonly Uint8Array[]) => void,
  ) {}

  show(stream: VideoStream, pixels: Uint32Array, stride: number): boolean {
    const { width, height } = this.share.desktop;
    for (const part of clip(stream.parts, { x: 0, y: 0, width, height })) this.send(stream, part, pixels, stride);
    return true;
  }

  end(): void {
    // What is drawn stays until it is drawn over.
  }

  private send(stream: VideoStream, rect: Rect, pixels: Uint32Array, stride: number): void {
    const { x, y, width, height } = rect;
    const bitmapData = this.codec.name === 'jpeg' ? stream.jpeg(rect) : shared(stream, rect, this.format(stream.quality), pixels, stride);
    const limit = Math.max(FAST_PATH_LIMIT, this.share.capabilities.maxFragmentedUpdate) - SURFACE_BITS_HEADER;
    if (bitmapData.length > limit && Math.max(width, height) > SHORTEST) {
      const half = (width >= height ? width : height) >> 4 << 3;
      const halves = width >= height
        ? [{ ...rect, width: half }, { ...rect, x: x + half, width: width - half }]
        : [{ ...rect, height: half }, { ...rect, y: y + half, height: height - half }];
      for (const part of halves) this.send(stream, part, pixels, stride);
      return;
    }
    const place = { destLeft: x, destTop: y, destRight: x + width, destBottom: y + height };
    this.write(surfaceBits(this.share, { ...place, bpp: 32, codecID: this.codec.codecID, width, height, bitmapData }));
  }

  /** What a JPEG quality comes to: what the client says at a high one, more loss below. */
  private format(quality: number): NsCodecFormat {
    const { colorLossLevel, subsampling } = (this.codec as Extract<VideoCodec, { name: 'nscodec' }>).format;
    return { colorLossLevel: Math.max(colorLossLevel, quality >= 75 ? 3 : quality >= 50 ? 4 : 5), subsampling };
  }
}

/** Pictures of each stream's newest frame. */
const pictures = new WeakMap<VideoStream, { frames: number; readonly made: Map<string, Uint8Array> }>();

/** A picture in NSCodec: encoded once for all clients that take the same. */
function shared(stream: VideoStream, rect: Rect, format: NsCodecFormat, pixels: Uint32Array, stride: number): Uint8Array {
  let newest = pictures.get(stream);
  if (newest?.frames !== stream.frames) pictures.set(stream, (newest = { frames: stream.frames, made: new Map() }));
  const key = `${rect.x},${rect.y},${rect.width},${rect.height},${format.colorLossLevel},${format.subsampling}`;
  let picture = newest.made.get(key);
  if (!picture) newest.made.set(key, (picture = encodeNsCodec(pixels, stride, rect, format)));
  return picture;
}
