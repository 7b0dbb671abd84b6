/**
 * What viewers have before a machine is here: a screen with a notice, a keyboard and a pointer that do nothing. When the machine comes they are
 * the machine's, and sessions go on.
 */
import type { GuestChannel } from '@belvedere/auth';
import type { Machine } from '@belvedere/emulator';
import { type Notice, NoticeScreen, type Region, type Screen } from '@belvedere/rdp';

/** What a remote display shows and types on. */
export type Shown = Pick<Machine, 'keyboard' | 'pointer'> & { readonly screens: readonly Screen[] };

export class Stage implements Shown {
  readonly screens: readonly StageScreen[];
  readonly keyboard: Machine['keyboard'];
  readonly pointer: Machine['pointer'];
  private readonly notices: readonly NoticeScreen[];
  private machine: Shown | undefined;

  constructor(screens: number, notice: Notice) {
    this.notices = Array.from({ length: screens }, () => new NoticeScreen(notice));
    this.screens = this.notices.map((screen) => new StageScreen(screen));
    const machine = (): Shown | undefined => this.machine;
    this.keyboard = { scancode: (code, down) => machine()?.keyboard.scancode(code, down) };
    this.pointer = {
      get absolute() {
        return machine()?.pointer.absolute ?? true;
      },
      move: (x, y, buttons, screen) => machine()?.pointer.move(x, y, buttons, screen),
      wheel: (dx, dy) => machine()?.pointer.wheel(dx, dy),
    };
  }

  show(notice: Notice): void {
    for (const screen of this.notices) screen.show(notice);
  }

  /** The machine is here. */
  enter(machine: Shown): void {
    this.machine = machine;
    this.screens.forEach((screen, index) => machine.screens[index] && screen.become(machine.screens[index]));
  }

  get entered(): boolean {
    return this.machine !== undefined;
  }
}

/** A screen that becomes another one. */
class StageScreen implements Screen {
  private readonly damaged = new Set<() => void>();
  private readonly resized = new Set<() => void>();
  private readonly placed = new Set<() => void>();
  private leave: () => void = () => undefined;

  constructor(private shown: Screen) {
    this.follow(shown);
  }

  get width(): number {
    return this.shown.width;
  }

  get height(): number {
    return this.shown.height;
  }

  get stride(): number {
    return this.shown.stride;
  }

  get pixels(): Uint8Array {
    return this.shown.pixels;
  }

  takeDamage(): Region {
    return this.shown.takeDamage();
  }

  onDamage(listener: () => void): () => void {
    this.damaged.add(listener);
    return () => this.damaged.delete(listener);
  }

  onResize(listener: () => void): () => void {
    this.resized.add(listener);
    return () => this.resized.delete(listener);
  }

  get x(): number | undefined {
    return this.shown.x;
  }

  get y(): number | undefined {
    return this.shown.y;
  }

  get on(): boolean | undefined {
    return this.shown.on;
  }

  onPlace(listener: () => void): () => void {
    this.placed.add(listener);
    return () => this.placed.delete(listener);
  }

  become(screen: Screen): void {
    this.leave();
    this.shown = screen;
    this.follow(screen);
    tell(this.resized);
    tell(this.placed);
  }

  private follow(screen: Screen): void {
    const leave = [screen.onDamage(() => tell(this.damaged)), screen.onResize(() => tell(this.resized)), screen.onPlace?.(() => tell(this.placed)) ?? (() => undefined)];
    this.leave = () => leave.forEach((each) => each());
  }
}

const tell = (listeners: ReadonlySet<() => void>): void => [...listeners].forEach((listener) => listener());

/** The way to the agent of a guest that is not here yet: logins that need it are refused until it is. */
export class LateChannel implements GuestChannel {
  private channel: GuestChannel | undefined;
  private readonly listeners = new Set<(bytes: Uint8Array) => void>();

  write(bytes: Uint8Array): void {
    if (!this.channel) throw new Error('no guest is here yet');
    this.channel.write(bytes);
  }

  onData(listener: (bytes: Uint8Array) => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  join(channel: GuestChannel): void {
    this.channel = channel;
    channel.onData((bytes) => this.listeners.forEach((listener) => listener(bytes)));
  }
}
