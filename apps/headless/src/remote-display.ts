/** The remote display of one machine: the RDP server as the settings want it, opened, changed and closed while the machine runs. */
import { createHash, X509Certificate } from 'node:crypto';
import { hostname, networkInterfaces } from 'node:os';
import { setTimeout } from 'node:timers/promises';
import { AuthUnavailableError, type MachineAuthenticator } from '@belvedere/auth';
import { ControlError, type MachineSpec, type VrdeSpec, type VrdeStatus } from '@belvedere/control';
import {
  chainedIdentity, type ClientInfo, type Console, type Destination, ErrorInfo, IdentityError, RdpServer, type SecurityMethod, type ServerIdentity, serverIdentity, type StandardIdentity,
  type TlsCertificate, type TlsVersion,
} from '@belvedere/rdp';
import { CertificateFiles, CertificateFileError } from './certificate.js';
import type { Log } from './log.js';
import { type Logins, offersNla } from './logins.js';
import type { SourceDisplay } from './teleport/followers.js';
import { permitted } from './switches.js';
import type { Shown } from './teleport/stage.js';
import { videoRedirection } from './video.js';
import type { Visitors } from './teleport/visitors.js';
import type { Whereabouts } from './teleport/whereabouts.js';

/** Why the server closes, and what clients show their users then. */
const CLOSING = {
  poweredOff: { reason: 'the machine was powered off', errorInfo: ErrorInfo.ERRINFO_LOGOFF_BY_USER },
  saved: { reason: "the machine's state was saved", errorInfo: ErrorInfo.ERRINFO_LOGOFF_BY_USER },
  failed: { reason: 'the machine failed', errorInfo: ErrorInfo.ERRINFO_RPC_INITIATED_DISCONNECT },
  teleported: { reason: 'the machine was teleported', errorInfo: ErrorInfo.ERRINFO_LOGOFF_BY_USER },
  nothingCame: { reason: 'no machine came', errorInfo: ErrorInfo.ERRINFO_LOGOFF_BY_USER },
  disconnected: { reason: 'the remote display was switched off', errorInfo: ErrorInfo.ERRINFO_RPC_INITIATED_DISCONNECT },
} as const;

/** Milliseconds that closing waits for the authentication library to hear of the sessions that end. */
const NOTICE_LIMIT = 5000;

/** Milliseconds between tries to open the display of a machine that waits, or that has come. */
const RETRY = 1000;

/** The VRDE property `Security/Method`, in any letter case. */
const METHODS: Readonly<Record<string, SecurityMethod>> = { negotiate: 'negotiate', rdp: 'rdp', tls: 'tls' };

/** The VRDE property `Security/TLSMinVersion`. */
const TLS_VERSIONS: Readonly<Record<string, TlsVersion>> = { '1.0': 'TLSv1', '1.1': 'TLSv1.1', '1.2': 'TLSv1.2', '1.3': 'TLSv1.3' };

/** VRDE properties that a server keeps for its life. */
const SERVER_PROPERTIES = [
  'Security/Method',
  'Security/TLSMinVersion',
  'Security/ServerCertificate',
  'Security/ServerPrivateKey',
  'Security/CACertificate',
] as const;

export class RemoteDisplay implements SourceDisplay {
  private server: RdpServer | undefined;
  private authenticator: MachineAuthenticator | undefined;
  /** Ends of sessions that the authentication library is being told of. */
  private readonly notices = new Set<Promise<void>>();
  private vrde: VrdeSpec;
  private clientsSoFar = 0;
  private lastStart: string | undefined;
  private lastEnd: string | undefined;
  /** Why it is not open although it is to be. */
  private problem: string | undefined;
  /** The SHA-256 of its certificate, in hexadecimal, as the last viewer was shown it. */
  private certificate: string | undefined;
  /** No more viewers are taken. */
  private isShut = false;
  private readonly comings = new Set<(client: ClientInfo) => void>();
  private readonly goings = new Set<(client: ClientInfo) => void>();
  private readonly over = new AbortController();
  private changed: () => void = () => undefined;
  /** Changes are made one after the other. */
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly spec: MachineSpec,
    private readonly machine: Shown,
    private readonly logins: Logins,
    private readonly log: Log,
    private readonly visitors?: Visitors,
  ) {
    this.vrde = spec.vrde;
  }

  /** Calls `listener` when the port or the list of clients has changed. */
  onChange(listener: () => void): void {
    this.changed = listener;
  }

  get status(): VrdeStatus {
    return {
      port: this.port,
      ...(this.problem === undefined || this.server ? {} : { problem: this.problem }),
      clients: (this.server?.clients ?? []).map(describe),
      clientsSoFar: this.clientsSoFar,
      ...(this.lastStart ? { lastStart: this.lastStart } : {}),
      ...(this.lastEnd ? { lastEnd: this.lastEnd } : {}),
    };
  }

  /**
   * Makes the server as `vrde` wants it. Sessions go on unless the port, the addresses, or how the line is secured and judged changed. Users
   * that come and go end none: whether Network Level Authentication is offered is decided for each connection.
   * @throws ControlError when it cannot be opened so; the settings before are in force again then
   */
  apply(vrde: VrdeSpec): Promise<VrdeStatus> {
    const applied = this.turn.then(() => this.change(vrde));
    this.turn = applied.catch(() => undefined);
    return applied;
  }

  /**
   * Opens the display of a machine that waits for another one, which may be on this host and hold the port still: what cannot be opened is tried
   * again until it can.
   */
  async openPatiently(): Promise<void> {
    for (;;) {
      try {
        await this.apply(this.vrde);
        return;
      } catch (error) {
        const { message } = error as Error;
        if (message !== this.problem) this.log.warn({ err: error }, 'the remote display is not open yet: it is tried again');
        this.problem = message;
        this.changed();
      }
      await setTimeout(RETRY, undefined, { ref: false, signal: this.over.signal }).catch(() => undefined);
      if (this.over.signal.aborted) return;
    }
  }

  /** @throws ControlError when there is no such client */
  disconnect(id: number): void {
    if (!this.server?.disconnect(id, 'disconnected by the administrator')) throw new ControlError('VBOX_E_OBJECT_NOT_FOUND', `the remote display has no client ${id}`);
  }

  get port(): number | null {
    return this.server && !this.isShut ? this.server.port : null;
  }

  get clients(): readonly ClientInfo[] {
    return this.server?.clients ?? [];
  }

  /** Where viewers of a machine that comes from elsewhere find it; undefined while it is not open. */
  get whereabouts(): Whereabouts | undefined {
    const { server, vrde, certificate } = this;
    if (!server || certificate === undefined) return undefined;
    const isTls = securityMethod(vrde) !== 'rdp';
    return { port: server.port, addresses: vrde.addresses, certificate: isTls ? certificate : null, viewerAddress: vrde.properties['Teleport/ViewerAddress'] ?? null };
  }

  onConnected(listener: (client: ClientInfo) => void): () => void {
    this.comings.add(listener);
    return () => this.comings.delete(listener);
  }

  onDisconnected(listener: (client: ClientInfo) => void): () => void {
    this.goings.add(listener);
    return () => this.goings.delete(listener);
  }

  hold(): void {
    this.server?.hold();
  }

  goOn(): void {
    this.server?.goOn();
  }

  lead(id: number, console: Console): boolean {
    return this.server?.lead(id, console) ?? false;
  }

  redirect(id: number, destination: Destination): boolean {
    return this.server?.redirect(id, destination) ?? false;
  }

  dismiss(ids: readonly number[], reason: string): void {
    for (const id of ids) this.server?.disconnect(id, reason);
  }

  /** Ends the sessions of viewers that somebody vouched for. */
  dismissVouched(viewers: ReadonlySet<string>, reason: string): void {
    this.server?.dismissVouched((viewer) => viewers.has(viewer), reason);
  }

  /** Whether something may be shown has changed. */
  policyChanged(): void {
    this.server?.policyChanged();
  }

  /** Takes no more viewers; those that are in stay. */
  stopListening(): void {
    this.isShut = true;
    this.server?.stopListening();
    this.changed();
  }

  async close(why: keyof typeof CLOSING): Promise<void> {
    this.over.abort();
    await this.turn;
    await this.stop(why);
  }

  private async change(vrde: VrdeSpec): Promise<VrdeStatus> {
    const before = this.vrde;
    if (this.server && vrde.enabled && !needsAnotherServer(before, vrde)) {
      this.vrde = vrde;
      this.server.policyChanged();
      return this.status;
    }
    if (this.over.signal.aborted) return this.status;
    const running = this.server !== undefined;
    await this.stop('disconnected');
    this.vrde = vrde;
    try {
      if (vrde.enabled) this.server = await this.listen(vrde);
      this.problem = undefined;
    } catch (error) {
      this.vrde = before;
      if (running) this.server = await this.listen(before);
      throw error;
    } finally {
      this.changed();
    }
    return this.status;
  }

  private async stop(why: keyof typeof CLOSING): Promise<void> {
    const { server } = this;
    this.server = undefined;
    const { reason, errorInfo } = CLOSING[why];
    await server?.close(reason, errorInfo);
    // The library hears of the sessions that this ended, unless it does not answer.
    await Promise.race([Promise.all(this.notices), setTimeout(NOTICE_LIMIT, undefined, { ref: false })]);
    this.authenticator?.close();
    this.authenticator = undefined;
  }

  private async listen(vrde: VrdeSpec): Promise<RdpServer> {
    const { machine } = this;
    const current = (): VrdeSpec => this.vrde;
    let authenticator: MachineAuthenticator | undefined;
    try {
      const files = await certificateFiles(vrde, this.log);
      const identity = await serverIdentity(this.spec.identityFolder, hostNames());
      const judge = this.logins.authenticator(vrde, current);
      authenticator = judge;
      const { visitors } = this;
      const hashOf: MachineAuthenticator['ntHash'] = async (user, domain, client, signal) => visitors?.ntHash(user, domain) ?? judge.ntHash?.(user, domain, client, signal);
      const server = await RdpServer.listen({
        ports: vrde.ports,
        addresses: vrde.addresses,
        screens: machine.screens,
        keyboard: machine.keyboard,
        pointer: machine.pointer,
        authenticator: {
          needsCredentials: vrde.authType !== 'null',
          judge: (attempt, signal) => judge.judge(attempt, signal),
          // Asked for each connection: when the users change, the next one is offered what all of them can do.
          get ntHash() {
            return judge.ntHash && offersNla(current()) ? hashOf : undefined;
          },
          refused: judge.refused,
        },
        vouch: (attempt) => {
          const voucher = visitors?.vouch(attempt);
          if (voucher) this.logins.vouchedFor({ ...attempt, ...voucher });
          return voucher;
        },
        machineId: this.spec.uuid,
        name: this.spec.name,
        securityMethod: securityMethod(vrde),
        tlsMinVersion: tlsMinVersion(vrde),
        certificate: async () => {
          const texts = (await files?.current()) ?? identity.tls;
          this.certificate = createHash('sha256').update(new X509Certificate(texts.cert).raw).digest('hex');
          return texts;
        },
        standard: files ? chained(files, identity, this.log) : identity.standard,
        // Asked for each connection: a change counts from the next one on.
        get multiConnection() {
          return current().multiConnection;
        },
        get reuseConnection() {
          return current().reuseConnection;
        },
        permits: (feature) => permitted(current(), feature),
        video: videoRedirection(current),
        log: (level, message) => this.log[level](message),
      });
      server.on('connected', (client) => {
        for (const listener of [...this.comings]) listener(client);
        this.clientsSoFar++;
        this.lastStart = new Date().toISOString();
        this.changed();
      });
      server.on('disconnected', (client) => {
        const { id: clientId, user, domain, address, clientName, vouched } = client;
        this.lastEnd = new Date().toISOString();
        this.changed();
        for (const listener of [...this.goings]) listener(client);
        // The library that judged the login is at the source, and hears of the end there.
        if (vouched) return;
        const told = judge
          .ended({ clientId, user, domain, address, clientName, machineId: this.spec.uuid })
          .catch((error: Error) => this.log.warn({ err: error }, 'the authentication library was not told that a session ended'))
          .finally(() => this.notices.delete(told));
        this.notices.add(told);
      });
      if (vrde.authType === 'null') this.log.warn('the remote display asks nobody for a password: authentication type is null');
      this.log.info({ port: server.port }, 'the remote display listens');
      this.authenticator = judge;
      return server;
    } catch (cause) {
      authenticator?.close();
      const code = cause instanceof AuthUnavailableError ? 'VBOX_E_NOT_SUPPORTED' : cause instanceof IdentityError || cause instanceof CertificateFileError ? 'VBOX_E_FILE_ERROR' : 'VBOX_E_HOST_ERROR';
      throw cause instanceof ControlError ? cause : new ControlError(code, (cause as Error).message, { cause });
    }
  }
}

/** The names by which viewers may reach this host; a common name has at most 64 characters. */
function hostNames() {
  const name = hostname();
  const addresses = Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address.split('%')[0]));
  return { commonName: name && name.length <= 64 ? name : 'localhost', altNames: [...(name ? [name] : []), 'localhost', '127.0.0.1', '::1', ...addresses] };
}

function securityMethod(vrde: VrdeSpec): SecurityMethod {
  const text = vrde.properties['Security/Method'] ?? 'negotiate';
  const method = Object.hasOwn(METHODS, text.toLowerCase()) ? METHODS[text.toLowerCase()] : undefined;
  if (!method) throw new ControlError('E_INVALIDARG', `VRDE property Security/Method is '${text}'; use Negotiate, RDP or TLS`);
  return method;
}

function tlsMinVersion(vrde: VrdeSpec): TlsVersion {
  const text = vrde.properties['Security/TLSMinVersion'] ?? '1.2';
  if (Object.hasOwn(TLS_VERSIONS, text)) return TLS_VERSIONS[text];
  throw new ControlError('E_INVALIDARG', `VRDE property Security/TLSMinVersion is '${text}'; use 1.0, 1.1, 1.2 or 1.3`);
}

/** Standard RDP Security below the administrator's certificate, as it is when a viewer comes; with our own where that certificate cannot issue. */
function chained(files: CertificateFiles, { standard }: ServerIdentity, log: Log): () => Promise<StandardIdentity> {
  let last: { readonly texts: TlsCertificate; readonly identity: Promise<StandardIdentity> } | undefined;
  const withoutChain = (error: Error): StandardIdentity => {
    log.warn({ err: error }, "viewers of Standard RDP Security get the machine's own certificate: the administrator's cannot be put into a chain");
    return standard;
  };
  return async () => {
    const texts = await files.current();
    if (last?.texts !== texts) last = { texts, identity: chainedIdentity(standard, texts).catch(withoutChain) };
    return last.identity;
  };
}

/** The administrator's certificate, if there is one. */
async function certificateFiles({ properties }: VrdeSpec, log: Log): Promise<CertificateFiles | undefined> {
  const { 'Security/ServerCertificate': certificate, 'Security/ServerPrivateKey': key, 'Security/CACertificate': ca } = properties;
  if (certificate && key) return CertificateFiles.open({ certificate, key, ...(ca ? { ca } : {}) }, log);
  if (!certificate && !key && !ca) return undefined;
  const missing = certificate ? 'Security/ServerPrivateKey' : 'Security/ServerCertificate';
  throw new ControlError('E_INVALIDARG', `VRDE property ${missing} is not set; set Security/ServerCertificate and Security/ServerPrivateKey together`);
}

const needsAnotherServer = (before: VrdeSpec, after: VrdeSpec): boolean =>
  String(before.ports) !== String(after.ports) ||
  String(before.addresses) !== String(after.addresses) ||
  before.authType !== after.authType ||
  before.authLibrary !== after.authLibrary ||
  SERVER_PROPERTIES.some((name) => before.properties[name] !== after.properties[name]);

const describe = (client: ClientInfo) => ({
  id: client.id,
  user: client.user,
  domain: client.domain,
  clientName: client.clientName,
  address: client.address,
  clientVersion: client.build,
  encryption: client.encryption,
  since: client.since.toISOString(),
  bytesSent: client.bytesOut,
  bytesReceived: client.bytesIn,
  dropped: client.dropped,
});
