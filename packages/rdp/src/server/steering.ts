/**
 * What an embedder does with clients of a machine that goes elsewhere: vouches for those who come from there, shows another machine to those who
 * stay, and sends those who can follow on their way.
 *
 * [MS-RDPBCGR] 2.2.13 (redirection), 1.3.8, 3.2.5.13. Types, and the packets of a redirection.
 */
import { isIP } from 'node:net';
import { encode } from '@belvedere/wire';
import { RDP_SERVER_REDIRECTION_PACKET } from '../pdu/redirection.js';
import { PduType } from '../pdu/share.js';
import type { Keyboard, LogonAttempt, Pointer, Screen } from '../ports.js';
import { SEC } from '../security/index.js';
import { control, indication } from './envelope.js';
import type { Link } from './state.js';

/** Somebody whom another server has let in. */
export interface Voucher {
  /** Names the viewer: a newer session of the same one takes the place of the older. */
  readonly viewer: string;
  readonly user: string;
  readonly domain: string;
  /** From 0. */
  readonly screen: number;
  /** Whether anything may be drawn yet; asked each time. */
  readonly shows?: () => boolean;
}

/** Whether a login is vouched for: it is not judged then. A password counts once. */
export type Vouch = (attempt: LogonAttempt & { readonly screen: number }) => Voucher | undefined;

/** A machine that a client sees and types on. */
export interface Console {
  readonly screen: Screen;
  readonly keyboard: Keyboard;
  readonly pointer: Pointer;
}

/** Where a client is to go, and as whom it is let in there. It keeps its port. */
export interface Destination {
  /** An address. */
  readonly address: string;
  /** What the host is called, where its certificate is to be compared with that. */
  readonly hostName?: string;
  readonly user: string;
  /** With `@N` at its end where it is not the first screen. */
  readonly domain: string;
  /** What is vouched for there. */
  readonly password: string;
}

/** What an active client is sent. Standard RDP Security has its own form, without a share control header. */
export function redirectionPackets(link: Link, { address, hostName, user, domain, password }: Destination): Uint8Array[] {
  if (isIP(address) === 0) throw new TypeError(`'${address}' is no address`);
  const packet = encode(RDP_SERVER_REDIRECTION_PACKET, {
    sessionID: 0,
    TargetNetAddress: address,
    // rdesktop crashes where these are missing.
    UserName: user,
    Domain: domain,
    Password: password,
    ...(hostName === undefined ? {} : { TargetFQDN: hostName }),
  });
  if (link.security.encrypted) return [indication(link.security, SEC.REDIRECTION_PKT, packet)];
  return [control(link, PduType.SERVER_REDIR_PKT, Buffer.concat([PAD_BEFORE, packet, PAD_BEHIND]))];
}

/** [MS-RDPBCGR] 2.2.13.3.1 */
const PAD_BEFORE = new Uint8Array(2);
const PAD_BEHIND = new Uint8Array(1);
