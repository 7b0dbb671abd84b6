/**
 * The client's side of a connection: what it asks for, its states, and what comes of a packet.
 *
 * [MS-RDPBCGR] 1.3.1.1, 1.3.1.3. Types only.
 */
import type { ColourDepth } from '../graphics/index.js';
import type { BitmapData } from '../pdu/output.js';
import type { Redirection } from '../pdu/redirection.js';
import type { SecurityLayer } from '../security/index.js';

export interface ClientSettings {
  /** `nla`: CredSSP over TLS, with `nlaEx` and early user authorization; `rdp`: Standard RDP Security; `none`: likewise, but without any negotiation request, as clients before RDP 5.2 connect. */
  readonly security: 'nlaEx' | 'nla' | 'tls' | 'rdp' | 'none';
  readonly user: string;
  readonly password: string;
  readonly domain: string;
  readonly clientName: string;
  /** Asked for, in pixels; the server may have its own mind. */
  readonly width: number;
  readonly height: number;
  readonly bitsPerPixel: ColourDepth;
  /** Without it the server sends slow-path updates. */
  readonly fastPathOutput: boolean;
  /** Without it input goes in slow-path PDUs. */
  readonly fastPathInput: boolean;
  /** Compressed bitmaps come without TS_CD_HEADER. */
  readonly noBitmapCompressionHeader: boolean;
  /** It follows a desktop that changes its size. */
  readonly resizes: boolean;
  /** RDP 4: the short Client Info, and none of the later fields of the core data. */
  readonly rdp4: boolean;
  /** Text in UTF-16; otherwise in one octet a character. */
  readonly unicode: boolean;
  /** The server may say why it ends the session. */
  readonly errorInfo: boolean;
  /** Bits of ENCRYPTION_METHOD offered for Standard RDP Security. */
  readonly encryptionMethods: number;
  /** It can be sent to another server. */
  readonly redirects: boolean;
  /** Its user's monitors, side by side from the left; none: it does not say. */
  readonly monitors: readonly { readonly width: number; readonly height: number }[];
  /** Names of static virtual channels, of at most seven characters. */
  readonly channels: readonly string[];
  /** With `nla`: the password goes on to the server. */
  readonly delegate: boolean;
  /** The Client Info says that its credentials are to be used. */
  readonly autologon: boolean;
}

export interface ClientLine {
  readonly userId: number;
  readonly ioChannel: number;
  /** Of the static virtual channels that it asked for, in that order; 0 for one that the server has not. */
  readonly channels: readonly number[];
  readonly security: SecurityLayer;
}

export type ClientState =
  | { readonly step: 'connectionConfirm' }
  | { readonly step: 'tlsHandshake'; readonly selectedProtocol: number }
  | { readonly step: 'credssp'; readonly selectedProtocol: number }
  | { readonly step: 'connectResponse' }
  | { readonly step: 'attachUserConfirm'; readonly pending: Pending }
  | { readonly step: 'channelJoinConfirm'; readonly pending: Pending; readonly userId: number; readonly left: readonly number[] }
  | { readonly step: 'licensing'; readonly line: ClientLine }
  | { readonly step: 'demandActive'; readonly line: ClientLine }
  | { readonly step: 'finalization'; readonly line: ClientLine; readonly share: ClientShare }
  | { readonly step: 'active'; readonly line: ClientLine; readonly share: ClientShare }
  | { readonly step: 'closed' };

/** What the server's settings leave to be done. */
export interface Pending {
  readonly channels: readonly number[];
  readonly ioChannel: number;
  /** Sent before the Client Info, where Standard RDP Security is used. */
  readonly securityExchange: Uint8Array | undefined;
  readonly security: SecurityLayer;
}

export interface ClientShare {
  readonly shareId: number;
  readonly width: number;
  readonly height: number;
  readonly bitsPerPixel: number;
}

export type ClientEffect =
  | { readonly type: 'startTls' }
  | { readonly type: 'active'; readonly share: ClientShare }
  | { readonly type: 'bitmaps'; readonly rectangles: readonly BitmapData[] }
  /** 0x00RRGGBB */
  | { readonly type: 'palette'; readonly colours: Uint32Array }
  | { readonly type: 'pointer'; readonly shape: 'hidden' | 'default' | 'picture' }
  | { readonly type: 'errorInfo'; readonly code: number }
  | { readonly type: 'redirection'; readonly to: Redirection }
  /** In a static virtual channel. */
  | { readonly type: 'channel'; readonly channelId: number; readonly packet: Uint8Array }
  | { readonly type: 'shutdownDenied' }
  | { readonly type: 'close'; readonly reason: string };

export interface ClientOutcome {
  readonly state: ClientState;
  readonly send: readonly Uint8Array[];
  readonly effects: readonly ClientEffect[];
}
