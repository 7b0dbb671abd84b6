/**
 * The states of a connection, each with its own data, and what moves it from one to the next.
 *
 * [MS-RDPBCGR] 1.3.1.1 (the connection sequence), 1.3.1.3 (deactivation and reactivation). Types only.
 */
import type { InfoPacket } from '../pdu/clientInfo.js';
import type { InputEvent } from '../pdu/input.js';
import type { Packet } from '../pdu/x224.js';
import type { Rect } from '../ports.js';
import type { SecurityLayer, StandardOffer } from '../security/index.js';
import type { ClientCapabilities, Desktop } from './capabilities.js';
import type { ClientSettings } from './clientSettings.js';

/** The steps of a connection, in order. The last but one is left for `capabilitiesExchange` when the guest's resolution changes. */
export const STEPS = [
  'connectionInitiation',
  'tlsHandshake',
  'credssp',
  'basicSettingsExchange',
  'channelConnection',
  'authentication',
  'capabilitiesExchange',
  'finalization',
  'active',
  'closed',
] as const;
export type StepName = (typeof STEPS)[number];

export type { Desktop };

/** What the X.224 exchange settled. */
export interface Negotiation {
  readonly requestedProtocols: number | undefined;
  readonly selectedProtocol: number;
}

/** Settings are exchanged, channels are joined one by one, then the client secures the line and says who it is. */
export interface Joining {
  readonly negotiation: Negotiation;
  readonly client: ClientSettings;
  readonly userId: number | undefined;
  readonly joined: ReadonlySet<number>;
  /** Standard RDP Security: what the client's Security Exchange PDU must answer. */
  readonly offer: StandardOffer | undefined;
  /** In force for what comes next; `undefined` until the Security Exchange PDU. */
  readonly security: SecurityLayer | undefined;
}

/** A line that is secured and whose client has said who it is. */
export interface Link {
  readonly negotiation: Negotiation;
  readonly client: ClientSettings;
  readonly userId: number;
  readonly security: SecurityLayer;
}

/** Why a client may not stay. */
export interface Dismissal {
  /** For its user. */
  readonly errorInfo: number;
  /** For the log. */
  readonly reason: string;
}

/** A share: what both sides draw and type in. */
export interface Share {
  readonly link: Link;
  readonly shareId: number;
  /** As announced to the client. */
  readonly desktop: Desktop;
  readonly capabilities: ClientCapabilities;
}

export type State =
  | { readonly step: 'connectionInitiation' }
  | { readonly step: 'tlsHandshake'; readonly negotiation: Negotiation }
  | { readonly step: 'credssp'; readonly negotiation: Negotiation }
  | { readonly step: 'basicSettingsExchange'; readonly negotiation: Negotiation }
  | { readonly step: 'channelConnection'; readonly joining: Joining }
  | { readonly step: 'authentication'; readonly link: Link }
  /**
   * `latest` may be newer than the announced `desktop`: the guest does not wait for clients. With `refusal` the share is there only to
   * show why
   * the client may not in, and has nothing of the guest.
   */
  | {
      readonly step: 'capabilitiesExchange';
      readonly link: Link;
      readonly shareId: number;
      readonly desktop: Desktop;
      readonly latest: Desktop;
      readonly refusal?: Dismissal;
    }
  | { readonly step: 'finalization'; readonly share: Share; readonly latest: Desktop; readonly refusal?: Dismissal }
  | { readonly step: 'active'; readonly share: Share }
  | { readonly step: 'closed' };

export type ConnectionEvent =
  /** The client sent a packet. */
  | { readonly type: 'packet'; readonly packet: Packet }
  | { readonly type: 'tlsEstablished' }
  /** CredSSP is done, and the client proved who it is. */
  | { readonly type: 'proved' }
  /** The login was granted, and the client may see a screen of this size. */
  | { readonly type: 'admitted'; readonly desktop: Desktop }
  | { readonly type: 'resized'; readonly desktop: Desktop }
  /** The login was refused, or the client may not see the screen. Its user is told. */
  | ({ readonly type: 'refused' } & Dismissal)
  /** The server ends the connection at once. */
  | ({ readonly type: 'dismissed' } & Dismissal);

export type Effect =
  | { readonly type: 'startTls' }
  /** The client's next bytes are CredSSP's. `early`: it is told what it may before the sequence goes on. */
  | { readonly type: 'startCredSsp'; readonly early: boolean }
  | { readonly type: 'authenticate'; readonly info: InfoPacket; readonly link: Link }
  /** Drawing may begin, everything anew. */
  | { readonly type: 'activated'; readonly share: Share }
  | { readonly type: 'input'; readonly events: readonly InputEvent[] }
  /** A packet came in a static virtual channel; of one without a name, the client has not asked for it. */
  | { readonly type: 'channel'; readonly name: string; readonly packet: Uint8Array }
  | { readonly type: 'suppressOutput'; readonly suppressed: boolean }
  | { readonly type: 'refresh'; readonly areas: readonly Rect[] }
  /** The connection is over: flush what is to be sent and close the socket. */
  | { readonly type: 'close'; readonly reason: string };

/** What a step comes to. */
export interface Outcome {
  readonly state: State;
  /** Packets, in order. */
  readonly send: readonly Uint8Array[];
  readonly effects: readonly Effect[];
}
