/**
 * A player of moving pictures, as the client of Windows 7 has one: answers the server's presentations, decodes each sample, and shows them over the
 * session's picture.
 *
 * [MS-RDPEV] 3.3.5. State: the presentations. It plays at once: a sample is done with as soon as it is decoded.
 */
import { Cursor, encode } from '@belvedere/wire';
import * as ev from '../pdu/videoRedirection.js';
import type { Rect } from '../ports.js';
import type { ClientChannel, ClientListener } from './channels.js';
import type { Framebuffer } from './framebuffer.js';

/** Decodes a JPEG to 0x00RRGGBB, row-major. */
export type Decoder = (jpeg: Uint8Array) => { readonly width: number; readonly height: number; readonly pixels: Uint32Array };

/** A presentation and its newest picture. */
export interface Film {
  /** The server's window, pixels of the desktop. */
  readonly rect: Rect;
  /** What of it shows, pixels of the window. */
  readonly visible: readonly Rect[];
  /** Its samples so far. */
  readonly samples: number;
  /** Bytes of JPEG so far. */
  readonly bytes: number;
  /** Times of its newest sample, in units of 100 ns. */
  readonly start: bigint;
  readonly end: bigint;
  readonly picture: ReturnType<Decoder> | undefined;
}

interface Presentation extends Film {
  readonly format?: Uint8Array;
  readonly playing: boolean;
}

const NOWHERE: Presentation = { rect: { x: 0, y: 0, width: 0, height: 0 }, visible: [], samples: 0, bytes: 0, start: 0n, end: 0n, picture: undefined, playing: false };

export interface PlayerOptions {
  readonly decode: Decoder;
  /** Whether it can play motion JPEG; it can without this. */
  readonly supported?: boolean;
  /** Whether it says of samples that they are played; it does without this. */
  readonly acknowledges?: () => boolean;
  /** Hears of everything that the server asks for, by its name, in order. */
  readonly heard?: (name: string) => void;
  /** Called after each change of what it shows. */
  readonly changed?: () => void;
}

/** Names of functions, for those who listen. */
const NAMES = new Map<number, string>(Object.entries(ev.FunctionId).map(([name, id]) => [id, name]));

export class VideoPlayer implements ClientListener {
  readonly name = ev.TSMF;
  private readonly presentations = new Map<string, Presentation>();

  constructor(private readonly options: PlayerOptions) {}

  /** What plays now. */
  get films(): readonly Film[] {
    return [...this.presentations.values()].filter(({ playing }) => playing);
  }

  opened(say: (message: Uint8Array) => void): ClientChannel {
    return { message: (message) => this.take(message, say) };
  }

  /** The session's picture with what plays over it. */
  over({ width, height, pixels }: Framebuffer): Uint32Array {
    const shown = Uint32Array.from(pixels);
    for (const { rect, visible, picture } of this.films) {
      if (!picture) continue;
      for (const part of visible) {
        for (let y = part.y; y < part.y + part.height && rect.y + y < height && y < picture.height; y++) {
          for (let x = part.x; x < part.x + part.width && rect.x + x < width && x < picture.width; x++) shown[(rect.y + y) * width + rect.x + x] = picture.pixels[y * picture.width + x];
        }
      }
    }
    return shown;
  }

  private take(bytes: Uint8Array, say: (message: Uint8Array) => void): void {
    const message = ev.readMessage(bytes);
    if (message.mask === ev.StreamIdMask.NONE && message.interfaceId === ev.InterfaceId.CAPABILITIES) {
      this.options.heard?.('RIM_EXCHANGE_CAPABILITY_REQUEST');
      const { CapabilityValue } = ev.bodyOf(ev.RIM_EXCHANGE_CAPABILITY_REQ, message);
      return say(encode(ev.RESPONSE, { InterfaceId: ev.InterfaceId.CAPABILITIES, MessageId: message.messageId, body: encode(ev.RIM_EXCHANGE_CAPABILITY_RSP, { CapabilityValue, Result: 0 }) }));
    }
    if (message.mask !== ev.StreamIdMask.PROXY) return;
    this.options.heard?.(NAMES.get(message.functionId) ?? String(message.functionId));
    this.requested(message, say);
    this.options.changed?.();
  }

  private requested(message: ev.Message, say: (message: Uint8Array) => void): void {
    const { functionId, messageId } = message;
    const { FunctionId: id } = ev;
    switch (functionId) {
      case id.EXCHANGE_CAPABILITIES_REQ: {
        const { pHostCapabilities: pClientCapabilityArray } = ev.bodyOf(ev.EXCHANGE_CAPABILITIES_REQ, message);
        return say(ev.response(ev.EXCHANGE_CAPABILITIES_RSP, { pClientCapabilityArray, Result: 0 }, messageId));
      }
      case id.CHECK_FORMAT_SUPPORT_REQ: {
        const { PlatformCookie, pMediaType } = ev.bodyOf(ev.CHECK_FORMAT_SUPPORT_REQ, message);
        const known = Buffer.compare(pMediaType.SubType, ev.MEDIASUBTYPE_MJPG) === 0 && (this.options.supported ?? true);
        return say(ev.response(ev.CHECK_FORMAT_SUPPORT_RSP, { FormatSupported: known ? 1 : 0, PlatformCookie, Result: 0 }, messageId));
      }
      case id.ON_NEW_PRESENTATION:
        return void this.presentations.set(key(ev.bodyOf(ev.ON_NEW_PRESENTATION, message)), NOWHERE);
      case id.ADD_STREAM: {
        const added = ev.bodyOf(ev.ADD_STREAM, message);
        ev.VIDEOINFOHEADER.decode(new Cursor(added.pMediaType.pbFormat));
        return this.update(added, { format: added.pMediaType.pbFormat });
      }
      case id.SET_TOPOLOGY_REQ: {
        const ready = this.presentations.get(key(ev.bodyOf(ev.SET_TOPOLOGY_REQ, message)))?.format !== undefined;
        return say(ev.response(ev.SET_TOPOLOGY_RSP, { TopologyReady: ready ? 1 : 0, Result: 0 }, messageId));
      }
      case id.ON_PLAYBACK_STARTED:
        return this.update(ev.bodyOf(ev.ON_PLAYBACK_STARTED, message), { playing: true });
      case id.ON_PLAYBACK_STOPPED:
        return this.update(ev.bodyOf(ev.ON_PLAYBACK_STOPPED, message), { playing: false });
      case id.UPDATE_GEOMETRY_INFO: {
        const place = ev.bodyOf(ev.UPDATE_GEOMETRY_INFO, message);
        const { Left: x, Top: y, Width: width, Height: height } = place.pGeoInfo;
        const visible = place.pVisibleRect.map(({ Top, Left, Bottom, Right }) => ({ x: Left, y: Top, width: Right - Left, height: Bottom - Top }));
        return this.update(place, { rect: { x, y, width, height }, visible });
      }
      case id.ON_SAMPLE:
        return this.play(message, say);
      case id.SHUTDOWN_PRESENTATION_REQ:
        this.presentations.delete(key(ev.bodyOf(ev.SHUTDOWN_PRESENTATION_REQ, message)));
        return say(ev.response(ev.SHUTDOWN_PRESENTATION_RSP, { Result: 0 }, messageId));
      default: // which ask for no answer
    }
  }

  private play(message: ev.Message, say: (message: Uint8Array) => void): void {
    const sample = ev.bodyOf(ev.ON_SAMPLE, message);
    const { StreamId, pSample } = sample;
    const known = this.presentations.get(key(sample));
    if (!known?.playing) throw new Error('a sample of a presentation that does not play');
    const { SampleStartTime: start, SampleEndTime: end, ThrottleDuration: DataDuration, pData } = pSample;
    this.update(sample, { picture: this.options.decode(pData), samples: known.samples + 1, bytes: known.bytes + pData.length, start, end });
    if (this.options.acknowledges?.() === false) return;
    say(ev.request(ev.NotificationId.PLAYBACK_ACK, ev.PLAYBACK_ACK, { StreamId, DataDuration, cbData: BigInt(pData.length) }, 0, ev.InterfaceId.CLIENT_NOTIFICATIONS));
  }

  private update(of: { readonly PresentationId: Uint8Array }, change: Partial<Presentation>): void {
    const known = this.presentations.get(key(of));
    if (!known) throw new Error('no such presentation');
    this.presentations.set(key(of), { ...known, ...change });
  }
}

const key = ({ PresentationId }: { readonly PresentationId: Uint8Array }): string => Buffer.from(PresentationId).toString('hex');
