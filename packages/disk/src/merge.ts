/**
 * Two neighbours of a chain become one: what a snapshot's deletion does to its disk. An interruption at any moment leaves a chain that
 * reads as before, and the same call completes it.
 */
import { ImageError } from './errors.js';
import { resolveFile } from './file.js';
import type { OpenImage } from './image.js';
import { type ImageInfo, readImageInfo } from './info.js';
import { lockImage } from './lock.js';
import { judgeParent, openChain, openLayer, openUnlocked, type ResolveParent } from './open.js';
import type { Format, Image, Work } from './ports.js';
import { resizeImage } from './resize.js';
import { nilUuid } from './uuid.js';
import { VdiImage } from './vdi/image.js';
import { Relinkable } from './vdi/relink.js';

export interface MergeOptions extends Work {
  /** Finds what the parent hangs on in its turn. */
  readonly resolveParent?: ResolveParent;
  /** Into a parent: all images that hang on the source. They hang on the target afterwards. */
  readonly children?: readonly string[];
  /** Of the source and of the target, as in `openImage`. */
  readonly formats?: { readonly source?: Format; readonly target?: Format };
  /** Who merges, in words: others who are refused meanwhile are shown this. */
  readonly owner?: string;
}

/**
 * Puts into `target` what `source` holds. One of the two hangs on the other:
 *
 * - **into the child** (`target` hangs on `source`): the target reads as before, and hangs on what the source hung on. The source is
 *   unchanged, so that its other children lose nothing.
 * - **into the parent** (`source` hangs on `target`): the target reads as the source did, and the source's `children` hang on it. Other
 *   images that hang on the target would read wrong from then on: there must be none.
 *
 * The source's file stays, to be deleted by the caller once its registry says so. The merge into a child has ended when `readImageInfo`
 * names another `parentUuid`; the one into a parent may be repeated until the source is deleted.
 *
 * @throws ImageError when the two are no neighbours, ImageLockedError when somebody has one of them, NoSpaceError; or the signal's reason
 */
export async function mergeImages(source: string, target: string, options: MergeOptions = {}): Promise<void> {
  const { formats = {} } = options;
  const from = await readImageInfo(source, formats.source ? { format: formats.source } : {});
  const into = await readImageInfo(target, formats.target ? { format: formats.target } : {});
  const merging = { ...options, owner: options.owner ?? 'somebody who merges images' };
  if (into.parentUuid !== undefined && into.parentUuid === from.uuid) return intoChild(from, into, merging);
  if (from.parentUuid !== undefined && (into.uuid === undefined || from.parentUuid === into.uuid)) return intoParent(from, into, merging);
  throw new ImageError(into.path, 'merge', `neither hangs on ${from.path}, nor does that hang on it`);
}

export interface AbsorbOptions extends Work {
  /** UUID of the image in the chain whose parent is taken over. @default the open image itself */
  readonly layer?: string;
  /** Who merges, in words: others who are refused meanwhile are shown this. */
  readonly owner?: string;
}

/**
 * The merge into a child for a chain that is in use: `image`, or the image of its chain that `layer` names, takes over what its parent holds
 * and hangs on the parent's parent then. The chain reads the same at every moment. The parent's file stays, unlocked and unchanged.
 * @throws ImageError when there is no such image or parent, or it cannot be written; ImageLockedError when others read the layer too;
 * NoSpaceError. The same call goes on then
 */
export async function absorbParent(image: Image, options: AbsorbOptions = {}): Promise<void> {
  const { layer = image.uuid } = options;
  if (!(image instanceof VdiImage)) throw new ImageError(image.path, 'merge', `${image.format} images hang on no parent`);
  if (layer === image.uuid) return image.absorbParent(options);
  for (let above: OpenImage = image; above.parent; above = above.parent) {
    if (above.parent.uuid === layer) return absorbBeneath(above, above.parent, options);
  }
  throw new ImageError(image.path, 'merge', `the chain has no image {${layer}}`);
}

/** Opens `layer` a second time, for writing, lets that take over the parent, and puts `above` on it. What `layer` itself has read of its file stays true meanwhile: blocks are only added. */
async function absorbBeneath(above: OpenImage, layer: OpenImage, { owner = 'somebody who merges images', ...work }: AbsorbOptions): Promise<void> {
  const { path, parent } = layer;
  if (layer.format !== 'VDI' || !parent) throw new ImageError(path, 'merge', 'the image has no parent');
  const lock = await lockImage(path, owner, 'write', layer.lock);
  let writer: VdiImage | undefined;
  try {
    const opened = await openUnlocked(path, 'VDI', false);
    if (!(opened instanceof VdiImage)) throw new ImageError(path, 'merge', 'the image is no VDI');
    writer = opened;
    writer.lock = lock;
    writer.setParent(parent);
    await writer.absorbBlocks(work);
    await writer.nameParentOf(parent);
    writer.lock = await lockImage(path, owner, 'read', lock);
    await lock.release();
  } catch (error) {
    writer?.setParent(undefined);
    await (writer ?? { close: () => lock.release() }).close();
    throw error;
  }
  writer.setParent(parent.parent);
  await above.replaceParent(writer);
  layer.setParent(undefined);
  parent.setParent(undefined);
  await layer.close();
  await parent.close();
  work.onProgress?.(1);
}

type Merging = MergeOptions & { readonly owner: string };

async function intoChild(from: ImageInfo, into: ImageInfo, options: Merging): Promise<void> {
  const image = await openChain(into.path, { format: into.format, owner: options.owner, resolveParent: knowing(from, options.resolveParent) });
  try {
    await absorbParent(image, options);
  } finally {
    await image.close();
  }
}

async function intoParent(from: ImageInfo, into: ImageInfo, options: Merging): Promise<void> {
  const { owner, children = [], signal, onProgress, resolveParent } = options;
  if (from.size < into.size) {
    throw new ImageError(into.path, 'merge', `has ${into.size} bytes, and ${from.path}, which hangs on it, only ${from.size}: what is behind them would come back; merge into ${from.path} instead`);
  }
  signal?.throwIfAborted();
  const relinked: Relinkable[] = [];
  try {
    for (const child of children) relinked.push(await Relinkable.open(await resolveFile(child), [from.uuid, into.uuid], owner));
    if (from.size > into.size) await resizeImage(into.path, from.size, { format: into.format });
    const parent = await openChain(into.path, { format: into.format, readOnly: false, owner, ...(resolveParent ? { resolveParent } : {}) });
    const image = await openSource(from, parent, owner);
    try {
      await copyInto(image, parent, { onProgress, signal });
    } finally {
      await image.close(); // and its parent with it
    }
    for (const child of relinked) await child.relink({ uuid: into.uuid ?? from.parentUuid ?? nilUuid, modificationUuid: into.modificationUuid ?? nilUuid });
    onProgress?.(1);
  } finally {
    for (const child of relinked) await child.close();
  }
}

async function openSource(from: ImageInfo, parent: OpenImage, owner: string): Promise<VdiImage> {
  let image: OpenImage | undefined;
  try {
    image = await openLayer(from.path, from.format, true, 'read', owner);
    if (!(image instanceof VdiImage)) throw new ImageError(from.path, 'merge', `${from.format} images hang on no parent`);
    judgeParent(image, parent);
    image.setParent(parent);
    return image;
  } catch (error) {
    await image?.close();
    await parent.close();
    throw error;
  }
}

/**
 * While this runs the source, which has all of it too, hides what is half written; therefore the parent's modification UUID, by which
 * the source knows it, stays as it is.
 */
export async function copyInto(image: VdiImage, parent: OpenImage, { onProgress, signal }: Work): Promise<void> {
  if (parent instanceof VdiImage) parent.map.keepsModification = true;
  for (let block = 0; block < image.blocks; block++) {
    signal?.throwIfAborted();
    onProgress?.(block / image.blocks);
    const start = block * image.blockSize;
    const length = Math.min(image.blockSize, image.size - start);
    if (!image.inherits(start, length)) await parent.write(start, await image.read(start, length));
  }
  await parent.flush();
}

/** The caller's resolver, and the image that the caller named by its path. */
function knowing(image: ImageInfo, resolve: ResolveParent | undefined): ResolveParent {
  return (uuid, child) => (uuid === image.uuid ? { path: image.path, format: image.format } : resolve?.(uuid, child));
}
