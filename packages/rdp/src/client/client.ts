/**
 * A client over a socket, for tests, benchmarks and relays: connects, keeps the picture, sends input.
 *
 * Not pure: sockets are here, decisions are in `step.ts`. It trusts any certificate, unless it is told which one the server has.
 */
import { EventEmitter } from 'node:events';
import { connect, type Socket } from 'node:net';
import { connect as connectTls, TLSSocket } from 'node:tls';
import { createHash, type X509Certificate } from 'node:crypto';
import { KeyboardFlags, type InputEvent, PointerFlags, PointerXFlags } from '../pdu/input.js';
import * as pdus from '../pdu/share.js';
import { decode, encode } from '@belvedere/wire';
import { AUTHZ, credSspClient, EARLY_USER_AUTHORIZATION_RESULT_PDU, subjectPublicKey, tsRequestLength } from '../nla/index.js';
import { PacketReader } from '../pdu/packetReader.js';
import { Protocol } from '../pdu/x224.js';
import { ENCRYPTION_METHOD, type SecurityLayer } from '../security/index.js';
import type { Rect } from '../ports.js';
import type { BitmapData } from '../pdu/output.js';
import type { Redirection } from '../pdu/redirection.js';
import { ClientChannels, type ClientListener } from './channels.js';
import { DRDYNVC } from '../pdu/dynamicChannel.js';
import { connectionRequest } from './connect.js';
import { data, requestIn } from './envelope.js';
import { Framebuffer } from './framebuffer.js';
import { Fragments, inputPackets } from './share.js';
import type { ClientEffect, ClientOutcome, ClientSettings, ClientShare, ClientState } from './state.js';
import { clientStep, tlsEstablished } from './step.js';

export type ClientOptions = Partial<ClientSettings> & {
  readonly host?: string;
  readonly port: number;
  /** The server's certificate, as the hexadecimal SHA-256 of its DER form: nothing is said to a server with another one, or without TLS. */
  readonly certificate?: string;
  /** Who listens for dynamic channels; with any, their carrier is asked for. */
  readonly listeners?: readonly ClientListener[];
  /** Of this host, to connect from. */
  readonly localAddress?: string;
  /** Hears all that the server sends, below TLS, and once more what Standard RDP Security has deciphered. */
  readonly overhear?: (bytes: Uint8Array) => void;
};

const DEFAULTS: ClientSettings = {
  security: 'tls',
  user: 'user',
  password: 'password',
  domain: '',
  clientName: 'test',
  width: 1024,
  height: 768,
  bitsPerPixel: 32,
  fastPathOutput: true,
  fastPathInput: true,
  noBitmapCompressionHeader: true,
  resizes: true,
  rdp4: false,
  unicode: true,
  errorInfo: true,
  encryptionMethods: ENCRYPTION_METHOD['40BIT'] | ENCRYPTION_METHOD['56BIT'] | ENCRYPTION_METHOD['128BIT'],
  redirects: false,
  monitors: [],
  channels: [],
  delegate: true,
  autologon: true,
};

export interface RdpClientEvents {
  /** A share has become active: at first, and after each change of the desktop's size. */
  active: [share: ClientShare];
  /** Something was drawn: where. */
  update: [areas: readonly Rect[]];
  /** The server sends this client elsewhere. */
  redirected: [to: Redirection];
  closed: [reason: string];
}

export class RdpClient extends EventEmitter<RdpClientEvents> {
  state: ClientState = { step: 'connectionConfirm' };
  framebuffer = new Framebuffer(1, 1);
  /** The newest that was active: a new one may be on its way. */
  share: ClientShare | undefined;
  pointer: 'hidden' | 'default' | 'picture' | undefined;
  /** What the server last said why it ends the session. */
  errorInfo = 0;
  shutdownDenied = false;
  /** Bytes of RDP packets received. */
  bytesIn = 0;
  closedBecause: string | undefined;
  /** Its dynamic channels. */
  readonly dynamic: ClientChannels;
  private readonly asked: ClientSettings;
  private readonly reader = new PacketReader(0xffff);
  private readonly fragments = new Fragments();
  private readonly certificate: string | undefined;
  private readonly overhear: NonNullable<ClientOptions['overhear']>;
  private overheard: SecurityLayer | undefined;
  private socket: Socket;

  /** Begins to connect. Await `active()`. */
  constructor({ host = '127.0.0.1', port, localAddress, certificate, overhear = () => undefined, listeners = [], ...asked }: ClientOptions) {
    super();
    this.dynamic = new ClientChannels(listeners, (packet) => this.say(this.carrier, packet));
    this.certificate = certificate;
    this.overhear = overhear;
    this.asked = { ...DEFAULTS, ...asked, channels: [...(asked.channels ?? []), ...(listeners.length ? [DRDYNVC] : [])] };
    this.socket = connect({ host, port, localAddress, noDelay: true }, () => void this.socket.write(connectionRequest(this.asked)));
    this.listen(this.socket);
  }

  /** The server's, once TLS stands. */
  get peerCertificate(): X509Certificate | undefined {
    return this.socket instanceof TLSSocket ? this.socket.getPeerX509Certificate() : undefined;
  }

  /** Resolves with the share once one was active; rejects if the connection closes before. */
  async active(): Promise<ClientShare> {
    await this.until('active', () => this.share !== undefined, 'the share was active');
    return this.share!;
  }

  /** Resolves when the picture fits; rejects if the connection closes before. */
  picture(fits: (framebuffer: Framebuffer) => boolean): Promise<void> {
    return this.until('update', () => fits(this.framebuffer), 'the picture was there');
  }

  /** Resolves with the reason when the connection is over. */
  ended(): Promise<string> {
    return new Promise((resolve) => this.whenClosed(resolve));
  }

  /** @param code as in the keyboard port: set 1, 0xe000 or 0xe100 added for a prefix */
  key(code: number, down: boolean): void {
    const prefix = code >> 8 === 0xe0 ? KeyboardFlags.EXTENDED : code >> 8 === 0xe1 ? KeyboardFlags.EXTENDED1 : 0;
    this.input({ type: 'scancode', keyboardFlags: prefix | (down ? 0 : KeyboardFlags.RELEASE), keyCode: code & 0xff });
  }

  character(unit: number, down: boolean): void {
    this.input({ type: 'unicode', keyboardFlags: down ? 0 : KeyboardFlags.RELEASE, unicodeCode: unit });
  }

  move(xPos: number, yPos: number): void {
    this.input({ type: 'mouse', pointerFlags: PointerFlags.MOVE, xPos, yPos });
  }

  /** @param button 1 left, 2 right, 3 middle, 4 and 5 extra */
  button(xPos: number, yPos: number, button: 1 | 2 | 3 | 4 | 5, down: boolean): void {
    const bits = [0, PointerFlags.BUTTON1, PointerFlags.BUTTON2, PointerFlags.BUTTON3, PointerXFlags.BUTTON1, PointerXFlags.BUTTON2];
    this.input({ type: button < 4 ? 'mouse' : 'mousex', pointerFlags: bits[button] | (down ? PointerFlags.DOWN : 0), xPos, yPos });
  }

  /** @param rotation 120 a notch, positive away from the user or to the right; -256 to 255 */
  wheel(rotation: number, horizontal = false): void {
    const axis = horizontal ? PointerFlags.HWHEEL : PointerFlags.WHEEL;
    this.input({ type: 'mouse', pointerFlags: axis | (rotation & PointerFlags.WheelRotationMask), xPos: 0, yPos: 0 });
  }

  synchronize(toggleFlags: number): void {
    this.input({ type: 'synchronize', toggleFlags });
  }

  input(...events: InputEvent[]): void {
    if (this.state.step !== 'active') throw new Error(`no share is active: ${this.state.step}`);
    for (const packet of inputPackets(this.state, events, this.asked)) this.socket.write(packet);
  }

  /** Sends a packet in a channel, whether there is such a channel or not. */
  say(channelId: number, payload: Uint8Array): void {
    if (!('line' in this.state)) throw new Error(`the line is not open: ${this.state.step}`);
    this.socket.write(requestIn(this.state.line, channelId, 0, payload));
  }

  /** Stops or resumes what the server draws. */
  suppressOutput(suppressed: boolean): void {
    const { width, height } = this.framebuffer;
    const desktopRect = { left: 0, top: 0, right: width - 1, bottom: height - 1 };
    this.data(
      pdus.PduType2.SUPPRESS_OUTPUT,
      encode(pdus.TS_SUPPRESS_OUTPUT_PDU, suppressed ? { allowDisplayUpdates: 0 } : { allowDisplayUpdates: 1, desktopRect }),
    );
  }

  refresh(x: number, y: number, width: number, height: number): void {
    this.data(
      pdus.PduType2.REFRESH_RECT,
      encode(pdus.TS_REFRESH_RECT_PDU, { areasToRefresh: [{ left: x, top: y, right: x + width - 1, bottom: y + height - 1 }] }),
    );
  }

  requestShutdown(): void {
    this.data(pdus.PduType2.SHUTDOWN_REQUEST, new Uint8Array(0));
  }

  /** Stops reading, as a client behind a slow line; or goes on. */
  stall(stalled: boolean): void {
    if (stalled) this.socket.pause();
    else this.socket.resume();
  }

  close(): void {
    this.socket.destroy();
    this.finish('closed by this side');
  }

  private data(pduType2: number, body: Uint8Array): void {
    if (this.state.step !== 'active') throw new Error(`no share is active: ${this.state.step}`);
    this.socket.write(data(this.state.line, this.state.share.shareId, pduType2, body));
  }

  /** Resolves once `done`, looked at after each `event`. */
  private until(event: 'active' | 'update', done: () => boolean, what: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        this.off(event, check);
        this.off('closed', lost);
      };
      const check = (): void => {
        if (!done()) return;
        settle();
        resolve();
      };
      const lost = (reason: string): void => {
        settle();
        reject(new Error(`closed before ${what}: ${reason}`));
      };
      this.on(event, check);
      this.whenClosed(lost);
      check();
    });
  }

  private whenClosed(call: (reason: string) => void): void {
    if (this.closedBecause !== undefined) call(this.closedBecause);
    else this.once('closed', call);
  }

  /** The static channel that carries dynamic ones; 0 where there is none. */
  private get carrier(): number {
    return 'line' in this.state ? (this.state.line.channels[this.asked.channels.indexOf(DRDYNVC)] ?? 0) : 0;
  }

  private listen(socket: Socket): void {
    socket.on('data', this.onData);
    socket.on('error', (error) => this.finish(error.message));
    socket.on('close', () => this.finish('the server closed the connection'));
  }

  private readonly onData = (bytes: Uint8Array): void => {
    this.bytesIn += bytes.length;
    this.overhear(bytes);
    try {
      this.reader.push(bytes);
      for (let packet = this.reader.next(); packet; packet = this.reader.next()) {
        this.enter(clientStep(this.state, packet, this.asked, this.fragments));
        if (this.closedBecause !== undefined || this.state.step === 'tlsHandshake') return;
      }
    } catch (error) {
      this.socket.destroy();
      this.finish(error instanceof Error ? error.message : String(error));
    }
  };

  private enter({ state, send, effects }: ClientOutcome): void {
    if (this.certificate !== undefined && state.step !== 'tlsHandshake' && state.step !== 'closed' && !(this.socket instanceof TLSSocket)) {
      throw new Error('the server speaks no TLS');
    }
    this.state = state;
    if ('line' in state) this.listenIn(state.line.security);
    for (const packet of send) this.socket.write(packet);
    for (const effect of effects) this.apply(effect);
    const areas = effects.flatMap((effect) => (effect.type === 'bitmaps' ? effect.rectangles.map(areaOf) : []));
    if (areas.length) this.emit('update', areas);
  }

  private apply(effect: ClientEffect): void {
    switch (effect.type) {
      case 'startTls':
        return this.startTls();
      case 'active':
        this.share = effect.share;
        this.framebuffer = new Framebuffer(effect.share.width, effect.share.height);
        this.emit('active', effect.share);
        return;
      case 'bitmaps':
        for (const rectangle of effect.rectangles) this.framebuffer.draw(rectangle);
        return;
      case 'palette':
        this.framebuffer.palette = effect.colours;
        return;
      case 'pointer':
        this.pointer = effect.shape;
        return;
      case 'errorInfo':
        this.errorInfo = effect.code;
        return;
      case 'redirection':
        this.emit('redirected', effect.to);
        return;
      case 'channel':
        if (effect.channelId === this.carrier) this.dynamic.receive(effect.packet);
        return;
      case 'shutdownDenied':
        this.shutdownDenied = true;
        return;
      case 'close':
        this.socket.end();
        return this.finish(effect.reason);
    }
  }

  private startTls(): void {
    this.socket.off('data', this.onData);
    const secured = connectTls({ socket: this.socket, rejectUnauthorized: false });
    this.socket = secured;
    this.listen(secured);
    const selectedProtocol = this.state.step === 'tlsHandshake' ? this.state.selectedProtocol : Protocol.SSL;
    secured.once('secureConnect', () => {
      if (this.certificate !== undefined && fingerprint(secured) !== this.certificate) {
        secured.destroy();
        return this.finish('the server has another certificate than it should');
      }
      if (selectedProtocol === Protocol.SSL) return this.enter(tlsEstablished(this.asked, selectedProtocol));
      this.prove(secured, selectedProtocol).then(
        () => this.closedBecause === undefined && this.enter(tlsEstablished(this.asked, selectedProtocol)),
        (error: Error) => {
          secured.destroy();
          this.finish(error.message);
        },
      );
    });
  }

  /** CredSSP, and the early authorization result behind it. [MS-RDPBCGR] 5.4.5.2 */
  private async prove(socket: TLSSocket, selectedProtocol: number): Promise<void> {
    socket.off('data', this.onData);
    this.state = { step: 'credssp', selectedProtocol };
    const { user, domain, password, clientName: workstation, delegate } = this.asked;
    const publicKey = subjectPublicKey(socket.getPeerX509Certificate()!.raw);
    let held: Uint8Array = new Uint8Array(0);
    let look = (): void => undefined;
    const receive = (bytes: Uint8Array): void => {
      this.overhear(bytes);
      held = Buffer.concat([held, bytes]);
      look();
    };
    socket.on('data', receive);
    /** Cuts off what `length` measures. */
    const next = (length: (stream: Uint8Array) => number | undefined): Promise<Uint8Array> =>
      new Promise((resolve, reject) => {
        this.whenClosed((reason) => reject(new Error(reason)));
        look = () => {
          try {
            const size = length(held);
            if (size === undefined) return;
            look = () => undefined;
            resolve(held.subarray(0, size));
            held = held.subarray(size);
          } catch (error) {
            reject(error as Error);
          }
        };
        look();
      });
    let step = credSspClient({ user, domain, password, workstation, publicKey, delegate });
    for (; step.state !== 'done'; ) {
      socket.write(step.message);
      step = step.next(await next(tsRequestLength));
    }
    socket.write(step.message);
    if (selectedProtocol === Protocol.HYBRID_EX) {
      const { authorizationResult } = decode(EARLY_USER_AUTHORIZATION_RESULT_PDU, await next((stream) => (stream.length < 4 ? undefined : 4)));
      if (authorizationResult !== AUTHZ.SUCCESS) throw new Error(`the server refused early: authorizationResult ${authorizationResult}`);
    }
    socket.off('data', receive);
    socket.on('data', this.onData);
  }

  private listenIn(security: SecurityLayer): void {
    if (security === this.overheard) return;
    this.overheard = security;
    const unwrap = security.unwrap.bind(security);
    const unwrapFastPath = security.unwrapFastPath.bind(security);
    security.unwrap = (bytes) => {
      const unwrapped = unwrap(bytes);
      this.overhear(unwrapped.payload);
      return unwrapped;
    };
    security.unwrapFastPath = (flags, body) => {
      const payload = unwrapFastPath(flags, body);
      this.overhear(payload);
      return payload;
    };
  }

  private finish(reason: string): void {
    if (this.closedBecause !== undefined) return;
    this.closedBecause = reason;
    this.state = { step: 'closed' };
    this.emit('closed', reason);
  }
}

const fingerprint = (socket: TLSSocket): string => createHash('sha256').update(socket.getPeerX509Certificate()!.raw).digest('hex');

const areaOf = ({ destLeft, destTop, destRight, destBottom }: BitmapData): Rect => ({
  x: destLeft,
  y: destTop,
  width: destRight - destLeft + 1,
  height: destBottom - destTop + 1,
});
