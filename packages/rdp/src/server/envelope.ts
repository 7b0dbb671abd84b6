/**
 * Packets of an open line, put together and taken apart: MCS data, security, share headers.
 *
 * [MS-RDPBCGR] 2.2.8.1.1, 2.2.9.1.2, 3.3.5.4. The security layer's state moves on with each packet; nothing else changes.
 */
import { encode } from '@belvedere/wire';
import { encodeFastPath } from '../pdu/input.js';
import { DISCONNECT_PROVIDER_ULTIMATUM, IO_CHANNEL_ID, Reason, SEND_DATA_INDICATION, SERVER_USER_ID } from '../pdu/mcs.js';
import { encodeShareControl, encodeShareData, PduType2, TS_SET_ERROR_INFO_PDU } from '../pdu/share.js';
import { encodeData } from '../pdu/x224.js';
import { ErrorInfo } from '../pdu/errorInfo.js';
import type { SecurityLayer } from '../security/index.js';
import type { Link } from './state.js';

type Secured = Pick<Link, 'security'>;

/** A packet for the I/O channel. @param flags `SEC` flags of the security header */
export const indication = (security: SecurityLayer, flags: number, payload: Uint8Array): Uint8Array =>
  encodeData(
    encode(SEND_DATA_INDICATION, { initiator: SERVER_USER_ID, channelId: IO_CHANNEL_ID, userData: security.wrap(flags, payload) }),
  );

/** A share control PDU. */
export const control = ({ security }: Secured, type: number, body: Uint8Array): Uint8Array =>
  indication(security, 0, encodeShareControl(type, SERVER_USER_ID, body));

/** A share data PDU. @param shareId 0 before there is a share */
export const data = ({ security }: Secured, shareId: number, pduType2: number, body: Uint8Array): Uint8Array =>
  indication(security, 0, encodeShareData(shareId, SERVER_USER_ID, pduType2, body));

/** A fast-path output PDU around encoded updates. */
export function fastPath({ security }: Secured, updates: Uint8Array): Uint8Array {
  const { encryptionFlags, body } = security.wrapFastPath(updates);
  return encodeFastPath(encryptionFlags, 0, body);
}

/**
 * The last packets a client gets: why, if it can show that, and that the connection ends.
 * @param shareId 0 before there is a share
 */
export function farewell(link: Link, shareId: number, errorInfo: number): Uint8Array[] {
  const ultimatum = encodeData(encode(DISCONNECT_PROVIDER_ULTIMATUM, { reason: Reason.USER_REQUESTED }));
  // [MS-RDPBCGR] 2.2.5.1: only to clients that set RNS_UD_CS_SUPPORT_ERRINFO_PDU
  if (!link.client.showsErrorInfo || errorInfo === ErrorInfo.ERRINFO_NONE) return [ultimatum];
  return [data(link, shareId, PduType2.SET_ERROR_INFO, encode(TS_SET_ERROR_INFO_PDU, { errorInfo })), ultimatum];
}
