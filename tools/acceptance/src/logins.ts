/** Logins by real viewers, watched to their end: the guest's picture, exactly, or a refusal, and whether anything of the guest showed before it. */
import { comparePictures, Glimpse, type Picture, shownBy, startViewer, until, type VirtualDisplay } from '@belvedere/viewers';
import type { Way } from './ways.js';

export interface Credentials {
  readonly user: string;
  readonly password: string;
}

export type Outcome =
  | { readonly shown: true }
  /** `words` is how the viewer told it; `glimpsed`: a part of the guest's picture was on the display. */
  | { readonly shown: false; readonly words: string; readonly glimpsed: boolean };

export interface Place {
  readonly display: VirtualDisplay;
  /** Of the machine's remote display. */
  readonly port: number;
  /** What the guest's screen shows now; asked at each look, for a guest that writes while it judges. */
  readonly guest: () => Picture | Promise<Picture>;
}

/** For a busy host, with a guest or PAM that take their time. */
const patience = 120_000;

/**
 * Logs in by a viewer and ends it.
 * @param whileShown is done while the viewer shows the picture
 * @throws when it comes to neither, or the picture is there and is not found by what looks for parts of it
 */
export async function logIn({ display, port, guest }: Place, way: Way, credentials: Credentials, whileShown: () => Promise<void> = () => Promise.resolve()): Promise<Outcome> {
  const { program, options, depth } = way;
  let drawn = await guest();
  const size = { width: drawn.width, height: drawn.height };
  const shown = (): Picture => shownBy(program === 'rdesktop' ? 'rdesktop' : 'freerdp', depth, drawn);
  let wanted = shown();
  let glimpse = new Glimpse(wanted);
  const viewer = await startViewer(display, { program, host: '127.0.0.1', port, ...credentials, ...options, depth, size });
  try {
    await display.park();
    let glimpsed = false;
    const look = async (): Promise<Outcome | undefined> => {
      const words = viewer.refusal; // asked before the look, so that there is one look after it
      const now = await guest();
      if (now !== drawn) {
        drawn = now;
        wanted = shown();
        glimpse = new Glimpse(wanted);
      }
      glimpsed ||= glimpse.isIn(display.pixels());
      if (words !== undefined) return { shown: false, words, glimpsed };
      const picture = await viewer.picture();
      const same = picture?.width === wanted.width && picture.height === wanted.height && comparePictures(picture, wanted).pixels === 0;
      return same ? { shown: true } : undefined;
    };
    const outcome = await until(`a picture or a refusal in ${way.name}`, look, { timeout: patience }).catch((cause: unknown) => {
      throw new Error(`${(cause as Error).message}; it printed: ${viewer.output.trim().slice(-2000)}`, { cause });
    });
    if (outcome.shown) {
      if (!glimpse.isIn(display.pixels())) throw new Error(`${way.name} shows the guest's picture, but no part of it is found on the display`);
      await whileShown();
    }
    return outcome;
  } finally {
    await viewer.close();
  }
}
