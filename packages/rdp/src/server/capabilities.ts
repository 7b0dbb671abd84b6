/**
 * What the server tells clients that it can, and what it believes of what they can.
 *
 * [MS-RDPBCGR] 2.2.1.13.1, 2.2.1.13.2, 2.2.7, 3.3.5.3.13. Pure.
 */
import { decodePrefix, encode } from '@belvedere/wire';
import * as caps from '../pdu/capabilities.js';
import { SERVER_USER_ID } from '../pdu/mcs.js';
import * as surface from '../pdu/surface.js';
import type { ColourDepth } from '../graphics/colour.js';
import type { NsCodecFormat } from '../graphics/nscodec.js';

const { CapabilityType: Type, capabilitySet } = caps;

const OSMAJORTYPE_UNIX = 4;
const OSMINORTYPE_NATIVE_XSERVER = 7;
const TRUE = 1;

/** Bytes of a chunk in a static virtual channel. */
export const CHANNEL_CHUNK = 1600;

/** Largest fast-path update that this server would take, if clients sent any. */
const MAX_REQUEST_SIZE = 0x10000;

/** DRAW_ALLOW_SKIP_ALPHA: 32-bit bitmaps may lack their alpha plane. [MS-RDPBCGR] 2.2.7.1.2 */
const DRAW_ALLOW_SKIP_ALPHA = 0x08;

/** Pixels. */
export interface Desktop {
  readonly width: number;
  readonly height: number;
}

export interface ServerCapabilities {
  readonly desktop: Desktop;
  readonly bitsPerPixel: ColourDepth;
  /** The keyboard takes characters. */
  readonly unicode: boolean;
  /** Moving pictures may come in surface commands. */
  readonly video: boolean;
}

/** The sets of the Demand Active PDU. */
export function serverCapabilities({ desktop, bitsPerPixel, unicode, video }: ServerCapabilities): caps.CapabilitySet[] {
  const input = caps.InputFlags;
  return [
    capabilitySet(Type.SHARE, caps.TS_SHARE_CAPABILITYSET, { nodeId: SERVER_USER_ID }),
    capabilitySet(Type.GENERAL, caps.TS_GENERAL_CAPABILITYSET, {
      osMajorType: OSMAJORTYPE_UNIX,
      osMinorType: OSMINORTYPE_NATIVE_XSERVER,
      protocolVersion: caps.TS_CAPS_PROTOCOLVERSION,
      generalCompressionTypes: 0,
      extraFlags:
        caps.ExtraFlags.FASTPATH_OUTPUT_SUPPORTED |
        caps.ExtraFlags.LONG_CREDENTIALS_SUPPORTED |
        caps.ExtraFlags.NO_BITMAP_COMPRESSION_HDR |
        caps.ExtraFlags.ENC_SALTED_CHECKSUM,
      updateCapabilityFlag: 0,
      remoteUnshareFlag: 0,
      generalCompressionLevel: 0,
      refreshRectSupport: TRUE,
      suppressOutputSupport: TRUE,
    }),
    capabilitySet(Type.BITMAP, caps.TS_BITMAP_CAPABILITYSET, {
      preferredBitsPerPixel: bitsPerPixel,
      receive1BitPerPixel: TRUE,
      receive4BitsPerPixel: TRUE,
      receive8BitsPerPixel: TRUE,
      desktopWidth: desktop.width,
      desktopHeight: desktop.height,
      desktopResizeFlag: TRUE,
      bitmapCompressionFlag: TRUE,
      highColorFlags: 0,
      drawingFlags: DRAW_ALLOW_SKIP_ALPHA,
      multipleRectangleSupport: TRUE,
    }),
    // No drawing order is supported: orderSupport is all zero.
    capabilitySet(Type.ORDER, caps.TS_ORDER_CAPABILITYSET, {
      terminalDescriptor: new Uint8Array(16),
      desktopSaveXGranularity: 1,
      desktopSaveYGranularity: 20,
      maximumOrderLevel: 1,
      numberFonts: 0,
      orderFlags: caps.OrderFlags.NEGOTIATEORDERSUPPORT | caps.OrderFlags.ZEROBOUNDSDELTASSUPPORT,
      orderSupport: new Uint8Array(32),
      textFlags: 0,
      orderSupportExFlags: 0,
      desktopSaveSize: 0,
      textANSICodePage: 0,
    }),
    capabilitySet(Type.FONT, caps.TS_FONT_CAPABILITYSET, { fontSupportFlags: 1 }),
    capabilitySet(Type.POINTER, caps.TS_POINTER_CAPABILITYSET, { colorPointerFlag: TRUE, colorPointerCacheSize: 1, pointerCacheSize: 1 }),
    capabilitySet(Type.INPUT, caps.TS_INPUT_CAPABILITYSET, {
      inputFlags:
        input.INPUT_FLAG_SCANCODES |
        input.INPUT_FLAG_MOUSEX |
        input.INPUT_FLAG_FASTPATH_INPUT |
        input.INPUT_FLAG_FASTPATH_INPUT2 |
        input.TS_INPUT_FLAG_MOUSE_HWHEEL |
        (unicode ? input.INPUT_FLAG_UNICODE : 0),
      keyboardLayout: 0,
      keyboardType: 0,
      keyboardSubType: 0,
      keyboardFunctionKey: 0,
      imeFileName: '',
    }),
    capabilitySet(Type.VIRTUALCHANNEL, caps.TS_VIRTUALCHANNEL_CAPABILITYSET, { flags: 0, VCChunkSize: CHANNEL_CHUNK }),
    capabilitySet(Type.MULTIFRAGMENTUPDATE, caps.TS_MULTIFRAGMENTUPDATE_CAPABILITYSET, { MaxRequestSize: MAX_REQUEST_SIZE }),
    capabilitySet(Type.LARGE_POINTER, caps.TS_LARGE_POINTER_CAPABILITYSET, { largePointerSupportFlags: 1 }),
    ...(video ? surfaceCapabilities() : []),
  ];
}

/** Clients name their own codecs only to a server that names some. */
function surfaceCapabilities(): caps.CapabilitySet[] {
  const codecProperties = encode(surface.TS_NSCODEC_CAPABILITYSET, { fAllowDynamicFidelity: TRUE, fAllowSubsampling: TRUE, colorLossLevel: MOST_COLOR_LOSS });
  return [
    capabilitySet(Type.SURFACE_COMMANDS, surface.TS_SURFCMDS_CAPABILITYSET, { cmdFlags: surface.SurfaceCommands.SET_SURFACE_BITS, reserved: 0 }),
    capabilitySet(Type.BITMAP_CODECS, surface.TS_BITMAPCODECS_CAPABILITYSET, {
      bitmapCodecArray: [
        { codecGUID: surface.CODEC_GUID_NSCODEC, codecID: 1, codecProperties },
        { codecGUID: surface.CODEC_GUID_IMAGE, codecID: 2, codecProperties: new Uint8Array([75]) },
      ],
    }),
  ];
}

/** Bytes of NSCodec's properties. */
const NSCODEC_PROPERTIES = 3;

/** NSCodec's highest colour loss level. [MS-RDPNSC] 2.2.1 */
const MOST_COLOR_LOSS = 7;

/** A codec of surface commands that moving pictures may come in. */
export type VideoCodec = { readonly name: 'jpeg'; readonly codecID: number } | { readonly name: 'nscodec'; readonly codecID: number; readonly format: NsCodecFormat };

/** What a client can, as the server decides by it. */
export interface ClientCapabilities {
  /** Output in fast-path PDUs; otherwise in slow-path ones. */
  readonly fastPathOutput: boolean;
  /** Compressed bitmaps without TS_CD_HEADER. */
  readonly noBitmapCompressionHeader: boolean;
  readonly saltedChecksum: boolean;
  readonly compressedBitmaps: boolean;
  /** 32-bit bitmaps without an alpha plane. */
  readonly skipAlpha: boolean;
  /** It follows a desktop that changes its size without a new connection. */
  readonly resizes: boolean;
  /** Pointers of other depths than 24 bits: the cache for them has room. */
  readonly newPointers: boolean;
  /** Colour pointers it keeps; none if 0. */
  readonly pointerCache: number;
  /** Bytes of an update that it puts together from fast-path fragments; 0: it knows none. */
  readonly maxFragmentedUpdate: number;
  /** What moving pictures may come in; absent: nothing but bitmaps. */
  readonly videoCodec: VideoCodec | undefined;
}

/** Reads a Confirm Active PDU's sets. A set that is missing means its features are. */
export function clientCapabilities(sets: readonly caps.CapabilitySet[]): ClientCapabilities {
  const general = caps.findCapability(sets, Type.GENERAL, caps.TS_GENERAL_CAPABILITYSET);
  const bitmap = caps.findCapability(sets, Type.BITMAP, caps.TS_BITMAP_CAPABILITYSET);
  const pointer = caps.findCapability(sets, Type.POINTER, caps.TS_POINTER_CAPABILITYSET);
  const fragments = caps.findCapability(sets, Type.MULTIFRAGMENTUPDATE, caps.TS_MULTIFRAGMENTUPDATE_CAPABILITYSET);
  const extra = general?.extraFlags ?? 0;
  return {
    fastPathOutput: (extra & caps.ExtraFlags.FASTPATH_OUTPUT_SUPPORTED) !== 0,
    noBitmapCompressionHeader: (extra & caps.ExtraFlags.NO_BITMAP_COMPRESSION_HDR) !== 0,
    saltedChecksum: (extra & caps.ExtraFlags.ENC_SALTED_CHECKSUM) !== 0,
    compressedBitmaps: (bitmap?.bitmapCompressionFlag ?? 0) !== 0,
    skipAlpha: ((bitmap?.drawingFlags ?? 0) & DRAW_ALLOW_SKIP_ALPHA) !== 0,
    resizes: (bitmap?.desktopResizeFlag ?? 0) !== 0,
    newPointers: (pointer?.pointerCacheSize ?? 0) > 0,
    pointerCache: pointer?.colorPointerCacheSize ?? 0,
    maxFragmentedUpdate: fragments?.MaxRequestSize ?? 0,
    videoCodec: videoCodec(sets),
  };
}

function videoCodec(sets: readonly caps.CapabilitySet[]): VideoCodec | undefined {
  const commands = caps.findCapability(sets, Type.SURFACE_COMMANDS, surface.TS_SURFCMDS_CAPABILITYSET);
  if (((commands?.cmdFlags ?? 0) & surface.SurfaceCommands.SET_SURFACE_BITS) === 0) return undefined;
  const codecs = caps.findCapability(sets, Type.BITMAP_CODECS, surface.TS_BITMAPCODECS_CAPABILITYSET)?.bitmapCodecArray ?? [];
  const named = (guid: Uint8Array) => codecs.find(({ codecGUID }) => Buffer.compare(codecGUID, guid) === 0);
  const jpeg = named(surface.CODEC_GUID_IMAGE);
  if (jpeg) return { name: 'jpeg', codecID: jpeg.codecID };
  const nscodec = named(surface.CODEC_GUID_NSCODEC);
  if (!nscodec || nscodec.codecProperties.length < NSCODEC_PROPERTIES) return undefined;
  const { fAllowSubsampling, colorLossLevel } = decodePrefix(surface.TS_NSCODEC_CAPABILITYSET, nscodec.codecProperties).value;
  const format = { colorLossLevel: Math.max(1, Math.min(MOST_COLOR_LOSS, colorLossLevel)), subsampling: fAllowSubsampling !== 0 };
  return { name: 'nscodec', codecID: nscodec.codecID, format };
}
