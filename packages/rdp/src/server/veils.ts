/**
 * What clients see that may not see the guest: a notice of their desktop's size, with nothing of the guest in it.
 *
 * Not pure: holds a picture for each size that is looked at.
 */
import { DisplayHub } from '../graphics/index.js';
import { NoticeScreen } from '../notice/notice.js';
import type { Desktop } from './capabilities.js';

export class Veils {
  private readonly hubs = new Map<string, DisplayHub>();

  /** @param title of the notice: the machine's name */
  constructor(private readonly title: string) {}

  /** The notice for a desktop: clients with desktops of one size share it. */
  hub({ width, height }: Desktop): DisplayHub {
    const key = `${width}x${height}`;
    const known = this.hubs.get(key);
    if (known) return known;
    const lines = ['The display is switched off for viewers.', 'It appears here once it is on again.'];
    const made = new DisplayHub(new NoticeScreen({ title: this.title, lines }, { width, height }));
    this.hubs.set(key, made);
    return made;
  }

  /** Lets go of the pictures, and of all who still look at them. */
  clear(): void {
    for (const hub of this.hubs.values()) hub.close();
    this.hubs.clear();
  }
}
