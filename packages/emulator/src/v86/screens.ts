/**
 * A machine's screens as its thread has them: the VGA's, the further ones, and the desk that they stand on.
 */
import { bounds, DESK_MOST, places, type Place } from '../desk.js';
import type { ScreenPlace } from '../engine.js';
import { StateError, type StateSection } from '../saved-state.js';
import { BochsDisplay } from './bochs-display.js';
import type { Display } from './display.js';
import type { Cpu } from './inside.js';
import { Cell, Counter, type FromWorker, type Shared } from './protocol.js';
import { jsonSection, Values } from './section-values.js';
import { Surface } from './surface.js';

const SECTION = { name: 'desk', version: 1 } as const;
/** Before the guest's BIOS has set a mode. */
const FIRST_SCREEN = { width: 720, height: 400 };

export class Screens {
  /** The first screen's. */
  readonly surface: Surface;
  readonly #surfaces: readonly Surface[];
  readonly #further: readonly BochsDisplay[];
  readonly #put: (Place | undefined)[] = [];
  readonly #off = new Set<number>();
  #told = '';

  constructor(
    cpu: Cpu,
    count: number,
    private readonly shared: Shared,
    private readonly post: (message: FromWorker) => void,
  ) {
    this.#surfaces = Array.from({ length: count }, (_unused, screen) => new Surface((width, height, pixels, tiles) => post({ type: 'resize', screen, width, height, pixels, tiles })));
    this.surface = this.#surfaces[0]!;
    this.surface.resize(FIRST_SCREEN.width, FIRST_SCREEN.height);
    this.#further = this.#surfaces.slice(1).map((surface, index) => new BochsDisplay(cpu, index + 2, surface));
  }

  /** Video memory of the further screens. */
  get memories(): readonly Uint8Array[] {
    return this.#further.map(({ memory }) => memory);
  }

  /** Brings all pictures up to date, and says so; returns whether the guest changed any. @param first draws the first screen's */
  refresh(first: Display): boolean {
    for (const surface of this.#surfaces) surface.changed = false;
    let changed = first.refresh();
    for (const display of this.#further) {
      display.refresh();
      changed = display.surface.changed || changed;
    }
    this.#tellDesk();
    this.shared.counters[Counter.copiedBytes] = this.#surfaces.reduce((sum, { copiedBytes }) => sum + copiedBytes, 0);
    this.#surfaces.forEach((surface, screen) => {
      if (surface.changed && Atomics.exchange(this.shared.cells, Cell.damaged + screen, 1) === 0) this.post({ type: 'damage', screen });
    });
    return changed;
  }

  /** The desk's size, for whoever moves over it. */
  get desk(): { readonly width: number; readonly height: number } {
    const screens = this.#screens();
    return bounds(screens, places(screens, this.#put));
  }

  /** A position on one screen as one on the desk, within that screen. */
  onDesk(screen: number, x: number, y: number): Place {
    const screens = this.#screens();
    const at = places(screens, this.#put);
    const corner = bounds(screens, at);
    const [{ width, height }, place] = [screens[screen]!, at[screen]!];
    const within = (value: number, size: number): number => Math.max(0, Math.min(size - 1, Math.round(value)));
    return { x: within(x, width) + place.x - corner.x, y: within(y, height) + place.y - corner.y };
  }

  arrange(screen: number, { on, x, y }: ScreenPlace): void {
    this.#put[screen] = { x, y };
    if (on) this.#off.delete(screen);
    else this.#off.add(screen);
    this.#further.forEach((display, index) => (display.off = this.#off.has(index + 1)));
  }

  wishFor(screen: number, width: number, height: number): void {
    this.#further[screen - 1]!.wishFor(width, height);
  }

  reset(): void {
    for (const display of this.#further) display.reset();
  }

  save(videoMemory: boolean): StateSection[] {
    if (this.#further.length === 0) return [];
    const put = this.#surfaces.map((_unused, screen) => ({ ...this.#put[screen], off: this.#off.has(screen) }));
    return [jsonSection(SECTION.name, SECTION.version, { put }), ...this.#further.flatMap((display) => display.save(videoMemory))];
  }

  /** @throws StateError */
  restore(sections: readonly StateSection[]): void {
    if (this.#further.length === 0) return;
    const put = Values.of(sections, SECTION.name, SECTION.version).all('put');
    const inRange = (value: number): number => {
      if (!Number.isInteger(value) || Math.abs(value) > DESK_MOST) throw new StateError(`${value} is no place of a screen: the state is damaged`);
      return value;
    };
    this.#surfaces.forEach((_unused, screen) => {
      const values = put[screen];
      if (!values) throw new StateError(`the state says nothing of screen ${screen + 1}: it is damaged`);
      this.#put[screen] = values.has('x') ? { x: inRange(values.number('x')), y: inRange(values.number('y')) } : undefined;
      if (values.flag('off')) this.#off.add(screen);
      else this.#off.delete(screen);
    });
    this.#further.forEach((display, index) => {
      display.off = this.#off.has(index + 1);
      display.restore(sections);
    });
  }

  #screens(): { readonly width: number; readonly height: number; readonly on: boolean }[] {
    return this.#surfaces.map(({ width, height }, screen) => ({ width, height, on: screen === 0 || this.#further[screen - 1]!.on }));
  }

  #tellDesk(): void {
    const screens = this.#screens();
    const desk = places(screens, this.#put).map((place, screen) => ({ ...place, on: screens[screen]!.on }));
    const told = JSON.stringify(desk);
    if (told === this.#told) return;
    this.#told = told;
    this.post({ type: 'desk', screens: desk });
  }
}
