/**
 * A screen with a notice on it, for viewers of what is not there yet: a title, lines of text, and how far it has come.
 *
 * State: its pixels. No socket, no clock.
 */
import { GLYPH } from '../drawing/font.js';
import { clipped, fill, Pen, type Size } from '../drawing/pen.js';
import { DrawnScreen } from '../drawing/screen.js';

export interface Notice {
  readonly title: string;
  /** At most five; what is too long is cut. */
  readonly lines: readonly string[];
  /** 0 to 100; without it there is no bar. */
  readonly percent?: number;
}

/** 0xRRGGBB */
const COLOUR = { ground: 0x24323c, title: 0xffffff, text: 0xc4d0d8, frame: 0x8a98a2, done: 0x2f78c0 } as const;

/** A screen of text has this size, and so has this one: nothing changes for viewers when a guest follows that shows text. */
const SIZE: Size = { width: 720, height: 400 };
/** Pixels; less on screens that are narrower than so many units. */
const UNIT = 2;
const NARROW = 300;
// Units: at most, and from the title on.
const MARGIN = 30;
const TITLE_Y = 40;
const FIRST_LINE = 24;
const LINE = 14;
const LINES = 5;
const BAR = { y: 110, height: 10 } as const;

export class NoticeScreen extends DrawnScreen {
  /** @param size pixels; that of a screen of text without it */
  constructor(notice: Notice, { width, height }: Size = SIZE) {
    super(width, height);
    this.show(notice);
  }

  show({ title, lines, percent }: Notice): void {
    const whole = { x: 0, y: 0, width: this.width, height: this.height };
    fill(this, whole, COLOUR.ground);
    const unit = Math.min(Math.max(Math.floor(this.width / NARROW), 1), UNIT);
    const pen = new Pen(this, 0, 0, unit);
    const x = Math.min(MARGIN, Math.floor(this.width / unit / 12));
    const y = Math.min(TITLE_Y, Math.floor(this.height / unit / 5));
    const width = Math.floor(this.width / unit) - 2 * x;
    pen.text(x, y, clipped(title, width), COLOUR.title);
    pen.fill({ x, y: y + GLYPH.height + 2, width, height: 1 }, COLOUR.frame);
    lines.slice(0, LINES).forEach((line, at) => pen.text(x, y + FIRST_LINE + at * LINE, clipped(line, width), COLOUR.text));
    if (percent !== undefined) {
      const bar = { x, y: y + BAR.y, width, height: BAR.height };
      pen.box(bar, COLOUR.ground, COLOUR.frame);
      const done = Math.round(((width - 4) * Math.min(Math.max(percent, 0), 100)) / 100);
      pen.fill({ x: bar.x + 2, y: bar.y + 2, width: done, height: bar.height - 4 }, COLOUR.done);
    }
    this.damage(whole);
  }
}
