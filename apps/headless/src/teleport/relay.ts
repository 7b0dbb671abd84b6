/**
 * One viewer's eyes and hands at another host: our own client of that host's remote display, as a screen, a keyboard and a pointer.
 *
 * State: the connection, and what is typed while it cannot be sent.
 */
import { type Console, type Rect, type Region, type Screen } from '@belvedere/rdp';
import { type ClientOptions, type Framebuffer, type InputEvent, KeyboardFlags, PointerFlags, PointerXFlags, RdpClient } from '@belvedere/rdp/client';

/** Input events that wait for the connection. */
const MAX_WAITING = 8192;
/** Rectangles that wait to be drawn, before the whole picture counts as new. */
const MAX_RECTS = 512;

export class Relay {
  readonly console: Console;
  /** Resolves when it is let in. Pending for ever where it is not. */
  readonly active: Promise<void>;
  /** Resolves when the machine's picture has begun to come. Pending for ever where it does not. */
  readonly arrived: Promise<void>;
  /** Resolves with the reason when the connection is over, or never was. */
  readonly closed: Promise<string>;
  private readonly client: RdpClient;
  private waiting: InputEvent[] = [];
  private buttons = 0;

  /** @param seed what the viewer sees now: the picture until the first of it has come from there */
  constructor(options: ClientOptions, seed: Screen) {
    this.client = new RdpClient(options);
    const screen = new RelayScreen(this.client, seed);
    this.active = new Promise((resolve) => this.client.once('active', () => resolve()));
    this.arrived = new Promise((resolve) => this.client.once('update', () => resolve()));
    this.closed = this.client.ended();
    this.client.on('active', () => this.send());
    this.console = {
      screen,
      keyboard: { scancode: (code, down) => this.send({ type: 'scancode', keyboardFlags: prefix(code) | (down ? 0 : KeyboardFlags.RELEASE), keyCode: code & 0xff }) },
      pointer: {
        absolute: true,
        move: (x, y, buttons) => this.point(x, y, buttons),
        wheel: (dx, dy) => {
          this.turn(PointerFlags.WHEEL, dy);
          this.turn(PointerFlags.HWHEEL, dx);
        },
      },
    };
  }

  close(): void {
    this.client.close();
  }

  /** In order, and once. */
  private send(...events: InputEvent[]): void {
    this.waiting.push(...events.slice(0, MAX_WAITING - this.waiting.length));
    if (this.client.state.step !== 'active' || this.waiting.length === 0) return;
    const { waiting } = this;
    this.waiting = [];
    for (let at = 0; at < waiting.length; at += AT_ONCE) this.client.input(...waiting.slice(at, at + AT_ONCE));
  }

  private point(xPos: number, yPos: number, buttons: number): void {
    const changed = buttons ^ this.buttons;
    this.buttons = buttons;
    this.send({ type: 'mouse', pointerFlags: PointerFlags.MOVE, xPos, yPos });
    for (const [type, bit, flag] of BUTTONS) if (changed & bit) this.send({ type, pointerFlags: flag | (buttons & bit ? PointerFlags.DOWN : 0), xPos, yPos });
  }

  private turn(axis: number, notches: number): void {
    for (let left = Math.abs(notches); left > 0; left--) {
      this.send({ type: 'mouse', pointerFlags: axis | ((Math.sign(notches) * NOTCH) & PointerFlags.WheelRotationMask), xPos: 0, yPos: 0 });
    }
  }
}

/** Events in one PDU. */
const AT_ONCE = 15;
/** Rotation of a wheel. */
const NOTCH = 120;
/** By `buttons` bit of the pointer port. */
const BUTTONS = [
  ['mouse', 1, PointerFlags.BUTTON1],
  ['mouse', 2, PointerFlags.BUTTON2],
  ['mouse', 4, PointerFlags.BUTTON3],
  ['mousex', 8, PointerXFlags.BUTTON1],
  ['mousex', 16, PointerXFlags.BUTTON2],
] as const;

const prefix = (code: number): number => (code >> 8 === 0xe0 ? KeyboardFlags.EXTENDED : code >> 8 === 0xe1 ? KeyboardFlags.EXTENDED1 : 0);

class RelayScreen implements Screen {
  private damaged: Rect[] = [];
  private readonly damageListeners = new Set<() => void>();
  private readonly resizeListeners = new Set<() => void>();
  private fresh = true;

  constructor(
    private readonly client: RdpClient,
    seed: Screen,
  ) {
    client.on('active', () => {
      if (this.fresh) sow(seed, client.framebuffer);
      this.damaged = [];
      tell(this.resizeListeners);
    });
    client.on('update', (areas) => {
      this.fresh = false;
      const first = this.damaged.length === 0;
      this.damaged = this.damaged.length + areas.length > MAX_RECTS ? [{ x: 0, y: 0, width: this.width, height: this.height }] : [...this.damaged, ...areas];
      if (first) tell(this.damageListeners);
    });
  }

  get width(): number {
    return this.client.framebuffer.width;
  }

  get height(): number {
    return this.client.framebuffer.height;
  }

  get stride(): number {
    return 4 * this.width;
  }

  get pixels(): Uint8Array {
    const { buffer, byteOffset, byteLength } = this.client.framebuffer.pixels;
    return new Uint8Array(buffer, byteOffset, byteLength);
  }

  takeDamage(): Region {
    const taken = this.damaged;
    this.damaged = [];
    return taken;
  }

  onDamage(listener: () => void): () => void {
    this.damageListeners.add(listener);
    return () => this.damageListeners.delete(listener);
  }

  onResize(listener: () => void): () => void {
    this.resizeListeners.add(listener);
    return () => this.resizeListeners.delete(listener);
  }
}

/** Nothing flickers where the picture that comes is the one that was there. */
function sow({ width, height, stride, pixels }: Screen, { width: w, height: h, pixels: words }: Framebuffer): void {
  if (width !== w || height !== h) return;
  const target = new Uint8Array(words.buffer, words.byteOffset, words.byteLength);
  for (let y = 0; y < height; y++) target.set(pixels.subarray(y * stride, y * stride + 4 * width), 4 * y * width);
}

const tell = (listeners: ReadonlySet<() => void>): void => [...listeners].forEach((listener) => listener());
