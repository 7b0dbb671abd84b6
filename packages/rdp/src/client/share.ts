/**
 * The client's share: capabilities, finalization, and what the server draws.
 *
 * [MS-RDPBCGR] 3.2.5.3.12 to 3.2.5.3.22, 3.2.5.9. Each function is one step. Pure, but for the layer's cipher state.
 */
import { type Codec, Cursor, decode, encode } from '@belvedere/wire';
import { ProtocolError } from '../errors.js';
import * as caps from '../pdu/capabilities.js';
import { encodeFastPath, splitFastPathInput, type InputEvent, TS_FP_INPUT_EVENT, TS_INPUT_PDU_DATA } from '../pdu/input.js';
import * as mcs from '../pdu/mcs.js';
import * as out from '../pdu/output.js';
import { RDP_SERVER_REDIRECTION_PACKET } from '../pdu/redirection.js';
import * as pdus from '../pdu/share.js';
import { decodeData, type Packet } from '../pdu/x224.js';
import { isValidClient, parseLicensingPdu, SEC } from '../security/index.js';
import { closed } from './connect.js';
import { control, data } from './envelope.js';
import type { ClientEffect, ClientLine, ClientOutcome, ClientSettings, ClientShare, ClientState } from './state.js';

const { PduType, PduType2 } = pdus;

type Stage = Extract<ClientState, { line: ClientLine }>;

const to = (state: ClientState, send: readonly Uint8Array[] = [], effects: readonly ClientEffect[] = []): ClientOutcome => ({
  state,
  send,
  effects,
});

/** A packet of a line that is secured. @param fragments updates that come in parts, kept between packets */
export function receive(state: Stage, { kind, bytes }: Packet, asked: ClientSettings, fragments: Fragments): ClientOutcome {
  if (kind === 'fastPath') {
    const { flags, body } = splitFastPathInput(bytes);
    const updates = out.decodeFastPathUpdates(state.line.security.unwrapFastPath(flags, body));
    return to(
      state,
      [],
      updates.flatMap((update) => fragments.take(update)),
    );
  }
  const indication = decodeData(bytes);
  const choice = mcs.choiceOf(indication);
  if (choice === mcs.Choice.DISCONNECT_PROVIDER_ULTIMATUM) {
    return closed(`the server disconnected with reason ${decode(mcs.DISCONNECT_PROVIDER_ULTIMATUM, indication).reason}`);
  }
  const { channelId, userData } = decode(mcs.SEND_DATA_INDICATION, indication);
  const { flags, payload } = state.line.security.unwrap(userData);
  if (channelId !== state.line.ioChannel) return to(state, [], [{ type: 'channel', channelId, packet: payload }]);
  if (state.step === 'licensing') return licensing(state, flags, payload);
  // [MS-RDPBCGR] 2.2.13.2: without a share control header
  if (state.line.security.encrypted && flags & SEC.REDIRECTION_PKT) return redirection(state, payload);

  let outcome = to(state);
  for (const { type, body } of pdus.decodeShareControls(payload)) {
    if (outcome.state.step === 'closed') break;
    const { state: next, send, effects } = shareControl(outcome.state as Stage, type, body, asked);
    outcome = { state: next, send: [...outcome.send, ...send], effects: [...outcome.effects, ...effects] };
  }
  return outcome;
}

/** [MS-RDPBCGR] 3.2.5.3.12 */
function licensing(state: Extract<ClientState, { step: 'licensing' }>, flags: number, payload: Uint8Array): ClientOutcome {
  if (flags & SEC.LICENSE_PKT && isValidClient(parseLicensingPdu(payload))) return to({ step: 'demandActive', line: state.line });
  throw new ProtocolError('the server wants a license', {
    state: 'licensing',
    pdu: 'LICENSE_PREAMBLE',
    section: '[MS-RDPBCGR] 3.2.5.3.12',
  });
}

function shareControl(state: Stage, type: number, body: Uint8Array, asked: ClientSettings): ClientOutcome {
  switch (type) {
    case PduType.DEMANDACTIVEPDU:
      return demandActive(state.line, decode(pdus.TS_DEMAND_ACTIVE_PDU, body), asked);
    case PduType.DEACTIVATEALLPDU:
      return to({ step: 'demandActive', line: state.line });
    case PduType.SERVER_REDIR_PKT:
      return redirection(state, body.subarray(REDIRECTION_PAD.before, body.length - REDIRECTION_PAD.behind));
    case PduType.DATAPDU:
      return shareData(state, pdus.TS_SHAREDATAHEADER.decode(new Cursor(body)));
    default:
      return to(state);
  }
}

/** Bytes around the packet. [MS-RDPBCGR] 2.2.13.3.1 */
const REDIRECTION_PAD = { before: 2, behind: 1 } as const;

/** [MS-RDPBCGR] 3.2.5.13.1 */
const redirection = (state: Stage, packet: Uint8Array): ClientOutcome =>
  to(state, [], [{ type: 'redirection', to: decode(RDP_SERVER_REDIRECTION_PACKET, packet) }]);

/** [MS-RDPBCGR] 3.2.5.3.13: what this client can, and at once all that it has to say before the first picture. */
function demandActive(
  line: ClientLine,
  demand: { shareId: number; combined: { capabilitySets: readonly caps.CapabilitySet[] } },
  asked: ClientSettings,
): ClientOutcome {
  const { shareId } = demand;
  const bitmap = caps.findCapability(demand.combined.capabilitySets, caps.CapabilityType.BITMAP, caps.TS_BITMAP_CAPABILITYSET);
  if (!bitmap)
    throw new ProtocolError('no bitmap capability set', {
      state: 'demandActive',
      pdu: 'TS_DEMAND_ACTIVE_PDU',
      section: '[MS-RDPBCGR] 2.2.1.13.1',
    });
  const general = caps.findCapability(demand.combined.capabilitySets, caps.CapabilityType.GENERAL, caps.TS_GENERAL_CAPABILITYSET);
  if ('saltedChecksum' in line.security)
    line.security.saltedChecksum = !asked.rdp4 && ((general?.extraFlags ?? 0) & caps.ExtraFlags.ENC_SALTED_CHECKSUM) !== 0;
  const share: ClientShare = {
    shareId,
    width: bitmap.desktopWidth,
    height: bitmap.desktopHeight,
    bitsPerPixel: bitmap.preferredBitsPerPixel,
  };
  const confirm = encode(pdus.TS_CONFIRM_ACTIVE_PDU, {
    shareId,
    originatorId: mcs.SERVER_USER_ID,
    sourceDescriptor: Buffer.from('belvedere\0', 'latin1'),
    combined: { capabilitySets: clientSets(share, asked) },
  });
  const cooperate = { action: pdus.ControlAction.COOPERATE, grantId: 0, controlId: 0 };
  return to({ step: 'finalization', line, share }, [
    control(line, PduType.CONFIRMACTIVEPDU, confirm),
    data(line, shareId, PduType2.SYNCHRONIZE, encode(pdus.TS_SYNCHRONIZE_PDU, { targetUser: mcs.SERVER_USER_ID })),
    data(line, shareId, PduType2.CONTROL, encode(pdus.TS_CONTROL_PDU, cooperate)),
    data(line, shareId, PduType2.CONTROL, encode(pdus.TS_CONTROL_PDU, { ...cooperate, action: pdus.ControlAction.REQUEST_CONTROL })),
    ...fontLists(asked).map((listFlags) =>
      data(line, shareId, PduType2.FONTLIST, encode(pdus.TS_FONT_LIST_PDU, { numberFonts: 0, totalNumFonts: 0, listFlags, entrySize: 50 })),
    ),
  ]);
}

/** RDP 4 clients send two. */
const fontLists = ({ rdp4 }: ClientSettings): number[] =>
  rdp4 ? [pdus.FontListFlag.FIRST, pdus.FontListFlag.LAST] : [pdus.FontListFlag.FIRST | pdus.FontListFlag.LAST];

function clientSets({ width, height, bitsPerPixel }: ClientShare, asked: ClientSettings): caps.CapabilitySet[] {
  const { CapabilityType: Type, capabilitySet, ExtraFlags } = caps;
  return [
    capabilitySet(Type.GENERAL, caps.TS_GENERAL_CAPABILITYSET, {
      osMajorType: 1,
      osMinorType: 3,
      protocolVersion: caps.TS_CAPS_PROTOCOLVERSION,
      generalCompressionTypes: 0,
      extraFlags:
        (asked.fastPathOutput ? ExtraFlags.FASTPATH_OUTPUT_SUPPORTED : 0) |
        (asked.noBitmapCompressionHeader ? ExtraFlags.NO_BITMAP_COMPRESSION_HDR : 0) |
        (asked.rdp4 ? 0 : ExtraFlags.ENC_SALTED_CHECKSUM),
      updateCapabilityFlag: 0,
      remoteUnshareFlag: 0,
      generalCompressionLevel: 0,
      ...(asked.rdp4 ? {} : { refreshRectSupport: 1, suppressOutputSupport: 1 }),
    }),
    capabilitySet(Type.BITMAP, caps.TS_BITMAP_CAPABILITYSET, {
      preferredBitsPerPixel: bitsPerPixel,
      receive1BitPerPixel: 1,
      receive4BitsPerPixel: 1,
      receive8BitsPerPixel: 1,
      desktopWidth: width,
      desktopHeight: height,
      desktopResizeFlag: asked.resizes ? 1 : 0,
      bitmapCompressionFlag: 1,
      highColorFlags: 0,
      drawingFlags: 0,
      multipleRectangleSupport: 1,
    }),
    capabilitySet(Type.POINTER, caps.TS_POINTER_CAPABILITYSET, {
      colorPointerFlag: 1,
      colorPointerCacheSize: 20,
      ...(asked.rdp4 ? {} : { pointerCacheSize: 20 }),
    }),
    capabilitySet(Type.INPUT, caps.TS_INPUT_CAPABILITYSET, {
      inputFlags: caps.InputFlags.INPUT_FLAG_SCANCODES | (asked.fastPathInput ? caps.InputFlags.INPUT_FLAG_FASTPATH_INPUT2 : 0),
      keyboardLayout: 0x409,
      keyboardType: 4,
      keyboardSubType: 0,
      keyboardFunctionKey: 12,
      imeFileName: '',
    }),
    capabilitySet(Type.SHARE, caps.TS_SHARE_CAPABILITYSET, { nodeId: 0 }),
    capabilitySet(Type.FONT, caps.TS_FONT_CAPABILITYSET, { fontSupportFlags: 1 }),
    capabilitySet(Type.SOUND, caps.TS_SOUND_CAPABILITYSET, { soundFlags: 0 }),
    capabilitySet(Type.COLORCACHE, caps.TS_COLORCACHE_CAPABILITYSET, { colorTableCacheSize: 6 }),
    capabilitySet(Type.CONTROL, caps.TS_CONTROL_CAPABILITYSET, {
      controlFlags: 0,
      remoteDetachFlag: 0,
      controlInterest: 2,
      detachInterest: 2,
    }),
    capabilitySet(Type.ACTIVATION, caps.TS_WINDOWACTIVATION_CAPABILITYSET, {
      helpKeyFlag: 0,
      helpKeyIndexFlag: 0,
      helpExtendedKeyFlag: 0,
      windowManagerKeyFlag: 0,
    }),
    capabilitySet(Type.BITMAPCACHE, caps.TS_BITMAPCACHE_CAPABILITYSET, {
      Cache0Entries: 0,
      Cache0MaximumCellSize: 0,
      Cache1Entries: 0,
      Cache1MaximumCellSize: 0,
      Cache2Entries: 0,
      Cache2MaximumCellSize: 0,
    }),
  ];
}

function shareData(state: Stage, { pduType2, body }: pdus.ShareData): ClientOutcome {
  switch (pduType2) {
    case PduType2.FONTMAP:
      if (state.step !== 'finalization') return to(state);
      return to({ step: 'active', line: state.line, share: state.share }, [], [{ type: 'active', share: state.share }]);
    case PduType2.SET_ERROR_INFO:
      return to(state, [], [{ type: 'errorInfo', code: decode(pdus.TS_SET_ERROR_INFO_PDU, body).errorInfo }]);
    case PduType2.SHUTDOWN_DENIED:
      return to(state, [], [{ type: 'shutdownDenied' }]);
    case PduType2.UPDATE:
      return to(state, [], drawn(body));
    case PduType2.POINTER: {
      const { messageType, pointerAttributeData } = decode(out.TS_POINTER_PDU, body);
      if (messageType === out.PointerMessage.COLOR)
        return to(state, [], [picturedPointer(out.TS_COLORPOINTERATTRIBUTE, pointerAttributeData)]);
      if (messageType === out.PointerMessage.POINTER)
        return to(state, [], [picturedPointer(out.TS_POINTERATTRIBUTE, pointerAttributeData)]);
      if (messageType !== out.PointerMessage.SYSTEM) return to(state);
      const { systemPointerType } = decode(out.TS_SYSTEMPOINTERATTRIBUTE, pointerAttributeData);
      return to(state, [], [{ type: 'pointer', shape: systemPointerType === out.SystemPointer.NULL ? 'hidden' : 'default' }]);
    }
    default:
      return to(state);
  }
}

/** Bitmap or palette data, the same on both paths. */
function drawn(body: Uint8Array): ClientEffect[] {
  switch (body[0]) {
    case out.UpdateType.BITMAP:
      return [{ type: 'bitmaps', rectangles: decode(out.TS_UPDATE_BITMAP_DATA, body).rectangles }];
    case out.UpdateType.PALETTE:
      return [
        {
          type: 'palette',
          colours: Uint32Array.from(
            decode(out.TS_UPDATE_PALETTE_DATA, body).paletteEntries,
            ({ red, green, blue }) => (red << 16) | (green << 8) | blue,
          ),
        },
      ];
    default:
      return [];
  }
}

function picturedPointer(codec: Codec<unknown>, attribute: Uint8Array): ClientEffect {
  decode(codec, attribute);
  return { type: 'pointer', shape: 'picture' };
}

/** Fast-path updates, those that come in parts put together. [MS-RDPBCGR] 2.2.9.1.2.1 */
export class Fragments {
  private parts: Uint8Array[] = [];

  take({ updateCode, fragmentation, updateData }: out.FastPathUpdate): ClientEffect[] {
    if (fragmentation === out.Fragment.SINGLE) return draw(updateCode, updateData);
    if (fragmentation === out.Fragment.FIRST) this.parts = [];
    this.parts.push(updateData);
    if (fragmentation !== out.Fragment.LAST) return [];
    const whole = Buffer.concat(this.parts);
    this.parts = [];
    return draw(updateCode, whole);
  }
}

function draw(updateCode: number, body: Uint8Array): ClientEffect[] {
  switch (updateCode) {
    case out.UpdateCode.BITMAP:
    case out.UpdateCode.PALETTE:
      return drawn(body);
    case out.UpdateCode.PTR_NULL:
      return [{ type: 'pointer', shape: 'hidden' }];
    case out.UpdateCode.PTR_DEFAULT:
      return [{ type: 'pointer', shape: 'default' }];
    case out.UpdateCode.COLOR:
      return [picturedPointer(out.TS_COLORPOINTERATTRIBUTE, body)];
    case out.UpdateCode.POINTER:
      return [picturedPointer(out.TS_POINTERATTRIBUTE, body)];
    default:
      return [];
  }
}

/** The most events that a fast-path header counts. */
const MAX_FAST_PATH_EVENTS = 15;

/** Input as packets. */
export function inputPackets(
  { line, share }: Extract<ClientState, { step: 'active' }>,
  events: readonly InputEvent[],
  { fastPathInput }: ClientSettings,
): Uint8Array[] {
  if (!fastPathInput) return [data(line, share.shareId, PduType2.INPUT, encode(TS_INPUT_PDU_DATA, { slowPathInputEvents: events }))];
  const packets: Uint8Array[] = [];
  for (let at = 0; at < events.length; at += MAX_FAST_PATH_EVENTS) {
    const group = events.slice(at, at + MAX_FAST_PATH_EVENTS);
    const { encryptionFlags, body } = line.security.wrapFastPath(Buffer.concat(group.map((event) => encode(TS_FP_INPUT_EVENT, event))));
    packets.push(encodeFastPath(encryptionFlags, group.length << 2, body));
  }
  return packets;
}
