/** What a server is told, and what it tells of its clients. */
import type { Authenticator, Keyboard, Pointer, Screen, VideoRedirection } from '../ports.js';
import type { EncryptionDemand, StandardIdentity } from '../security/index.js';
import type { SecurityMethod } from './negotiation.js';
import type { Dropped, Permits } from './policy.js';
import type { Vouch } from './steering.js';

export type LogLevel = 'debug' | 'info' | 'warn' | 'error';

/** Never given a password, a key or a pixel. */
export type Log = (level: LogLevel, message: string) => void;

/** PEM texts. `ca` is sent with the certificate where clients need it to find the root. */
export interface TlsCertificate {
  readonly key: string;
  readonly cert: string;
  readonly ca?: string;
}

export type TlsVersion = 'TLSv1' | 'TLSv1.1' | 'TLSv1.2' | 'TLSv1.3';

export interface RdpServerOptions {
  /** Tried in order; 0 is any free one. */
  readonly ports: readonly number[];
  /** All on one port. Empty: every address of the host, IPv6 beside IPv4 where it has that. */
  readonly addresses?: readonly string[];
  /** At least one. */
  readonly screens: readonly Screen[];
  readonly keyboard: Keyboard;
  readonly pointer: Pointer;
  /** Without one nobody gets in. */
  readonly authenticator?: Authenticator;
  /** Whoever is vouched for is not judged. */
  readonly vouch?: Vouch;
  /** Told to the authenticator. */
  readonly machineId: string;
  /** Of the machine, for logs. */
  readonly name: string;
  readonly securityMethod: SecurityMethod;
  /** What Standard RDP Security demands of clients; `client-compatible` without it. */
  readonly encryptionDemand?: EncryptionDemand;
  /** Asked for each connection, so that a renewed certificate counts from the next one on. */
  readonly certificate: () => TlsCertificate | Promise<TlsCertificate>;
  /** The oldest version of TLS that is spoken; TLSv1.2 without it. TLSv1 and TLSv1.1 let weak hashes in. */
  readonly tlsMinVersion?: TlsVersion;
  /** Keys and certificates of Standard RDP Security; a function is asked for each connection, as `certificate` is. */
  readonly standard: StandardIdentity | (() => StandardIdentity | Promise<StandardIdentity>);
  /** Several clients share the screen; otherwise a second one is refused, or (`reuseConnection`) takes the first one's place. */
  readonly multiConnection: boolean;
  readonly reuseConnection: boolean;
  /**
   * What clients may use at the moment: asked for each update, each message of theirs, and each channel of a connection that begins. Without it they
   * may see and type, and nothing else. Whoever changes its answer calls `policyChanged`.
   */
  readonly permits?: Permits;
  /** Moving pictures as video, for clients that can show them so. Without it they come as the rest of the screen. */
  readonly video?: VideoRedirection;
  /** Clients that are in at once; 64 without it. */
  readonly maxClients?: number;
  /** Milliseconds until a client must have logged in; 30,000 without it. */
  readonly loginTimeout?: number;
  /** Milliseconds that a user has for each attempt in the login dialog; 120,000 without it. */
  readonly dialogTimeout?: number;
  /** Milliseconds until the authenticator must have judged; 60,000 without it. */
  readonly judgementTimeout?: number;
  readonly log?: Log;
}

/** A client that is in. */
export interface ClientInfo {
  readonly id: number;
  readonly user: string;
  readonly domain: string;
  /** The name of the client's computer, as it says itself. */
  readonly clientName: string;
  readonly address: string;
  readonly since: Date;
  /** `TLSv1.3`, `RDP`, … */
  readonly encryption: string;
  /** Bytes of RDP packets. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** `clientBuild` of its core data. */
  readonly build: number;
  readonly bitsPerPixel: number;
  /** The screen it looks at, from 0. */
  readonly screen: number;
  /** It was vouched for: the authenticator does not know of it. */
  readonly vouched: boolean;
  /** It says that it can be sent to another server. */
  readonly redirects: boolean;
  /** What it has sent for features that were not permitted to it, and that nobody got. */
  readonly dropped: readonly Dropped[];
}
