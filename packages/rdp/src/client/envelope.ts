/** A client's packets, most of them for the I/O channel. [MS-RDPBCGR] 2.2.8.1.1, 2.2.6.1. The security layer's state moves on with each. */
import { encode } from '@belvedere/wire';
import { SEND_DATA_REQUEST } from '../pdu/mcs.js';
import { encodeShareControl, encodeShareData } from '../pdu/share.js';
import { encodeData } from '../pdu/x224.js';
import type { ClientLine } from './state.js';

/** @param flags `SEC` flags of the security header */
export const request = (line: ClientLine, flags: number, payload: Uint8Array): Uint8Array => requestIn(line, line.ioChannel, flags, payload);

/** @param channelId whether there is such a channel or not */
export const requestIn = ({ userId, security }: ClientLine, channelId: number, flags: number, payload: Uint8Array): Uint8Array =>
  encodeData(encode(SEND_DATA_REQUEST, { initiator: userId, channelId, userData: security.wrap(flags, payload) }));

export const control = (line: ClientLine, type: number, body: Uint8Array): Uint8Array =>
  request(line, 0, encodeShareControl(type, line.userId, body));

export const data = (line: ClientLine, shareId: number, pduType2: number, body: Uint8Array): Uint8Array =>
  request(line, 0, encodeShareData(shareId, line.userId, pduType2, body));
