/** The login dialog's form: what is in its fields, where the focus is, and what a key or a click does to it. Pure: a form in, a form out. */
import type { Key } from './layout.js';

export const FIELDS = ['user', 'domain', 'password'] as const;
export type Field = (typeof FIELDS)[number];
const CONTROLS = [...FIELDS, 'ok', 'cancel'] as const;
/** What has the focus. */
export type Control = (typeof CONTROLS)[number];

export interface Form extends Readonly<Record<Field, string>> {
  readonly focus: Control;
  /** For the user; may be empty. */
  readonly message: string;
  /** A judgement is waited for: nothing can be typed. */
  readonly busy: boolean;
}

export type Decision = 'submit' | 'cancel';

/** UTF-16 code units of a field: a Client Info has no more. */
export const FIELD_LIMIT = 255;

const isField = (control: Control): control is Field => (FIELDS as readonly string[]).includes(control);

/** An empty form, or one whose user has said who it is: then the password is asked for first. */
export const newForm = (user: string, domain: string): Form => ({
  user: user.slice(0, FIELD_LIMIT),
  domain: domain.slice(0, FIELD_LIMIT),
  password: '',
  focus: user === '' ? 'user' : 'password',
  message: '',
  busy: false,
});

export const busyForm = (form: Form): Form => ({ ...form, busy: true, message: 'Checking...' });

/** After a refusal: the password is asked for again. */
export const refusedForm = (form: Form, left: number): Form => ({
  ...form,
  busy: false,
  password: '',
  focus: 'password',
  message: `Login refused. ${left === 1 ? '1 attempt is' : `${left} attempts are`} left.`,
});

export function press(form: Form, key: Key): { readonly form: Form; readonly decision?: Decision } {
  if (form.busy) return { form };
  const { focus } = form;
  if ('character' in key) {
    if (isField(focus)) return { form: form[focus].length < FIELD_LIMIT ? { ...form, [focus]: form[focus] + key.character } : form };
    return key.character === ' ' ? choose(form, focus) : { form };
  }
  switch (key.command) {
    case 'next':
      return { form: move(form, 1) };
    case 'previous':
      return { form: move(form, -1) };
    case 'backspace':
      // A character may be two code units.
      return { form: isField(focus) ? { ...form, [focus]: [...form[focus]].slice(0, -1).join('') } : form };
    case 'escape':
      return { form, decision: 'cancel' };
    case 'enter':
      return choose(form, focus);
  }
}

/** A click on a control. */
export function click(form: Form, control: Control): { readonly form: Form; readonly decision?: Decision } {
  if (form.busy) return { form };
  return isField(control) ? { form: { ...form, focus: control } } : choose({ ...form, focus: control }, control);
}

function choose(form: Form, control: Control): { readonly form: Form; readonly decision?: Decision } {
  if (control === 'cancel') return { form, decision: 'cancel' };
  if (form.user === '') return { form: { ...form, focus: 'user', message: 'Enter a user name.' } };
  // Enter behind the user name goes on to the password.
  if (form.password === '' && (control === 'user' || control === 'domain')) return { form: { ...form, focus: 'password' } };
  return { form, decision: 'submit' };
}

function move(form: Form, by: number): Form {
  const at = CONTROLS.indexOf(form.focus) + by;
  return { ...form, focus: CONTROLS[(at + CONTROLS.length) % CONTROLS.length] };
}
