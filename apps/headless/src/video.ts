/** Video redirection of one machine: the settings, and the finder of moving pictures that they give the remote display. */
import type { VrdeSpec } from '@belvedere/control';
import type { VideoRedirection } from '@belvedere/rdp';
import { VideoFinder } from '@belvedere/video';

/** The quality of JPEG that nobody has set. */
const DEFAULT_QUALITY = 75;

/** @param current the settings in force: they may change while viewers look */
export function videoRedirection(current: () => VrdeSpec): VideoRedirection {
  return {
    get enabled() {
      return current().properties['VideoChannel/Enabled'] === '1';
    },
    finder: (width, height) => new VideoFinder(width, height, () => Number(current().properties['VideoChannel/Quality'] ?? DEFAULT_QUALITY)),
  };
}
