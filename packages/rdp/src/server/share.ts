/**
 * The share: capabilities, finalization, what an active client may send, and deactivation when the guest's resolution changes.
 *
 * [MS-RDPBCGR] 1.3.1.1, 1.3.1.3, 3.3.5.3.13 to 3.3.5.3.22 (server rules), 3.3.5.8 (input), 3.3.5.6 (refresh, suppress). Each function is
 * one step.
 * Pure, but for the cipher state of the link's security layer.
 */
import { Cursor, decode, encode } from '@belvedere/wire';
import { ProtocolError } from '../errors.js';
import { decodeFastPathEvents, type InputEvent, splitFastPathInput, TS_INPUT_PDU_DATA } from '../pdu/input.js';
import * as mcs from '../pdu/mcs.js';
import * as pdus from '../pdu/share.js';
import { decodeData, type Packet } from '../pdu/x224.js';
import type { Rect } from '../ports.js';
import { clientCapabilities, serverCapabilities } from './capabilities.js';
import { closed } from './connect.js';
import { control, data, farewell } from './envelope.js';
import type { Desktop, Dismissal, Effect, Link, Outcome, Share, State } from './state.js';

const { PduType, PduType2 } = pdus;

/** What the steps need to know of their server. */
export interface ShareContext {
  /** The keyboard takes characters. */
  readonly unicode: boolean;
  /** Moving pictures may be shown as video. */
  readonly video?: boolean;
}

type Stage = Extract<State, { step: 'capabilitiesExchange' | 'finalization' | 'active' }>;

/** The share's first identifier: its low half is the server's channel, as Windows has it. The high half counts activations. */
const FIRST_SHARE = 0x10000 | mcs.SERVER_USER_ID;
const nextShare = (shareId: number): number => ((((shareId >>> 16) + 1) & 0xffff) * 0x10000 + mcs.SERVER_USER_ID) >>> 0;

const to = (state: State, send: readonly Uint8Array[] = [], effects: readonly Effect[] = []): Outcome => ({ state, send, effects });

/** [MS-RDPBCGR] 3.3.5.3.13.1 */
function demandActive(link: Link, shareId: number, desktop: Desktop, { unicode, video = false }: ShareContext): Uint8Array {
  const body = encode(pdus.TS_DEMAND_ACTIVE_PDU, {
    shareId,
    sourceDescriptor: pdus.SOURCE_DESCRIPTOR,
    combined: { capabilitySets: serverCapabilities({ desktop, bitsPerPixel: link.client.bitsPerPixel, unicode, video }) },
    sessionId: 0,
  });
  return control(link, PduType.DEMANDACTIVEPDU, body);
}

/** The login was granted: the server says what it can. */
export const activate = (link: Link, desktop: Desktop, context: ShareContext): Outcome =>
  to({ step: 'capabilitiesExchange', link, shareId: FIRST_SHARE, desktop, latest: desktop }, [
    demandActive(link, FIRST_SHARE, desktop, context),
  ]);

/** A desktop for clients that ask for none. */
const SOME_DESKTOP: Desktop = { width: 640, height: 480 };

/**
 * The login was refused. Clients that can show why do so once a share is active, and some (rdesktop) only then: they get an empty one of
 * the
 * size that they asked for, and the reason in it. Others are shown the door.
 */
export function refuse(link: Link, refusal: Dismissal, context: ShareContext): Outcome {
  if (!link.client.showsErrorInfo) return closed(refusal.reason, farewell(link, 0, refusal.errorInfo));
  const { desktopWidth: width, desktopHeight: height } = link.client.core;
  const desktop = width > 0 && height > 0 ? { width, height } : SOME_DESKTOP;
  const { state, send } = activate(link, desktop, context);
  return to({ ...(state as Extract<State, { step: 'capabilitiesExchange' }>), refusal }, send);
}

/** [MS-RDPBCGR] 1.3.1.3: the share ends and a new one of the new size begins, on the same line. */
function reactivate({ link, shareId }: Share, desktop: Desktop, context: ShareContext): Outcome {
  const next = nextShare(shareId);
  const deactivate = encode(pdus.TS_DEACTIVATE_ALL_PDU, { shareId, sourceDescriptor: Uint8Array.of(0) });
  return to({ step: 'capabilitiesExchange', link, shareId: next, desktop, latest: desktop }, [
    control(link, PduType.DEACTIVATEALLPDU, deactivate),
    demandActive(link, next, desktop, context),
  ]);
}

/** The guest's resolution has changed. A client in the middle of an activation finishes it first: most know no other order. */
export function resize(state: Stage, desktop: Desktop, context: ShareContext): Outcome {
  if (state.step !== 'active') return to({ ...state, latest: desktop });
  // [MS-RDPBCGR] 2.2.7.1.2: without desktopResizeFlag a client keeps its desktop, and sees what fits.
  const { desktop: shown, capabilities } = state.share;
  return same(shown, desktop) || !capabilities.resizes ? to(state) : reactivate(state.share, desktop, context);
}

const same = (a: Desktop, b: Desktop): boolean => a.width === b.width && a.height === b.height;

/** A packet of a client that has logged in, whatever the stage: a key that was on its way when the share ended must still be decrypted. */
export function receive(
  state: Stage | Extract<State, { step: 'authentication' }>,
  { kind, bytes }: Packet,
  context: ShareContext,
): Outcome {
  const link = 'share' in state ? state.share.link : state.link;
  if (kind === 'fastPath') {
    const { flags, numEvents, body } = splitFastPathInput(bytes);
    const events = decodeFastPathEvents(numEvents, link.security.unwrapFastPath(flags, body));
    return to(state, [], input(state, events));
  }

  const request = decodeData(bytes);
  const choice = mcs.choiceOf(request);
  if (choice === mcs.Choice.DISCONNECT_PROVIDER_ULTIMATUM) return closed('the client disconnected');
  if (choice === mcs.Choice.ERECT_DOMAIN_REQUEST) return to(state);
  if (choice !== mcs.Choice.SEND_DATA_REQUEST) {
    throw new ProtocolError(`choice ${choice} is not one of this step`, {
      state: state.step,
      pdu: 'DomainMCSPDU',
      section: '[MS-RDPBCGR] 3.3.5.3',
    });
  }
  const { channelId, userData } = decode(mcs.SEND_DATA_REQUEST, request);
  const { payload } = link.security.unwrap(userData);
  // Before the login is judged a client has nothing to say.
  if (state.step === 'authentication') return to(state);
  if (channelId !== mcs.IO_CHANNEL_ID) {
    const name = link.client.channels.find(({ id }) => id === channelId)?.name ?? '';
    return to(state, [], [{ type: 'channel', name, packet: payload }]);
  }

  let outcome: Outcome = to(state);
  for (const { type, body } of pdus.decodeShareControls(payload)) {
    if (outcome.state.step === 'closed') break;
    const { state: next, send, effects } = shareControl(outcome.state as Stage, type, body, context);
    outcome = { state: next, send: [...outcome.send, ...send], effects: [...outcome.effects, ...effects] };
  }
  return outcome;
}

/** Keys count between two shares as well: one that is released while the guest changes its resolution must not stay down. */
const input = (state: State, events: readonly InputEvent[]): Effect[] =>
  state.step === 'authentication' || ('refusal' in state && state.refusal) ? [] : [{ type: 'input', events }];

function shareControl(state: Stage, type: number, body: Uint8Array, context: ShareContext): Outcome {
  if (type === PduType.DATAPDU) return shareData(state, pdus.TS_SHAREDATAHEADER.decode(new Cursor(body)), context);
  if (type !== PduType.CONFIRMACTIVEPDU) return to(state); // [MS-RDPBCGR] 3.3.5.3: others mean nothing to a server
  // [MS-RDPBCGR] 3.3.5.3.13.2. A late one, for a share that is no more, is legal: the sides passed each other.
  const { shareId, combined } = decode(pdus.TS_CONFIRM_ACTIVE_PDU, body);
  if (state.step !== 'capabilitiesExchange' || shareId !== state.shareId) return to(state);
  const { link, desktop, latest, refusal } = state;
  const capabilities = clientCapabilities(combined.capabilitySets);
  if ('saltedChecksum' in link.security) link.security.saltedChecksum = capabilities.saltedChecksum;
  return to({ step: 'finalization', share: { link, shareId, desktop, capabilities }, latest, refusal });
}

/** [MS-RDPBCGR] 3.3.5.3.14 to 3.3.5.3.22: answers in whatever order the client asks; RDP 4 and RDP 5 clients differ in it. */
function shareData(state: Stage, { pduType2, compressedType, body }: pdus.ShareData, context: ShareContext): Outcome {
  if (pduType2 === PduType2.INPUT) return to(state, [], input(state, decode(TS_INPUT_PDU_DATA, body).slowPathInputEvents));
  if (state.step === 'capabilitiesExchange') return to(state); // sent for a share that is no more
  if (compressedType & PACKET_COMPRESSED) {
    throw new ProtocolError('compressed, but no compression was agreed on', {
      state: state.step,
      pdu: 'TS_SHAREDATAHEADER',
      section: '[MS-RDPBCGR] 3.1.8',
    });
  }
  const { share } = state;
  const reply = (type: number, bytes: Uint8Array): Outcome => to(state, [data(share.link, share.shareId, type, bytes)]);

  switch (pduType2) {
    case PduType2.SYNCHRONIZE:
      return reply(PduType2.SYNCHRONIZE, encode(pdus.TS_SYNCHRONIZE_PDU, { targetUser: share.link.userId }));

    case PduType2.CONTROL: {
      const { action } = decode(pdus.TS_CONTROL_PDU, body);
      if (action === pdus.ControlAction.COOPERATE)
        return reply(PduType2.CONTROL, encode(pdus.TS_CONTROL_PDU, { action, grantId: 0, controlId: 0 }));
      if (action !== pdus.ControlAction.REQUEST_CONTROL) return to(state);
      const granted = { action: pdus.ControlAction.GRANTED_CONTROL, grantId: share.link.userId, controlId: mcs.SERVER_USER_ID };
      return reply(PduType2.CONTROL, encode(pdus.TS_CONTROL_PDU, granted));
    }

    case PduType2.FONTLIST:
      return fontList(state, body, context);

    case PduType2.REFRESH_RECT: {
      const areas = decode(pdus.TS_REFRESH_RECT_PDU, body).areasToRefresh.flatMap((area) => toRect(area, share.desktop));
      return to(state, [], areas.length && state.step === 'active' ? [{ type: 'refresh', areas }] : []);
    }

    case PduType2.SUPPRESS_OUTPUT: {
      const { allowDisplayUpdates } = decode(pdus.TS_SUPPRESS_OUTPUT_PDU, body);
      return to(state, [], [{ type: 'suppressOutput', suppressed: allowDisplayUpdates === 0 }]);
    }

    // [MS-RDPBCGR] 1.3.1.4.1: denied while a user is logged on; the client then asks its user and disconnects by itself.
    case PduType2.SHUTDOWN_REQUEST:
      return reply(PduType2.SHUTDOWN_DENIED, new Uint8Array(0));

    default: // persistent bitmap keys, cache errors and what is newer than we are: they ask for no answer
      return to(state);
  }
}

/** `compressedType`: the body is compressed. [MS-RDPBCGR] 2.2.8.1.1.1.2 */
const PACKET_COMPRESSED = 0x20;

/** Flags of the server's font map, which is empty: first and last part. */
const FONTMAP_FIRST_AND_LAST = 3;

/** [MS-RDPBCGR] 3.3.5.3.18, 3.3.5.3.22: the client's last word, and the server's. RDP 4 clients send their fonts in two parts. */
function fontList(state: Extract<State, { step: 'finalization' | 'active' }>, body: Uint8Array, context: ShareContext): Outcome {
  const { listFlags } = decode(pdus.TS_FONT_LIST_PDU, body);
  if (listFlags === pdus.FontListFlag.FIRST) return to(state);
  const { share } = state;
  const map = encode(pdus.TS_FONT_MAP_PDU, { numberEntries: 0, totalNumEntries: 0, mapFlags: FONTMAP_FIRST_AND_LAST, entrySize: 4 });
  const send = [data(share.link, share.shareId, PduType2.FONTMAP, map)];
  if (state.step === 'active') return to(state, send);
  const { refusal } = state;
  if (refusal) return closed(refusal.reason, [...send, ...farewell(share.link, share.shareId, refusal.errorInfo)]);
  if (same(share.desktop, state.latest) || !share.capabilities.resizes)
    return to({ step: 'active', share }, send, [{ type: 'activated', share }]);
  const again = reactivate(share, state.latest, context);
  return { ...again, send: [...send, ...again.send] };
}

/** Inclusive bounds as a rectangle, cut at the desktop's edge. */
function toRect(
  { left, top, right, bottom }: { left: number; top: number; right: number; bottom: number },
  { width, height }: Desktop,
): Rect[] {
  const rect = { x: left, y: top, width: Math.min(right + 1, width) - left, height: Math.min(bottom + 1, height) - top };
  return rect.width > 0 && rect.height > 0 ? [rect] : [];
}
