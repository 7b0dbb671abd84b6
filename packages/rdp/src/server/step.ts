/**
 * One step of a connection: its state and an event in; packets, effects and the next state out.
 *
 * [MS-RDPBCGR] 3.3.5.3. Pure in the sense of `connect.ts` and `share.ts`: no socket, no clock. Throws `WireError` or `ProtocolError` when
 * the
 * client breaks a rule; the connection is then over.
 */
import { ProtocolError } from '../errors.js';
import { basicSettingsExchange, channelConnection, closed, type ConnectContext, connectionInitiation, tlsEstablished } from './connect.js';
import { farewell } from './envelope.js';
import { activate, receive, refuse, resize, type ShareContext } from './share.js';
import type { ConnectionEvent, Link, Outcome, State } from './state.js';

export type StepContext = ConnectContext & ShareContext;

export const INITIAL: State = { step: 'connectionInitiation' };

const stay = (state: State): Outcome => ({ state, send: [], effects: [] });

export function step(state: State, event: ConnectionEvent, context: StepContext): Outcome {
  if (state.step === 'closed') return stay(state);
  switch (event.type) {
    case 'refused': {
      const { errorInfo, reason } = event;
      return state.step === 'authentication'
        ? refuse(state.link, { errorInfo, reason }, context)
        : closed(reason, goodbye(state, errorInfo));
    }

    case 'dismissed':
      return closed(event.reason, goodbye(state, event.errorInfo));

    case 'tlsEstablished':
      if (state.step !== 'tlsHandshake') return stay(state);
      return tlsEstablished(state.negotiation);

    case 'proved':
      return state.step === 'credssp' ? stay({ step: 'basicSettingsExchange', negotiation: state.negotiation }) : stay(state);

    case 'admitted':
      return state.step === 'authentication' ? activate(state.link, event.desktop, context) : stay(state);

    case 'resized':
      return state.step === 'capabilitiesExchange' || state.step === 'finalization' || state.step === 'active'
        ? resize(state, event.desktop, context)
        : stay(state);

    case 'packet':
      return packetStep(state, event, context);
  }
}

function packetStep(state: State, { packet }: Extract<ConnectionEvent, { type: 'packet' }>, context: StepContext): Outcome {
  const early = (pdu: string): never => {
    throw new ProtocolError('not legal yet', { state: state.step, pdu, section: '[MS-RDPBCGR] 1.3.1.1' });
  };
  const { step: name } = state;
  if (packet.kind === 'fastPath' && !('share' in state) && !('link' in state)) return early('TS_FP_INPUT_PDU');
  switch (name) {
    case 'connectionInitiation':
      return connectionInitiation(packet.bytes, context);
    case 'basicSettingsExchange':
      return basicSettingsExchange(packet.bytes, state.negotiation, context);
    case 'channelConnection':
      return channelConnection(packet.bytes, state.joining);
    case 'authentication':
    case 'capabilitiesExchange':
    case 'finalization':
    case 'active':
      return receive(state, packet, context);
    default: // tlsHandshake and credssp, where the client's bytes are no packets; closed
      return early('TPKT');
  }
}

/** The link of a state that has one, and its share's identifier or 0. */
export function linkOf(state: State): { link: Link; shareId: number } | undefined {
  if ('share' in state) return { link: state.share.link, shareId: state.share.shareId };
  if (!('link' in state)) return undefined;
  return { link: state.link, shareId: 'shareId' in state ? state.shareId : 0 };
}

function goodbye(state: State, errorInfo: number): Uint8Array[] {
  const known = linkOf(state);
  return known ? farewell(known.link, known.shareId, errorInfo) : [];
}
