/**
 * A client that plays moving pictures itself: a presentation for each, set up, fed with pictures as fast as it plays them, and taken down.
 *
 * [MS-RDPEV] 1.3.1, 3.2.5. State of one client: its presentations.
 */
import { randomBytes } from 'node:crypto';
import { type Codec, encode } from '@belvedere/wire';
import { clip, type VideoSink } from '../graphics/index.js';
import type { Rect, Region, VideoStream } from '../ports.js';
import * as ev from '../pdu/videoRedirection.js';
import type { DynamicService } from './channels.js';

/** Pictures that a client has and has not played: one that it shows, and one for when it is done. */
const MAX_UNPLAYED = 2;
/** Milliseconds after which a client that plays nothing of what it has is not waited for any more. */
const PATIENCE = 3000;
/** Bytes of the longest message that is taken of a client. */
const MAX_MESSAGE = 64 << 10;
/** The stream of a presentation; 0 is its control channel. */
const STREAM = 1;
/** Units of 100 ns in a millisecond. */
const TICKS = 10_000;

/** Opens and closes channels for a client. */
export interface ChannelKeeper {
  add(service: DynamicService): void;
  remove(service: DynamicService): void;
}

export class VideoRedirectionService implements VideoSink {
  /** Whether the client has a player is asked in a channel of its own, which stays. */
  private readonly question: DynamicService;
  private step: 'off' | 'asking' | 'ready' | 'refused' = 'off';
  private readonly presentations = new Map<number, Presentation>();

  /**
   * @param desktop the client's, as it is now
   * @param changed is told that `ready` has changed, or that another picture can be sent
   */
  constructor(
    private readonly channels: ChannelKeeper,
    private readonly desktop: () => { readonly width: number; readonly height: number },
    private readonly changed: () => void,
  ) {
    const channel = new ControlChannel(randomBytes(16), (capable) => {
      this.step = capable ? 'ready' : 'refused';
      this.changed();
    });
    this.question = {
      name: ev.TSMF,
      limit: MAX_MESSAGE,
      opened: (say) => channel.opened(say),
      message: (message) => channel.take(message),
      closed: () => this.giveUp('asking'),
      unheard: () => this.giveUp('refused'),
    };
  }

  /** Whether moving pictures may be shown at all: the client is asked for a player, or needs none any more. */
  offer(offered: boolean): void {
    if (offered === (this.step !== 'off')) return;
    if (offered) {
      this.step = 'asking';
      return this.channels.add(this.question);
    }
    this.giveUp('off');
    this.channels.remove(this.question);
  }

  get ready(): boolean {
    return this.step === 'ready';
  }

  show(stream: VideoStream): boolean {
    let presentation = this.presentations.get(stream.id);
    if (presentation && !presentation.fits(stream)) {
      this.end(stream.id);
      presentation = undefined;
    }
    if (!presentation) {
      presentation = new Presentation(stream, this.channels, { changed: this.changed, failed: () => this.giveUp('refused') });
      this.presentations.set(stream.id, presentation);
      presentation.start();
    } else if (presentation.stalls(stream)) this.giveUp('refused');
    const { width, height } = this.desktop();
    return presentation.ready && presentation.show(stream, clip(stream.parts, { x: 0, y: 0, width, height }));
  }

  end(id: number): void {
    this.presentations.get(id)?.stop();
    this.presentations.delete(id);
  }

  /** Nothing is shown any more. */
  private giveUp(step: 'off' | 'asking' | 'refused'): void {
    if (this.step === 'off' || this.step === 'refused') return;
    this.step = step;
    for (const id of [...this.presentations.keys()]) this.end(id);
    this.changed();
  }
}

/** A client's own player, as long as it has one; else what it has besides. */
export class ChosenVideo implements VideoSink {
  constructor(
    private readonly player: () => VideoSink | undefined,
    private readonly otherwise: VideoSink | undefined,
  ) {}

  get ready(): boolean {
    return this.chosen !== undefined;
  }

  show(stream: VideoStream, pixels: Uint32Array, stride: number): boolean {
    return this.chosen?.show(stream, pixels, stride) ?? false;
  }

  end(id: number): void {
    this.player()?.end(id);
    this.otherwise?.end(id);
  }

  private get chosen(): VideoSink | undefined {
    return [this.player(), this.otherwise].find((sink) => sink?.ready);
  }
}

/** A control channel's beginning, and requests whose answers are waited for. [MS-RDPEV] 3.2.5.1 */
class ControlChannel {
  private say: (message: Uint8Array) => void = () => undefined;
  private messageId = 0;
  private awaited: { readonly messageId: number; readonly answered: (message: ev.Message) => void } | undefined;

  /** @param exchanged is told whether the client has taken what the server can */
  constructor(
    private readonly presentationId: Uint8Array,
    private readonly exchanged: (capable: boolean) => void,
  ) {}

  /** The channel is told what it is for, and what the server can. */
  opened(say: (message: Uint8Array) => void): void {
    this.say = say;
    const version = encode(ev.RIM_EXCHANGE_CAPABILITY_REQ, { FunctionId: ev.RIM_EXCHANGE_CAPABILITY_REQUEST, CapabilityValue: ev.RIM_CAPABILITY_VERSION_01 });
    say(encode(ev.RESPONSE, { InterfaceId: ev.InterfaceId.CAPABILITIES, MessageId: this.messageId++, body: version }));
    this.ask(ev.FunctionId.SET_CHANNEL_PARAMS, ev.SET_CHANNEL_PARAMS, { PresentationId: this.presentationId, StreamId: 0 });
    const pHostCapabilities = [capability(ev.TsmmCapability.VERSION, 2), capability(ev.TsmmCapability.PLATFORM, ev.Platform.DSHOW)];
    this.ask(ev.FunctionId.EXCHANGE_CAPABILITIES_REQ, ev.EXCHANGE_CAPABILITIES_REQ, { pHostCapabilities }, (message) =>
      this.exchanged(!failure(ev.bodyOf(ev.EXCHANGE_CAPABILITIES_RSP, message).Result)),
    );
  }

  /** @returns what the client says of its own accord. @throws WireError */
  take(bytes: Uint8Array): ev.Message | undefined {
    const message = ev.readMessage(bytes);
    const { mask, interfaceId, messageId } = message;
    if (mask === ev.StreamIdMask.PROXY && interfaceId === ev.InterfaceId.CLIENT_NOTIFICATIONS) return message;
    // Answers that nobody waits for, and those on how interfaces are handled, ask for nothing.
    if (mask !== ev.StreamIdMask.STUB || interfaceId !== ev.InterfaceId.SERVER_DATA || messageId !== this.awaited?.messageId) return undefined;
    const { answered } = this.awaited;
    this.awaited = undefined;
    answered(message);
    return undefined;
  }

  ask<T>(functionId: number, codec: Codec<T>, value: T, answered?: (message: ev.Message) => void): void {
    if (answered) this.awaited = { messageId: this.messageId, answered };
    this.say(ev.request(functionId, codec, value, this.messageId++));
  }
}

/** What a presentation tells its client's service. */
interface Listener {
  changed(): void;
  /** The client cannot play it, or does not. */
  failed(): void;
}

/** One moving picture: a control channel, a channel for its one stream, and where it stands. */
class Presentation {
  private readonly presentationId = randomBytes(16);
  private readonly size: { readonly width: number; readonly height: number };
  private readonly interval: number;
  private readonly window: bigint;
  private readonly channel: ControlChannel;
  private readonly control: DynamicService;
  private readonly stream: DynamicService;
  private sayOfStream: (message: Uint8Array) => void = () => undefined;
  private messageId = 0;
  private step: 'preparing' | 'playing' | 'over' = 'preparing';
  /** When playing began, by the stream's clock. */
  private began: number | undefined;
  private shownAt: { readonly rect: Rect; readonly parts: Region } | undefined;
  private unplayed = 0;
  /** When the client was last sent a picture, by the stream's clock. */
  private sent = 0;

  constructor(
    { id, rect, interval }: VideoStream,
    private readonly channels: ChannelKeeper,
    private readonly listener: Listener,
  ) {
    this.size = { width: rect.width, height: rect.height };
    this.interval = interval;
    // A window's handle: anything but 0.
    this.window = BigInt(0x10000 + id);
    this.channel = new ControlChannel(this.presentationId, (capable) => (capable ? this.begin() : this.fail()));
    const common = { name: ev.TSMF, limit: MAX_MESSAGE, message: (message: Uint8Array) => this.take(message), closed: () => this.fail(), unheard: () => this.fail() };
    this.control = { ...common, key: `${ev.TSMF} ${id} control`, opened: (say) => this.channel.opened(say) };
    this.stream = { ...common, key: `${ev.TSMF} ${id} stream`, opened: (say) => this.streamOpened(say) };
  }

  start(): void {
    this.channels.add(this.control);
  }

  /** Whether it plays pictures of this size. */
  fits({ rect: { width, height } }: VideoStream): boolean {
    return width === this.size.width && height === this.size.height;
  }

  /** Whether the client has played nothing of what it has for so long that it is not waited for any more. */
  stalls({ time }: VideoStream): boolean {
    return this.unplayed >= MAX_UNPLAYED && time - this.sent > PATIENCE;
  }

  /** Whether it takes another picture. */
  get ready(): boolean {
    return this.step === 'playing' && this.unplayed < MAX_UNPLAYED;
  }

  /** Sends where it is, if that is new, and its newest picture. @param parts what shows of it */
  show(stream: VideoStream, parts: Region): boolean {
    const { rect, time, interval } = stream;
    this.place(rect, parts);
    this.began ??= time;
    const start = Math.max(0, Math.round((time - this.began) * TICKS));
    const duration = Math.max(1, Math.round(interval * TICKS));
    const pSample = {
      SampleStartTime: BigInt(start),
      SampleEndTime: BigInt(start + duration),
      ThrottleDuration: BigInt(duration),
      SampleFlags: 0,
      SampleExtensions: ev.TSMM_SAMPLE_EXT_CLEANPOINT,
      pData: stream.jpeg(rect),
    };
    this.unplayed++;
    this.sent = time;
    this.sayOfStream(ev.request(ev.FunctionId.ON_SAMPLE, ev.ON_SAMPLE, { PresentationId: this.presentationId, StreamId: STREAM, pSample }, this.messageId++));
    return true;
  }

  /** [MS-RDPEV] 3.2.5.2.2: the stream ends, the presentation is shut down, and its channels close. */
  stop(): void {
    const { presentationId: PresentationId, channel } = this;
    if (this.step === 'over') return;
    if (this.step === 'playing') {
      channel.ask(ev.FunctionId.ON_END_OF_STREAM, ev.ON_END_OF_STREAM, { PresentationId, StreamId: STREAM });
      channel.ask(ev.FunctionId.ON_PLAYBACK_STOPPED, ev.ON_PLAYBACK_STOPPED, { PresentationId });
      channel.ask(ev.FunctionId.REMOVE_STREAM, ev.REMOVE_STREAM, { PresentationId, StreamId: STREAM });
    }
    this.step = 'over';
    channel.ask(ev.FunctionId.SHUTDOWN_PRESENTATION_REQ, ev.SHUTDOWN_PRESENTATION_REQ, { PresentationId });
    this.channels.remove(this.stream);
    this.channels.remove(this.control);
  }

  private fail(): void {
    if (this.step !== 'over') this.listener.failed();
  }

  /** [MS-RDPEV] 3.2.5.2.2: the presentation, and whether the client can play such pictures. */
  private begin(): void {
    const PlatformCookie = ev.Platform.DSHOW;
    this.channel.ask(ev.FunctionId.ON_NEW_PRESENTATION, ev.ON_NEW_PRESENTATION, { PresentationId: this.presentationId, PlatformCookie });
    const asked = { PlatformCookie, NoRolloverFlags: 0, pMediaType: this.format };
    this.channel.ask(ev.FunctionId.CHECK_FORMAT_SUPPORT_REQ, ev.CHECK_FORMAT_SUPPORT_REQ, asked, (message) => {
      const { FormatSupported, Result } = ev.bodyOf(ev.CHECK_FORMAT_SUPPORT_RSP, message);
      if (FormatSupported === 0 || failure(Result)) this.fail();
      else this.channels.add(this.stream);
    });
  }

  /** The stream's channel is told what it is for; then there is the stream, and with it all there is of the presentation. */
  private streamOpened(say: (message: Uint8Array) => void): void {
    this.sayOfStream = say;
    const { presentationId: PresentationId, channel } = this;
    say(ev.request(ev.FunctionId.SET_CHANNEL_PARAMS, ev.SET_CHANNEL_PARAMS, { PresentationId, StreamId: STREAM }, this.messageId++));
    channel.ask(ev.FunctionId.ADD_STREAM, ev.ADD_STREAM, { PresentationId, StreamId: STREAM, pMediaType: this.format });
    channel.ask(ev.FunctionId.SET_TOPOLOGY_REQ, ev.SET_TOPOLOGY_REQ, { PresentationId }, (message) => {
      const { TopologyReady, Result } = ev.bodyOf(ev.SET_TOPOLOGY_RSP, message);
      if (TopologyReady === 0 || failure(Result)) return this.fail();
      this.step = 'playing';
      channel.ask(ev.FunctionId.SET_VIDEO_WINDOW, ev.SET_VIDEO_WINDOW, { PresentationId, VideoWindowId: this.window, HwndParent: 0n });
      channel.ask(ev.FunctionId.ON_PLAYBACK_STARTED, ev.ON_PLAYBACK_STARTED, { PresentationId, PlaybackStartOffset: 0n, IsSeek: 0 });
      this.listener.changed();
    });
  }

  /** [MS-RDPEV] 3.2.5.2.4: of a picture that is done with; there is room for another. Events of the player ask for nothing. */
  private take(bytes: Uint8Array): void {
    const message = this.channel.take(bytes);
    if (message?.functionId !== ev.NotificationId.PLAYBACK_ACK) return;
    const { StreamId } = ev.bodyOf(ev.PLAYBACK_ACK, message);
    if (StreamId !== STREAM || this.unplayed === 0) return;
    this.unplayed--;
    this.listener.changed();
  }

  /** [MS-RDPEV] 3.2.5.2.5 */
  private place(rect: Rect, parts: Region): void {
    if (this.shownAt && same([this.shownAt.rect, ...this.shownAt.parts], [rect, ...parts])) return;
    const pGeoInfo = {
      VideoWindowId: this.window,
      VideoWindowState: (this.shownAt ? 0 : ev.WindowState.NEW) | ev.WindowState.VISRGN,
      Width: rect.width,
      Height: rect.height,
      Left: rect.x,
      Top: rect.y,
      Reserved: 0n,
      ClientLeft: rect.x,
      ClientTop: rect.y,
    };
    const pVisibleRect = parts.map(({ x, y, width, height }) => ({ Top: y - rect.y, Left: x - rect.x, Bottom: y - rect.y + height, Right: x - rect.x + width }));
    this.shownAt = { rect, parts };
    this.channel.ask(ev.FunctionId.UPDATE_GEOMETRY_INFO, ev.UPDATE_GEOMETRY_INFO, { PresentationId: this.presentationId, pGeoInfo, pVisibleRect });
  }

  private get format() {
    return ev.motionJpeg(this.size.width, this.size.height, BigInt(Math.max(1, Math.round(this.interval * TICKS))));
  }
}

const same = (a: Region, b: Region): boolean =>
  a.length === b.length && a.every(({ x, y, width, height }, i) => x === b[i].x && y === b[i].y && width === b[i].width && height === b[i].height);

/** An HRESULT that is none of success. */
const failure = (result: number): boolean => result >>> 31 === 1;

const capability = (CapabilityType: number, value: number): { CapabilityType: number; pCapabilityData: Uint8Array } => ({ CapabilityType, pCapabilityData: Uint8Array.of(value, 0, 0, 0) });
