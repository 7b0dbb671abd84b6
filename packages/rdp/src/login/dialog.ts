/**
 * The login dialog of one session: a screen of its own that has nothing of the guest, fed by the client's keys and clicks.
 *
 * State: the form and its picture. No socket, no clock.
 */
import { type InputEvent, PointerFlags } from '../pdu/input.js';
import { DrawnScreen } from '../drawing/screen.js';
import { busyForm, click, type Decision, type Form, newForm, press, refusedForm } from './form.js';
import { UsLayout } from './layout.js';
import { controlAt, drawDesktop, drawDialog, SMALLEST } from './picture.js';

/** Pixels: what a stranger can make the server hold is bounded. */
const LARGEST = { width: 1280, height: 1024 } as const;

export interface LoginDialogOptions {
  /** The machine's name. */
  readonly machine: string;
  /** What the client said already. */
  readonly user: string;
  readonly domain: string;
  /** The desktop that the client asks for, pixels. */
  readonly width: number;
  readonly height: number;
  /** The form is complete: it is busy until `refused`. */
  readonly submit: (form: Pick<Form, 'user' | 'domain' | 'password'>) => void;
  readonly cancel: () => void;
}

export class LoginDialog {
  readonly screen: DrawnScreen;
  private readonly layout = new UsLayout();
  private form: Form;

  constructor(private readonly options: LoginDialogOptions) {
    const within = (asked: number, smallest: number, largest: number): number => Math.min(Math.max(asked, smallest), largest);
    this.screen = new DrawnScreen(
      within(options.width, SMALLEST.width, LARGEST.width),
      within(options.height, SMALLEST.height, LARGEST.height),
    );
    this.form = newForm(options.user, options.domain);
    drawDesktop(this.screen);
    this.draw();
  }

  take(events: readonly InputEvent[]): void {
    for (const event of events) {
      const key = this.layout.key(event);
      if (key) this.enter(press(this.form, key));
      else if (event.type === 'mouse' && (event.pointerFlags & CLICK) === CLICK && !(event.pointerFlags & WHEELS)) {
        const control = controlAt(this.screen, event.xPos, event.yPos);
        if (control) this.enter(click(this.form, control));
      }
    }
  }

  /** The login was refused. @param left attempts */
  refused(left: number): void {
    this.form = refusedForm(this.form, left);
    this.draw();
  }

  private enter({ form, decision }: { readonly form: Form; readonly decision?: Decision }): void {
    if (form === this.form && !decision) return;
    this.form = decision === 'submit' ? busyForm(form) : form;
    this.draw();
    if (decision === 'submit') this.options.submit(form);
    if (decision === 'cancel') this.options.cancel();
  }

  private draw(): void {
    this.screen.damage(drawDialog(this.screen, this.options.machine, this.form));
  }
}

/** The left button goes down. */
const CLICK = PointerFlags.BUTTON1 | PointerFlags.DOWN;
const WHEELS = PointerFlags.WHEEL | PointerFlags.HWHEEL;
