/**
 * The RDP server: listens, keeps the list of its clients, and gives each a session.
 *
 * Not pure: the outermost layer.
 */
import { EventEmitter } from 'node:events';
import type { Server, Socket } from 'node:net';
import { ARROW, DisplayHub } from '../graphics/index.js';
import { ErrorInfo } from '../pdu/errorInfo.js';
import { admit, type Admission } from './admission.js';
import { Connection } from './connection.js';
import { openPort, portOf } from './listen.js';
import type { StandardIdentity } from '../security/index.js';
import type { ClientInfo, Log, RdpServerOptions } from './options.js';
import type { PointerShape } from './output.js';
import { featureOf, type Permits, SCREEN_AND_KEYS } from './policy.js';
import { Session, type SessionHost } from './session.js';
import type { Console, Destination } from './steering.js';
import type { StepContext } from './step.js';
import { TlsSettings } from './tls.js';
import type { Display } from './view.js';
import { Veils } from './veils.js';

const LOGIN_TIMEOUT = 30_000;
const DIALOG_TIMEOUT = 120_000;
const JUDGEMENT_TIMEOUT = 60_000;
const MAX_CLIENTS = 64;
/**
 * Connections that have not logged in. The oldest, first of those that did not even try, makes room for a new one: idle ones lock nobody
 * out.
 */
const MAX_STRANGERS = 64;

/** Login dialogs at once: each holds its picture, and the copy that it is sent from. */
const MAX_DIALOGS = 16;

export interface RdpServerEvents {
  /** A client has its first picture coming. */
  connected: [client: ClientInfo];
  /** One that was connected has gone. */
  disconnected: [client: ClientInfo, reason: string];
}

export class RdpServer extends EventEmitter<RdpServerEvents> {
  private readonly sessions = new Set<Session>();
  private readonly displays: readonly Display[];
  private readonly log: Log;
  private readonly permits: Permits;
  private readonly veils: Veils;
  private readonly context: StepContext;
  private readonly host: SessionHost;
  private readonly tls: TlsSettings;
  private standard: StandardIdentity | undefined;
  private listeners_: readonly Server[] = [];
  private nextId = 1;
  private shape: PointerShape = ARROW;
  private closing = false;
  /** Set once the ports close: resolve when the last connection is gone. */
  private closed: readonly Promise<void>[] | undefined;
  private holding = false;

  /**
   * Opens the port.
   * @throws Error naming every port that was tried and why it could not be opened; or the certificate's fault
   */
  static async listen(options: RdpServerOptions): Promise<RdpServer> {
    if (options.screens.length === 0) throw new TypeError('a server needs at least one screen');
    if (options.securityMethod === 'hybrid' && !options.authenticator?.ntHash) {
      throw new TypeError("security method 'hybrid' needs an authenticator with ntHash");
    }
    const server = new RdpServer(options);
    try {
      await server.tls.current();
      await server.refreshStandard();
      server.listeners_ = await openPort(options.ports, options.addresses ?? [], (socket) => server.accept(socket));
    } catch (error) {
      server.closeDisplays();
      throw error;
    }
    return server;
  }

  private constructor(private readonly options: RdpServerOptions) {
    super();
    this.tls = new TlsSettings(options.certificate, options.tlsMinVersion ?? 'TLSv1.2');
    this.log = options.log ?? (() => undefined);
    this.permits = options.permits ?? SCREEN_AND_KEYS;
    this.veils = new Veils(options.name);
    this.displays = options.screens.map((screen) => ({ screen, hub: new DisplayHub(screen, undefined, options.video) }));
    const standard = (): StandardIdentity => {
      if (!this.standard) throw new Error('the identity of Standard RDP Security is not known yet');
      return this.standard;
    };
    this.context = {
      securityMethod: options.securityMethod,
      // Asked for each connection.
      get hybrid() {
        return options.authenticator?.ntHash !== undefined;
      },
      encryptionDemand: options.encryptionDemand ?? 'client-compatible',
      get standard() {
        return standard();
      },
      offersChannel: (name) => this.permits(featureOf(name)),
      unicode: options.keyboard.unicode !== undefined,
      video: options.video !== undefined,
    };
    const shape = (): PointerShape => this.shape;
    this.host = {
      options,
      permits: this.permits,
      veils: this.veils,
      get pointerShape() {
        return shape();
      },
      loginTimeout: options.loginTimeout ?? LOGIN_TIMEOUT,
      dialogTimeout: options.dialogTimeout ?? DIALOG_TIMEOUT,
      judgementTimeout: options.judgementTimeout ?? JUDGEMENT_TIMEOUT,
      admit: (session, screen) => this.admit(session, screen),
      connected: (session) => {
        if (this.holding) session.hold();
        this.emit('connected', session.info);
      },
      displays: this.displays,
      makeRoomForDialog: () => this.makeRoomForDialog(),
    };
  }

  /** The port that is open. */
  get port(): number {
    return portOf(this.listeners_[0]);
  }

  /** Clients that are in. */
  get clients(): readonly ClientInfo[] {
    return [...this.sessions].filter(({ admitted }) => admitted).map(({ info }) => info);
  }

  /**
   * What `permits` says has changed: clients see the guest, or that they may not, and what those hold down that may no longer type is let go. A
   * channel that was not offered is there from a client's next connection on.
   */
  policyChanged(): void {
    for (const session of this.sessions) session.policyChanged();
    if (this.permits('display')) this.veils.clear();
  }

  /** What clients' pointers look like from now on; an arrow at first. */
  set pointerShape(shape: PointerShape) {
    this.shape = shape;
    for (const session of this.sessions) session.pointerChanged();
  }

  /** Ends one client's session. @returns whether there was such a client */
  disconnect(id: number, reason: string): boolean {
    const session = [...this.sessions].find((candidate) => candidate.id === id);
    session?.dismiss(ErrorInfo.ERRINFO_RPC_INITIATED_DISCONNECT, reason);
    return session !== undefined;
  }

  /** What clients type waits from now on, until `goOn` or until they are led elsewhere. */
  hold(): void {
    this.holding = true;
    for (const session of this.sessions) session.hold();
  }

  /** What has waited is typed. */
  goOn(): void {
    this.holding = false;
    for (const session of this.sessions) session.goOn();
  }

  /** Shows a client another machine, on which it types from now on, and on which is typed what has waited. @returns whether it is in */
  lead(id: number, console: Console): boolean {
    const session = this.admittedSession(id);
    session?.lead(console);
    return session !== undefined;
  }

  /** Sends a client to another server. @returns false where it cannot follow */
  redirect(id: number, destination: Destination): boolean {
    return this.admittedSession(id)?.redirect(destination) ?? false;
  }

  /** Ends the sessions of viewers that were vouched for. @param wanted which */
  dismissVouched(wanted: (viewer: string) => boolean, reason: string): void {
    for (const session of this.sessions) {
      if (session.viewer !== undefined && wanted(session.viewer)) session.dismiss(ErrorInfo.ERRINFO_RPC_INITIATED_DISCONNECT, reason);
    }
  }

  /** Closes the port; clients that are in stay, and no others come in. */
  stopListening(): void {
    if (this.closed) return;
    for (const session of this.sessions) if (!session.admitted) session.dismiss(ErrorInfo.ERRINFO_SERVER_DENIED_CONNECTION, 'no more clients are taken');
    this.closed = this.listeners_.map((listener) => new Promise<void>((resolve) => listener.close(() => resolve())));
  }

  private admittedSession(id: number): Session | undefined {
    return [...this.sessions].find((candidate) => candidate.id === id && candidate.admitted);
  }

  /** Closes the port and ends all sessions. @param errorInfo what clients show their users */
  async close(reason: string, errorInfo: number = ErrorInfo.ERRINFO_RPC_INITIATED_DISCONNECT): Promise<void> {
    this.closing = true;
    this.stopListening();
    for (const session of this.sessions) session.dismiss(errorInfo, reason);
    // `close` waits for the connections, which end themselves in time.
    await Promise.all(this.closed!);
    this.closeDisplays();
  }

  private closeDisplays(): void {
    for (const { hub } of this.displays) hub.close();
    this.veils.clear();
  }

  private accept(socket: Socket): void {
    if (this.closing) return void socket.destroy();
    const strangers = [...this.sessions].filter(({ admitted }) => !admitted);
    if (strangers.length >= MAX_STRANGERS) {
      const silent = strangers.find(({ knocked }) => !knocked) ?? strangers[0];
      silent.destroy('too many connections have not logged in');
    }
    const id = this.nextId++;
    const connection = new Connection(socket, {
      id,
      context: this.context,
      secureContext: () => this.tls.current(),
      log: this.log,
      ...(typeof this.options.standard === 'function' ? { ready: () => this.refreshStandard() } : {}),
      loginTimeout: this.host.loginTimeout,
      onEffect: (effect) => session.handle(effect),
      onDrain: () => session.pace(),
      onClosed: (reason) => this.left(session, reason),
    });
    const session = new Session(id, connection, this.host);
    this.sessions.add(session);
    this.log('debug', `client ${id} from ${connection.address}`);
  }

  private async refreshStandard(): Promise<void> {
    const { standard } = this.options;
    this.standard = typeof standard === 'function' ? await standard() : standard;
  }

  /** The oldest of too many login dialogs gives way. */
  private makeRoomForDialog(): void {
    const asked = [...this.sessions].filter(({ asking }) => asking);
    if (asked.length >= MAX_DIALOGS) asked[0].dismiss(ErrorInfo.ERRINFO_LOGON_TIMEOUT, 'too many clients are asked for their login');
  }

  private admit(session: Session, screen: number): Admission {
    const { viewer } = session;
    const older = [...this.sessions].filter((other) => other !== session && viewer !== undefined && other.viewer === viewer);
    const others = [...this.sessions].filter((other) => other !== session && other.admitted && !older.includes(other));
    if (this.options.multiConnection && others.length >= (this.options.maxClients ?? MAX_CLIENTS)) {
      return {
        admitted: false,
        errorInfo: ErrorInfo.ERRINFO_OUT_OF_MEMORY,
        reason: `${others.length} clients are connected, which is the limit`,
      };
    }
    const admission = admit(this.options, others.length, screen, this.displays.length);
    if (admission.admitted) {
      for (const other of older) other.dismiss(ErrorInfo.ERRINFO_DISCONNECTED_BY_OTHERCONNECTION, `client ${session.id}, the same viewer, took its place`);
    }
    if (admission.admitted && admission.displaced) {
      for (const other of others) other.dismiss(ErrorInfo.ERRINFO_DISCONNECTED_BY_OTHERCONNECTION, `client ${session.id} took its place`);
    }
    return admission;
  }

  private left(session: Session, reason: string): void {
    this.sessions.delete(session);
    const { info, admitted, announced } = session;
    try {
      session.left();
    } finally {
      this.log(admitted ? 'info' : 'debug', `client ${session.id} from ${info.address} left: ${reason}`);
      if (announced) this.emit('disconnected', info, reason);
    }
  }
}
