/**
 * One step of a client's connection: its state and a packet in; packets, effects and the next state out. [MS-RDPBCGR] 3.2.5.3. Pure as its
 * steps are.
 */
import { ProtocolError } from '../errors.js';
import type { Packet } from '../pdu/x224.js';
import { attachUserConfirm, channelJoinConfirm, connectInitial, connectionConfirm, connectResponse } from './connect.js';
import { type Fragments, receive } from './share.js';
import type { ClientOutcome, ClientSettings, ClientState } from './state.js';

export function clientStep(state: ClientState, packet: Packet, asked: ClientSettings, fragments: Fragments): ClientOutcome {
  switch (state.step) {
    case 'connectionConfirm':
      return connectionConfirm(packet.bytes, asked);
    case 'connectResponse':
      return connectResponse(packet.bytes, asked);
    case 'attachUserConfirm':
      return attachUserConfirm(packet.bytes, state.pending);
    case 'channelJoinConfirm':
      return channelJoinConfirm(packet.bytes, state, asked);
    case 'licensing':
    case 'demandActive':
    case 'finalization':
    case 'active':
      return receive(state, packet, asked, fragments);
    default:
      throw new ProtocolError('not legal here', { state: state.step, pdu: 'TPKT', section: '[MS-RDPBCGR] 1.3.1.1' });
  }
}

/** TLS stands, and CredSSP is done where it was chosen: the sequence goes on. */
export const tlsEstablished = (asked: ClientSettings, selectedProtocol: number): ClientOutcome => ({
  state: { step: 'connectResponse' },
  send: [connectInitial(asked, selectedProtocol)],
  effects: [],
});
