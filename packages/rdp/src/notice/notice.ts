/**
 * A screen with a notice on it, for viewers of what is not there yet: a title, lines of text, and how far it has come.
 *
 * State: its pixels. No socket, no clock.
 */
import { GLYPH } from '../drawing/font.js';
import { clipped, fill, Pen } from '../drawing/pen.js';
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
const SIZE = { width: 720, height: 400 } as const;
/** Pixels. */
const UNIT = 2;
// Units.
const MARGIN = 30;
const TITLE_Y = 40;
const FIRST_LINE_Y = 64;
const LINE = 14;
const LINES = 5;
const BAR = { x: MARGIN, y: 150, width: SIZE.width / UNIT - 2 * MARGIN, height: 10 } as const;

export class NoticeScreen extends DrawnScreen {
  constructor(notice: Notice) {
    super(SIZE.width, SIZE.height);
    this.show(notice);
  }

  show({ title, lines, percent }: Notice): void {
    const whole = { x: 0, y: 0, width: this.width, height: this.height };
    fill(this, whole, COLOUR.ground);
    const pen = new Pen(this, 0, 0, UNIT);
    pen.text(MARGIN, TITLE_Y, clipped(title, BAR.width), COLOUR.title);
    pen.fill({ x: MARGIN, y: TITLE_Y + GLYPH.height + 2, width: BAR.width, height: 1 }, COLOUR.frame);
    lines.slice(0, LINES).forEach((line, at) => pen.text(MARGIN, FIRST_LINE_Y + at * LINE, clipped(line, BAR.width), COLOUR.text));
    if (percent !== undefined) {
      pen.box(BAR, COLOUR.ground, COLOUR.frame);
      const width = Math.round(((BAR.width - 4) * Math.min(Math.max(percent, 0), 100)) / 100);
      pen.fill({ x: BAR.x + 2, y: BAR.y + 2, width, height: BAR.height - 4 }, COLOUR.done);
    }
    this.damage(whole);
  }
}
