import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { type InputEvent, KeyboardFlags, PointerFlags } from '../pdu/input.js';
import { LoginDialog } from './dialog.js';
import { DOT, glyph } from '../drawing/font.js';
import { click, type Control, type Form, FIELD_LIMIT, newForm, press, refusedForm } from './form.js';
import { UsLayout } from './layout.js';
import { controlAt, middleOf, panel, SMALLEST } from './picture.js';

const down = (keyCode: number, flags = 0): InputEvent => ({ type: 'scancode', keyboardFlags: flags, keyCode });
const up = (keyCode: number, flags = 0): InputEvent => down(keyCode, flags | KeyboardFlags.RELEASE);
const unicode = (text: string): InputEvent[] =>
  Array.from({ length: text.length }, (_, i) => ({ type: 'unicode', keyboardFlags: 0, unicodeCode: text.charCodeAt(i) }));
const E0 = KeyboardFlags.EXTENDED;

describe('the US layout', () => {
  const typed = (...events: InputEvent[]): string => {
    const layout = new UsLayout();
    return events
      .map((event) => layout.key(event))
      .map((key) => (key === undefined ? '' : 'character' in key ? key.character : `<${key.command}>`))
      .join('');
  };
  const keys = (...codes: number[]): InputEvent[] => codes.flatMap((code) => [down(code), up(code)]);

  test.each([
    ['letters and digits', keys(0x1e, 0x30, 0x02, 0x0b, 0x39, 0x35), 'ab10 /'],
    ['Shift', [down(0x2a), ...keys(0x1e, 0x03, 0x28), up(0x2a), ...keys(0x1e)], 'A@"a'],
    ['right Shift', [down(0x36), ...keys(0x0c), up(0x36)], '_'],
    ['Caps Lock, of letters only', [...keys(0x3a), ...keys(0x1e, 0x02), down(0x2a), ...keys(0x1e), up(0x2a), ...keys(0x3a, 0x1e)], 'A1aa'],
    ['Caps Lock as the client shows it', [{ type: 'synchronize', toggleFlags: 4 } as const, ...keys(0x1e)], 'A'],
    ['a Caps Lock that repeats', [down(0x3a), down(0x3a), up(0x3a), ...keys(0x1e)], 'A'],
    ['the keypad', [...keys(0x47, 0x37, 0x4a), ...keys(0x45, 0x47, 0x52, 0x53), down(0x35, E0)], '*-70./'],
    ['commands', [...keys(0x0f, 0x1c, 0x0e, 0x01), down(0x1c, E0)], '<next><enter><backspace><escape><enter>'],
    ['Shift and Tab', [down(0x2a), ...keys(0x0f), up(0x2a)], '<previous>'],
    ['Ctrl and Alt', [down(0x1d), ...keys(0x2e), up(0x1d), down(0x38, E0), ...keys(0x10), up(0x38, E0), ...keys(0x10)], 'q'],
    ['arrows, functions and Pause', [down(0x48, E0), down(0x3b), down(0x1d, KeyboardFlags.EXTENDED1), down(0x1e)], 'a'],
    ['the Shift codes around arrows', [down(0x2a, E0), down(0x1e)], 'a'],
    ['characters', [...unicode('é\r\b\t'), { type: 'unicode', keyboardFlags: KeyboardFlags.RELEASE, unicodeCode: 0x41 } as const], 'é<enter><backspace><next>'],
  ])('%s', (_name, events, expected) => expect(typed(...events)).toBe(expected));
});

describe('the form', () => {
  const after = (form: Form, ...keys: Parameters<typeof press>[1][]): ReturnType<typeof press> =>
    keys.reduce<ReturnType<typeof press>>((result, key) => press(result.form, key), { form });
  const text = (typed: string): { character: string }[] => [...typed].map((character) => ({ character }));
  const command = (name: 'next' | 'previous' | 'enter' | 'backspace' | 'escape') => ({ command: name });

  test('begins where something is missing', () => {
    expect([newForm('', '').focus, newForm('max', '').focus]).toEqual(['user', 'password']);
  });
  test('is filled in, Enter by Enter or Tab by Tab, and submitted', () => {
    expect(after(newForm('', ''), ...text('max'), command('enter'), ...text('pw'), command('enter'))).toEqual({
      form: { user: 'max', domain: '', password: 'pw', focus: 'password', message: '', busy: false },
      decision: 'submit',
    });
    const { form } = after(newForm('', ''), ...text('a'), command('next'), ...text('b'), command('next'), ...text('c'));
    expect(form).toMatchObject({ user: 'a', domain: 'b', password: 'c' });
    expect(after(form, command('next'), { character: ' ' }).decision).toBe('submit');
    expect(after(form, command('next'), command('next'), command('enter')).decision).toBe('cancel');
    expect(after(form, command('previous')).form.focus).toBe('domain');
    expect(after(form, command('next'), command('next'), command('next')).form.focus).toBe('user');
    expect(after(form, command('escape')).decision).toBe('cancel');
  });
  test('an empty password can be submitted, an empty user name cannot', () => {
    expect(after(newForm('max', ''), command('enter')).decision).toBe('submit');
    const { form, decision } = after(newForm('', ''), command('enter'));
    expect([decision, form.message]).toEqual([undefined, 'Enter a user name.']);
  });
  test('Backspace takes a whole character', () => {
    expect(after(newForm('a\u{1f600}', ''), command('previous'), command('previous'), command('backspace')).form.user).toBe('a');
    expect(after(newForm('', ''), command('backspace')).form.user).toBe('');
  });
  test('holds no more than a field may', () => {
    const { form } = after(newForm('x'.repeat(400), ''), ...text('y'.repeat(300)));
    expect([form.user.length, form.password.length]).toEqual([FIELD_LIMIT, FIELD_LIMIT]);
  });
  test('takes nothing while it is busy, and asks again after a refusal', () => {
    const busy = { ...newForm('max', ''), password: 'pw', busy: true };
    expect(after(busy, ...text('x'), command('escape'))).toEqual({ form: busy });
    expect(click(busy, 'cancel')).toEqual({ form: busy });
    expect(refusedForm(busy, 1)).toMatchObject({ user: 'max', password: '', busy: false, message: 'Login refused. 1 attempt is left.' });
  });
  test('is clicked', () => {
    expect(click(newForm('max', ''), 'domain').form.focus).toBe('domain');
    expect(click(newForm('max', ''), 'ok').decision).toBe('submit');
    expect(click(newForm('max', ''), 'cancel').decision).toBe('cancel');
  });
});

describe('the font', () => {
  const printable = Array.from({ length: 95 }, (_, i) => String.fromCharCode(0x20 + i));
  test('has every printable ASCII character, no two alike, in its box', () => {
    expect(new Set(printable.map((character) => glyph(character).join())).size).toBe(95);
    for (const rows of printable.map(glyph)) {
      expect(rows.length).toBe(9);
      expect(rows.every((bits) => bits >= 0 && bits < 32)).toBe(true);
    }
  });
  test('shows letters without their accents, and a box for what it lacks', () => {
    expect(glyph('é')).toEqual(glyph('e'));
    expect(glyph('漢')).toEqual(glyph('\u{1f600}'));
    expect(glyph(DOT)).not.toEqual(glyph('漢'));
  });
});

describe('the dialog', () => {
  const make = (change: Partial<ConstructorParameters<typeof LoginDialog>[0]> = {}) => {
    const submitted: unknown[] = [];
    const state = { cancelled: 0 };
    const dialog = new LoginDialog({
      machine: 'web server 1',
      user: '',
      domain: '',
      width: 800,
      height: 600,
      submit: (form) => submitted.push(form),
      cancel: () => state.cancelled++,
      ...change,
    });
    return { dialog, submitted, state };
  };
  const picture = ({ dialog }: ReturnType<typeof make>): string => Buffer.from(dialog.screen.pixels).toString('base64');
  const clickOn = ({ dialog }: ReturnType<typeof make>, control: Control): void => {
    const { x: xPos, y: yPos } = middleOf(dialog.screen, control);
    dialog.take([{ type: 'mouse', pointerFlags: PointerFlags.BUTTON1 | PointerFlags.DOWN, xPos, yPos }]);
  };

  test('shows what is typed, but of a password only how long it is', () => {
    const [one, two] = [make({ user: 'max' }), make({ user: 'max' })];
    const empty = picture(one);
    one.dialog.take(unicode('abc'));
    two.dialog.take(unicode('xyz'));
    expect(picture(one)).toBe(picture(two));
    expect(picture(one)).not.toBe(empty);
    one.dialog.take(unicode('\b\b\b'));
    expect(picture(one)).toBe(empty);
    expect(picture(make({ user: 'maz' }))).not.toBe(empty);
    expect(picture(make({ user: 'max', machine: 'web server 2' }))).not.toBe(empty);
  });

  test('is damaged where it draws, and says so once', () => {
    const { dialog } = make();
    expect(dialog.screen.takeDamage()).toEqual([panel(dialog.screen)]);
    let told = 0;
    dialog.screen.onDamage(() => told++);
    dialog.take(unicode('ab'));
    expect([told, dialog.screen.takeDamage(), dialog.screen.takeDamage()]).toEqual([1, [panel(dialog.screen)], []]);
    dialog.take([{ type: 'mouse', pointerFlags: PointerFlags.MOVE, xPos: 400, yPos: 300 }]);
    expect(dialog.screen.takeDamage()).toEqual([]);
  });

  test('is used with a mouse', () => {
    const made = make();
    clickOn(made, 'password');
    made.dialog.take(unicode('pw'));
    clickOn(made, 'user');
    made.dialog.take(unicode('max'));
    clickOn(made, 'ok');
    expect(made.submitted).toEqual([expect.objectContaining({ user: 'max', domain: '', password: 'pw' })]);
    clickOn(made, 'cancel');
    expect(made.state.cancelled).toBe(0);
    made.dialog.refused(2);
    clickOn(made, 'cancel');
    expect(made.state.cancelled).toBe(1);
  });

  test.each([
    [0, 0],
    [320, 200],
    [640, 480],
    [65535, 65535],
  ])('fits a desktop of %i x %i, with all its controls', (width, height) => {
    const { screen } = make({ width, height }).dialog;
    const { x, y, width: wide, height: high } = panel(screen);
    expect(x >= 0 && y >= 0 && x + wide <= screen.width && y + high <= screen.height).toBe(true);
    expect([screen.width >= SMALLEST.width, screen.width <= 1280, screen.height <= 1024]).toEqual([true, true, true]);
    for (const control of ['user', 'domain', 'password', 'ok', 'cancel'] as const) {
      const { x: at, y: down } = middleOf(screen, control);
      expect(controlAt(screen, at, down)).toBe(control);
    }
    expect(controlAt(screen, 0, 0)).toBeUndefined();
  });

  test('bears whatever is typed and clicked', () => {
    const event = fc.oneof(
      fc.record({ type: fc.constant('scancode' as const), keyboardFlags: fc.nat(0xffff), keyCode: fc.nat(0xffff) }),
      fc.record({ type: fc.constant('unicode' as const), keyboardFlags: fc.nat(0xffff), unicodeCode: fc.nat(0xffff) }),
      fc.record({ type: fc.constant('mouse' as const), pointerFlags: fc.nat(0xffff), xPos: fc.nat(0xffff), yPos: fc.nat(0xffff) }),
      fc.record({ type: fc.constant('synchronize' as const), toggleFlags: fc.nat(15) }),
    );
    fc.assert(
      fc.property(fc.array(event, { maxLength: 60 }), (events) => {
        const made = make({ width: 300, height: 200, machine: 'm'.repeat(300) });
        made.dialog.take(events);
        made.dialog.refused(1);
      }),
      { numRuns: 60 },
    );
  });
});
