/**
 * Work on a machine's snapshots that is more than one step, as it is kept in the database before it begins.
 *
 * The journal: a plan is written first, then files are made or merged, then one transaction changes the registry and notes the files that
 * are to go, then those go, and the plan with them. Whoever finds a plan whose transaction did not happen undoes it (take, restore) or does
 * it again (delete, whose merges can be repeated); one that did happen is only cleaned up after. So a machine is before or after, whatever
 * stopped in between. Pure types.
 */
import type { SnapshotRecord } from './stored.js';

/** A differencing image that is to be made in the place of its parent. */
export interface Branch {
  readonly controller: string;
  readonly port: number;
  readonly device: number;
  /** UUIDs. */
  readonly parent: string;
  readonly child: string;
  readonly path: string;
}

export type SnapshotPlan =
  | { readonly kind: 'take'; readonly snapshot: SnapshotRecord; readonly branches: readonly Branch[]; readonly stateFile: string | null }
  | { readonly kind: 'restore'; readonly snapshot: string; readonly branches: readonly Branch[] }
  | { readonly kind: 'delete'; readonly snapshot: string; readonly merges: readonly Merge[] }
  | { readonly kind: 'clean'; readonly files: readonly string[]; readonly restored?: { readonly stateFile: string | null } };

/**
 * `down`: each child takes over what `medium` holds, and `medium` goes. `up`: `medium`, the machine's own image, takes over what its
 * only child holds, and the child goes. `drop`: nothing hangs on `medium`, and it goes.
 */
export type Merge =
  | { readonly how: 'down'; readonly medium: string; readonly children: readonly string[] }
  | { readonly how: 'up'; readonly medium: string; readonly child: string }
  | { readonly how: 'drop'; readonly medium: string };
