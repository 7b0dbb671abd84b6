/** Draws the login dialog into BGRX pixels, and tells what is under a point of it. Pure but for the pixels it is given. */
import type { Rect } from '../ports.js';
import { DOT, GLYPH } from '../drawing/font.js';
import { type Canvas, clipped, fill, fits, Pen, type Size } from '../drawing/pen.js';
import type { Control, Field, Form } from './form.js';

/** 0xRRGGBB */
const COLOUR = {
  desktop: 0x24323c,
  panel: 0xe9e9e4,
  edge: 0x101820,
  title: 0x2f5d80,
  titleText: 0xffffff,
  text: 0x202020,
  field: 0xffffff,
  border: 0x8a8a86,
  focus: 0x2f78c0,
  button: 0xd4d4ce,
  message: 0xa02020,
} as const;

// Units; a unit is one pixel on small desktops and two on others.
const PANEL = { width: 240, height: 132 } as const;
const TITLE = 18;
const LABEL_X = 12;
const FIELD_X = 80;
const FIELD_SIZE = { width: 148, height: 15 } as const;
const ROWS: readonly (readonly [Field, string, number])[] = [
  ['user', 'User name', 27],
  ['domain', 'Domain', 47],
  ['password', 'Password', 67],
];
const MESSAGE_Y = 89;
const BUTTONS: readonly (readonly ['ok' | 'cancel', string, number])[] = [
  ['ok', 'OK', 108],
  ['cancel', 'Cancel', 172],
];
const BUTTON = { y: 106, width: 56, height: 16 } as const;
const PADDING = 4;

/** The smallest desktop that holds the dialog, in pixels. */
export const SMALLEST = { width: PANEL.width + 16, height: PANEL.height + 16 } as const;

const unitOf = ({ width, height }: Size): number => (width >= 2 * SMALLEST.width && height >= 2 * SMALLEST.height ? 2 : 1);

/** Where the dialog is on a desktop of this size. */
export function panel(size: Size): Rect {
  const unit = unitOf(size);
  const [width, height] = [PANEL.width * unit, PANEL.height * unit];
  return { x: (size.width - width) >> 1, y: (size.height - height) >> 1, width, height };
}

/** The control at a pixel. */
export function controlAt(size: Size, x: number, y: number): Control | undefined {
  const unit = unitOf(size);
  const { x: left, y: top } = panel(size);
  const [u, v] = [(x - left) / unit, (y - top) / unit];
  const inside = (rect: Rect): boolean => u >= rect.x && u < rect.x + rect.width && v >= rect.y && v < rect.y + rect.height;
  return controls().find(([, rect]) => inside(rect))?.[0];
}

/** Where a control's middle is, in pixels of the desktop. */
export function middleOf(size: Size, control: Control): { readonly x: number; readonly y: number } {
  const rect = new Map(controls()).get(control)!;
  const unit = unitOf(size);
  const { x, y } = panel(size);
  return { x: x + unit * (rect.x + (rect.width >> 1)), y: y + unit * (rect.y + (rect.height >> 1)) };
}

const controls = (): (readonly [Control, Rect])[] => [
  ...ROWS.map(([field, , y]) => [field, { x: FIELD_X, y, ...FIELD_SIZE }] as const),
  ...BUTTONS.map(([button, , x]) => [button, { x, y: BUTTON.y, width: BUTTON.width, height: BUTTON.height }] as const),
];

/** What is around the dialog. */
export function drawDesktop(canvas: Canvas): void {
  fill(canvas, { x: 0, y: 0, width: canvas.width, height: canvas.height }, COLOUR.desktop);
}

/** The dialog itself. @returns the rectangle that was drawn */
export function drawDialog(canvas: Canvas, machine: string, form: Form): Rect {
  const whole = panel(canvas);
  const pen = new Pen(canvas, whole.x, whole.y, unitOf(canvas));
  pen.box({ x: 0, y: 0, width: PANEL.width, height: PANEL.height }, COLOUR.panel, COLOUR.edge);
  pen.fill({ x: 1, y: 1, width: PANEL.width - 2, height: TITLE - 1 }, COLOUR.title);
  pen.text(LABEL_X - 4, 5, clipped(`Log in to ${machine}`, PANEL.width - LABEL_X), COLOUR.titleText);
  const boxes = new Map(controls());
  for (const [field, label, y] of ROWS) {
    const focus = form.focus === field && !form.busy;
    const rect = boxes.get(field)!;
    pen.text(LABEL_X, y + PADDING, label, COLOUR.text);
    pen.box(rect, COLOUR.field, focus ? COLOUR.focus : COLOUR.border);
    // The end of a text that is too long, with room for the cursor behind it.
    const shown = [...(field === 'password' ? DOT.repeat([...form.password].length) : form[field])].slice(-fits(rect.width - 2 * PADDING - 2));
    pen.text(rect.x + PADDING, y + PADDING, shown.join(''), COLOUR.text);
    if (focus) pen.fill({ x: rect.x + PADDING + shown.length * GLYPH.advance, y: y + 3, width: 1, height: GLYPH.height }, COLOUR.focus);
  }
  pen.text(LABEL_X, MESSAGE_Y, clipped(form.message, PANEL.width - LABEL_X), form.busy ? COLOUR.text : COLOUR.message);
  for (const [button, label] of BUTTONS) {
    const rect = boxes.get(button)!;
    pen.box(rect, COLOUR.button, form.focus === button ? COLOUR.focus : COLOUR.border);
    pen.text(rect.x + ((rect.width - label.length * GLYPH.advance) >> 1), rect.y + PADDING, label, COLOUR.text);
  }
  return whole;
}
