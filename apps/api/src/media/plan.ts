/** Work on files in several steps, as the database keeps it until it is done. Pure types. */

/** A file that is being made. */
export interface NewFile {
  readonly path: string;
  /** The UUID that its header will have; null where its format keeps none. */
  readonly image: string | null;
}

/** A machine is being copied. */
export interface ClonePlan {
  readonly kind: 'clone';
  /** UUID of the copy. */
  readonly machine: string;
  readonly settingsFile: string;
  /** It comes into the registry too; else its settings file is the last of it. */
  readonly registers: boolean;
  /** Its images, children before their parents. */
  readonly images: readonly NewFile[];
  /** Files of saved states that are copied; `saved` is the one that the copy is to be saved in. */
  readonly states: readonly string[];
  readonly saved: string | null;
}

/** An image's file is being moved. */
export interface MovePlan {
  readonly kind: 'move';
  readonly medium: string;
  readonly from: string;
  readonly to: string;
}

export type FilePlan = ClonePlan | MovePlan;
