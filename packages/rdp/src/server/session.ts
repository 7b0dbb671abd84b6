/**
 * One client from its login on: who it is, the screen it sees, the keys it holds.
 *
 * Not pure: joins a connection to the machine's screen, keyboard and pointer.
 */
import { ARROW, type Attachment, DisplayHub, type EncodedBitmap, PALETTE, type VideoSink } from '../graphics/index.js';
import { NoticeScreen } from '../notice/notice.js';
import { LoginDialog } from '../login/index.js';
import { InfoFlags, type InfoPacket } from '../pdu/clientInfo.js';
import { ErrorInfo } from '../pdu/errorInfo.js';
import { credSspServer, earlyUserAuthorizationResult } from '../nla/index.js';
import type { InputEvent } from '../pdu/input.js';
import { Protocol } from '../pdu/x224.js';
import type { Judgement, LogonClient, Rect, Screen, Unsubscribe } from '../ports.js';
import type { Admission } from './admission.js';
import type { Desktop } from './capabilities.js';
import { Channels, type DynamicService } from './channels.js';
import { Connection, type SessionEffect } from './connection.js';
import { Hands } from './hands.js';
import { type Logon, readClientName, readLogon } from './logon.js';
import { judge, lookUp } from './login.js';
import { runCredSsp } from './nla.js';
import type { ClientInfo, RdpServerOptions } from './options.js';
import { DisplayControl } from './displayControl.js';
import { bitmapUpdates, monitorLayout, paletteUpdate, type PointerShape, pointerUpdate } from './output.js';
import { ChosenVideo, VideoRedirectionService } from './videoRedirection.js';
import { SurfaceVideo } from './surfaceVideo.js';
import { featureOf, Gate, type Permits } from './policy.js';
import type { Link, Share } from './state.js';
import { type Console, type Destination, redirectionPackets, type Voucher } from './steering.js';
import { type Display, manyScreens, oneScreen, pointerOver, type View } from './view.js';
import type { Veils } from './veils.js';

/** What sessions share. */
export interface SessionHost {
  readonly options: RdpServerOptions;
  readonly loginTimeout: number;
  readonly dialogTimeout: number;
  readonly judgementTimeout: number;
  /** One more client is about to be asked for its login. */
  makeRoomForDialog(): void;
  /** Decides about a client whose login was granted, and makes room for it. */
  admit(session: Session, screen: number): Admission;
  /** The client has its first picture coming. */
  connected(session: Session): void;
  readonly pointerShape: PointerShape;
  readonly permits: Permits;
  readonly veils: Veils;
  readonly displays: readonly Display[];
}

/** How the client sees it when its user may not in. */
const LOGON_REFUSED = ErrorInfo.ERRINFO_SERVER_INSUFFICIENT_PRIVILEGES;

/** Milliseconds that a client is shown why it may not see what it asked for. */
const NOTICE_LASTS = 15_000;

/** Attempts that a user has in the login dialog. */
const DIALOG_ATTEMPTS = 3;

export class Session {
  private readonly since = new Date();
  private readonly gone = new AbortController();
  private readonly gate: Gate;
  private readonly hands: Hands;
  private logon: (Omit<Logon, 'password'> & { readonly link: Link }) | undefined;
  /** Whom Network Level Authentication has proved the client to be, and what was judged already. */
  private proved: { readonly logon: Logon; readonly judgement: Judgement | undefined } | undefined;
  /** The login dialog, while it is shown. */
  private asked: { readonly dialog: LoginDialog; readonly hub: DisplayHub; left: number } | undefined;
  /** Who vouched for it. */
  private voucher: Voucher | undefined;
  /** Why it may not see what it asked for, while that is shown. */
  private told: { readonly hub: DisplayHub; readonly lasts: () => void; timer?: NodeJS.Timeout } | undefined;
  /** What it sees: of this server's machine, or of another one. */
  private view: View | undefined;
  /** The machine that it sees instead of this server's. */
  private led: DisplayHub | undefined;
  private share: Share | undefined;
  /** What it may use besides the screen and its keys, once it is in. */
  private channels: Channels | undefined;
  /** Its own player of moving pictures, should it have one. */
  private player: VideoRedirectionService | undefined;
  private attachment: Attachment | undefined;
  private suppressed = false;
  /** It sees a notice, since it may not see the guest. */
  private veiled = false;
  private stopWatching: Unsubscribe | undefined;
  /** It may see the screen. */
  admitted = false;
  /** It has seen the screen. */
  announced = false;

  constructor(
    readonly id: number,
    private readonly connection: Connection,
    private readonly host: SessionHost,
  ) {
    this.gate = new Gate(host.permits);
    this.hands = new Hands(this.gate, host.options.keyboard, pointerOver(host.options.pointer, () => this.view));
  }

  get info(): ClientInfo {
    const { link, user = '', domain = '', screen = 0 } = this.logon ?? {};
    return {
      id: this.id,
      user,
      domain,
      clientName: link?.client.core.clientName ?? '',
      address: this.connection.address,
      since: this.since,
      encryption: this.connection.tlsVersion ?? (link ? encryptionName(link) : 'none'),
      bytesIn: this.connection.bytesIn,
      bytesOut: this.connection.bytesOut,
      build: link?.client.core.clientBuild ?? 0,
      bitsPerPixel: link?.client.bitsPerPixel ?? 0,
      screen,
      vouched: this.voucher !== undefined,
      redirects: link?.client.redirects ?? false,
      dropped: this.gate.dropped,
    };
  }

  /** The viewer it was vouched for as. */
  get viewer(): string | undefined {
    return this.voucher?.viewer;
  }

  /** It has said who it is. */
  get knocked(): boolean {
    return this.logon !== undefined || this.proved !== undefined;
  }

  /** Its user is asked who it is. */
  get asking(): boolean {
    return this.asked !== undefined;
  }

  handle(effect: SessionEffect): void {
    switch (effect.type) {
      case 'startCredSsp':
        // A client that goes in the middle leaves nothing to fail.
        this.prove(effect.early).catch((error: unknown) => !this.gone.signal.aborted && this.connection.fail(error));
        return;
      case 'authenticate':
        this.authenticate(effect.info, effect.link).catch((error: unknown) => this.connection.fail(error));
        return;
      case 'activated':
        return this.activated(effect.share);
      case 'input':
        return this.take(effect.events);
      case 'channel':
        // Before its login is judged, a client has been offered no service: what passes is for nobody, what does not is counted.
        if (this.channels) this.channels.receive(effect.name, effect.packet);
        else this.gate.passes(featureOf(effect.name), 1);
        return;
      case 'suppressOutput':
        return this.suppress(effect.suppressed);
      case 'refresh':
        return this.refresh(effect.areas);
    }
  }

  /** The socket takes more. */
  pace(): void {
    this.attachment?.pace();
  }

  /** What is permitted has changed, at once. */
  policyChanged(): void {
    this.hands.policyChanged();
    this.channels?.policyChanged();
    this.player?.offer(this.host.options.video!.enabled);
    if (this.share && this.connection.state.step === 'active' && this.veiled !== this.blind) this.show(this.share);
    else this.pace();
  }

  /** Ends the session, with a reason its user can read. */
  dismiss(errorInfo: number, reason: string): void {
    this.connection.dispatch({ type: 'dismissed', errorInfo, reason });
  }

  /** Its input waits from now on, and all that it holds down is let go. */
  hold(): void {
    this.hands.hold();
  }

  /** What has waited, and what comes from now on, is typed where the client looks. */
  goOn(): void {
    this.hands.goOn(this.share?.desktop, !this.gone.signal.aborted);
  }

  /** Shows another machine from now on, and types there. What has waited is typed there. */
  lead({ screen, keyboard, pointer }: Console): void {
    this.hands.moveTo(keyboard, pointer);
    this.stopWatching?.();
    this.attachment?.detach();
    this.attachment = undefined;
    this.led?.close();
    this.led = new DisplayHub(screen);
    const desktop = this.watch(oneScreen({ screen, hub: this.led }, 0));
    this.connection.dispatch({ type: 'resized', desktop });
    // Of the same size, or kept by a client that cannot follow: the share goes on, with another picture.
    if (this.share && this.connection.state.step === 'active') this.activated(this.share);
    this.goOn();
  }

  /** Sends the client to another server. @returns false where it cannot follow, or not now */
  redirect(destination: Destination): boolean {
    const { state } = this.connection;
    if (!this.admitted || state.step !== 'active' || !state.share.link.client.redirects) return false;
    this.connection.write(redirectionPackets(state.share.link, destination));
    return true;
  }

  destroy(reason: string): void {
    this.connection.destroy(reason);
  }

  /** The client has gone: nothing of it may stay. */
  left(): void {
    this.gone.abort();
    this.channels?.end();
    this.stopWatching?.();
    this.attachment?.detach();
    this.attachment = undefined;
    this.asked?.hub.close();
    this.asked = undefined;
    this.led?.close();
    clearTimeout(this.told?.timer);
    this.told?.hub.close();
    this.told = undefined;
    // What was typed before it went still counts.
    this.goOn();
    this.hands.release();
  }

  /** Network Level Authentication. [MS-CSSP] 3.1.5, [MS-RDPBCGR] 5.4.2.2 */
  private async prove(early: boolean): Promise<void> {
    const { authenticator, name } = this.host.options;
    let client = this.origin('');
    let claimed = { user: '', domain: '' };
    let failure: string | undefined;
    const start = credSspServer({
      publicKey: this.connection.publicKey,
      computerName: name,
      now: Date.now,
      ntHash: async (user, domain, workstation) => {
        client = this.origin(readClientName(workstation));
        claimed = readLogon({ UserName: user, Domain: domain, Password: '' });
        const found = await lookUp(authenticator, claimed, client, this.gone.signal, this.host.judgementTimeout);
        failure = found.failure;
        return found.ntHash;
      },
    });
    const proof = await runCredSsp(this.connection.credSsp, start, (bytes) => this.connection.write([bytes]));
    if (this.gone.signal.aborted) return;
    if (!proof.proved) {
      const reason = failure ?? proof.reason;
      this.logOutcome(claimed.user, reason);
      authenticator?.refused?.({ ...client, user: claimed.user, domain: claimed.domain }, reason);
      return this.dismiss(LOGON_REFUSED, `the login was refused: ${reason}`);
    }
    const { user, domain, password = '', workstation } = proof.logon;
    const logon = readLogon({ UserName: user, Domain: domain, Password: password });
    const judgement = early ? await this.ask(logon, readClientName(workstation), logon.screen) : undefined;
    if (this.gone.signal.aborted) return;
    this.proved = { logon, judgement };
    if (judgement) {
      this.connection.write([earlyUserAuthorizationResult(judgement.granted)]);
      if (!judgement.granted) return this.dismiss(LOGON_REFUSED, `the login was refused: ${judgement.reason}`);
      this.connection.expectWithin(this.host.loginTimeout, 'did not start its session');
    }
    this.connection.proved();
  }

  /** @param info what the client says; who has proved its name before is that one, whatever it says now */
  private async authenticate(info: InfoPacket, link: Link): Promise<void> {
    const said = readLogon(info);
    const { user, domain, password } = this.proved?.logon ?? said;
    // The screen may be asked for in either place.
    const { screen, picked } = said.picked ? said : (this.proved?.logon ?? said);
    this.logon = { user, domain, screen, picked, link };
    if (!this.proved && this.host.options.authenticator?.needsCredentials && bringsNone(info)) return this.askUser(info, link);
    const judgement = this.proved?.judgement ?? (await this.ask({ user, domain, password }, link.client.core.clientName, screen));
    if (this.voucher) this.logon = { ...this.voucher, picked: this.voucher.screen > 0, link };
    if (!this.gone.signal.aborted) this.judged(judgement, this.logon.screen);
  }

  /** The client brings no credentials: a dialog in its session asks for them, and nothing of the guest is there. */
  private askUser({ UserName, Domain }: InfoPacket, link: Link): void {
    this.host.makeRoomForDialog();
    const { desktopWidth: width, desktopHeight: height } = link.client.core;
    const dialog = new LoginDialog({
      machine: this.host.options.name,
      user: UserName,
      domain: Domain,
      width,
      height,
      submit: ({ user, domain, password }) => {
        const logon = readLogon({ UserName: user, Domain: domain, Password: password });
        this.attempt(logon, link).catch((error: unknown) => this.connection.fail(error));
      },
      cancel: () => this.dismiss(ErrorInfo.ERRINFO_LOGOFF_BY_USER, 'the user left the login dialog'),
    });
    this.asked = { dialog, hub: new DisplayHub(dialog.screen), left: DIALOG_ATTEMPTS };
    this.connection.expectWithin(this.host.dialogTimeout, 'did not log in');
    this.connection.dispatch({ type: 'admitted', desktop: size(dialog.screen) });
  }

  /** One attempt in the dialog. */
  private async attempt({ user, domain, password, screen, picked }: Logon, link: Link): Promise<void> {
    this.logon = { user, domain, screen, picked, link };
    const judgement = await this.ask({ user, domain, password }, link.client.core.clientName, screen);
    const { asked } = this;
    if (this.gone.signal.aborted || !asked) return;
    if (judgement.granted) return this.afterDialog(asked.hub, screen);
    asked.left--;
    if (asked.left === 0) return this.dismiss(LOGON_REFUSED, `the login was refused ${DIALOG_ATTEMPTS} times: ${judgement.reason}`);
    this.connection.expectWithin(this.host.dialogTimeout, 'did not log in');
    asked.dialog.refused(asked.left);
  }

  /** The dialog gives way to the guest. */
  private afterDialog(hub: DisplayHub, screen: number): void {
    this.connection.expectWithin(this.host.loginTimeout, 'did not start its session');
    const admission = this.host.admit(this, screen);
    if (!admission.admitted && !admission.notice) return this.dismiss(admission.errorInfo, admission.reason);
    this.attachment?.detach();
    this.attachment = undefined;
    hub.close();
    this.asked = undefined;
    this.connection.dispatch({ type: 'resized', desktop: admission.admitted ? this.enter(screen) : this.tell(admission) });
    // Of the same size, or kept by a client that cannot follow: the share goes on, with another picture.
    if (this.share && this.connection.state.step === 'active') this.activated(this.share);
  }

  private async ask({ user, domain, password }: Omit<Logon, 'screen' | 'picked'>, clientName: string, screen: number): Promise<Judgement> {
    this.connection.relax();
    const attempt = { ...this.origin(clientName), user, password, domain };
    this.voucher = this.host.options.vouch?.({ ...attempt, screen });
    if (this.voucher) {
      this.host.options.log?.('info', `client ${this.id} from ${this.connection.address}: vouched for as ${JSON.stringify(this.voucher.user)}`);
      return { granted: true };
    }
    const judgement = await judge(this.host.options.authenticator, attempt, this.gone.signal, this.host.judgementTimeout);
    this.logOutcome(user, judgement.granted ? undefined : judgement.reason);
    return judgement;
  }

  private logOutcome(user: string, refusal: string | undefined): void {
    const came = refusal === undefined ? 'granted' : `refused: ${refusal}`;
    this.host.options.log?.('info', `client ${this.id} from ${this.connection.address}: login of ${JSON.stringify(user)} ${came}`);
  }

  private origin(clientName: string): LogonClient {
    return { clientId: this.id, machineId: this.host.options.machineId, address: this.connection.address, clientName };
  }

  private judged(judgement: Judgement, screen: number): void {
    this.connection.expectWithin(this.host.loginTimeout, 'did not start its session');
    if (!judgement.granted) return this.refuse(LOGON_REFUSED, `the login was refused: ${judgement.reason}`);
    const admission = this.host.admit(this, screen);
    if (!admission.admitted && !admission.notice) return this.refuse(admission.errorInfo, admission.reason);
    this.connection.dispatch({ type: 'admitted', desktop: admission.admitted ? this.enter(screen) : this.tell(admission) });
  }

  /** It is in. A client that has several monitors, and asks for no one screen, sees several. @returns its desktop */
  private enter(screen: number): Desktop {
    this.admitted = true;
    const { displays } = this.host;
    const { picked = false, link } = this.logon ?? {};
    const monitors = link?.client.monitors ?? 1;
    return this.watch(!picked && monitors > 1 && displays.length > 1 ? manyScreens(displays, monitors) : oneScreen(displays[screen], screen));
  }

  /** It may not in, and sees for a while why. @returns its desktop */
  private tell({ errorInfo, reason, notice = [] }: Extract<Admission, { admitted: false }>): Desktop {
    const screen = new NoticeScreen({ title: this.host.options.name, lines: notice });
    this.host.options.log?.('info', `client ${this.id} from ${this.connection.address}: ${reason}`);
    this.told = { hub: new DisplayHub(screen), lasts: () => this.dismiss(errorInfo, reason) };
    return { width: screen.width, height: screen.height };
  }

  private watch(view: View): Desktop {
    this.view = view;
    this.stopWatching = view.onChange(() => this.resized(view));
    return view.desktop;
  }

  private refuse(errorInfo: number, reason: string): void {
    this.connection.dispatch({ type: 'refused', errorInfo, reason });
  }

  /** The guest has changed its resolution: nothing is drawn until the client has followed. */
  private resized(view: View): void {
    this.attachment?.suspend();
    this.connection.dispatch({ type: 'resized', desktop: view.desktop });
    if (this.connection.state.step !== 'active') return;
    // A client that cannot follow keeps its desktop. Several screens may stand elsewhere on one that is as large as it was.
    if (view.parts.length > 1 && this.share) this.show(this.share);
    else if (!this.suppressed) this.attachment?.resume();
  }

  private activated(share: Share): void {
    if (!this.asked) this.connection.relax();
    this.share = share;
    const { bitsPerPixel } = share.link.client;
    if (bitsPerPixel === 8) this.connection.write(paletteUpdate(share, PALETTE));
    this.show(share);
    if (this.told) this.told.timer ??= setTimeout(this.told.lasts, NOTICE_LASTS);
    if (this.announced || this.asked || this.told) return;
    this.announced = true;
    this.channels = new Channels(share.link, this.gate, (packets) => this.connection.write(packets));
    this.channels.start(this.services());
    if (this.host.options.video) {
      this.player = new VideoRedirectionService(this.channels, () => this.share!.desktop, () => this.pace());
      this.player.offer(this.host.options.video.enabled);
    }
    this.host.connected(this);
  }

  /** What is offered to it in dynamic channels. */
  private services(): DynamicService[] {
    return this.view?.requestSize ? [new DisplayControl(([primary]) => this.view?.requestSize?.(primary.Width, primary.Height))] : [];
  }

  /** It is in, and may not see the guest. */
  private get blind(): boolean {
    return !this.asked && !this.told && !this.gate.opens('display');
  }

  /** Draws from now on what it may see, from a whole picture on. */
  private show(share: Share): void {
    this.attachment?.detach();
    const veiled = this.blind;
    this.veiled = veiled;
    this.point(share);
    const shown = veiled ? this.host.veils.hub(share.desktop) : ((this.asked ?? this.told)?.hub ?? this.view!);
    if (shown === this.view && this.view.parts.length > 1 && share.link.client.takesMonitorLayout) this.connection.write(monitorLayout(share, this.view.parts));
    this.attachment = shown.attach({
      format: { bitsPerPixel: share.link.client.bitsPerPixel, compressed: share.capabilities.compressedBitmaps, skipAlpha: share.capabilities.skipAlpha },
      width: share.desktop.width,
      height: share.desktop.height,
      // Asked before each update: not one is of the guest once it may not be.
      ready: () => this.connection.writable && veiled === this.blind && (this.asked !== undefined || this.told !== undefined || (this.voucher?.shows?.() ?? true)),
      send: (bitmaps) => this.draw(share, bitmaps),
      ...this.video(share),
    });
    if (this.suppressed) this.attachment.suspend();
  }

  /** How it is shown moving pictures: by its own player, if it has one; else in a codec, if it has one. */
  private video(share: Share): { readonly video?: VideoSink } {
    const { videoCodec, fastPathOutput } = share.capabilities;
    const surface = videoCodec && fastPathOutput && share.link.client.bitsPerPixel > 8 ? new SurfaceVideo(share, videoCodec, (packets) => this.connection.write(packets)) : undefined;
    if (this.asked || this.told || !this.host.options.video) return {};
    return { video: new ChosenVideo(() => this.player, surface) };
  }

  /** The guest's pointer has another shape. */
  pointerChanged(): void {
    if (this.share && this.connection.state.step === 'active' && !this.asked && !this.told && !this.blind) this.point(this.share);
  }

  /** Shows the pointer's shape: the guest's goes with its picture. */
  private point(share: Share): void {
    this.connection.write(pointerUpdate(share, this.asked || this.told || this.blind ? ARROW : this.host.pointerShape));
  }

  private draw(share: Share, bitmaps: readonly EncodedBitmap[]): void {
    try {
      this.connection.write(bitmapUpdates(share, bitmaps));
    } catch (error) {
      this.connection.fail(error);
    }
  }

  private take(events: readonly InputEvent[]): void {
    if (this.asked) this.asked.dialog.take(events);
    else if (!this.told) this.hands.take(events, this.share?.desktop);
  }

  private suppress(suppressed: boolean): void {
    if (suppressed === this.suppressed) return;
    this.suppressed = suppressed;
    if (suppressed) this.attachment?.suspend();
    else this.attachment?.resume();
  }

  private refresh(areas: readonly Rect[]): void {
    for (const area of areas) this.attachment?.refresh(area);
  }
}

/** No password, and either no user or no wish that it be used as it is. */
const bringsNone = ({ UserName, Password, flags }: InfoPacket): boolean =>
  Password === '' && (UserName === '' || (flags & InfoFlags.INFO_AUTOLOGON) === 0);

const size = ({ width, height }: Screen): { width: number; height: number } => ({ width, height });

const encryptionName = ({ negotiation, security }: Link): string =>
  negotiation.selectedProtocol === Protocol.RDP && security.encrypted ? 'RDP' : 'none';
