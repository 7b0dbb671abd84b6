/** The images in a machine's drives: opened under their locks, changed while the machine runs, closed in the end. */
import { type BranchSpec, ControlError, type DrivePlace, type DriveSpec, type MediumSpec } from '@belvedere/control';
import { absorbParent, createVdi, deleteImage, type Image, ImageError, ImageLockedError, openImage } from '@belvedere/disk';
import { type DriveSettings, TrayLockedError } from '@belvedere/emulator';
import { Disk } from './disk.js';
import { kindOf, slotOf } from './hardware.js';

export class Drives {
  private readonly images = new Map<DriveSpec, Image>();
  /** The disks' images as they are now, and what the engine has of them. */
  private readonly media = new Map<DriveSpec, MediumSpec>();
  private readonly disks = new Map<DriveSpec, Disk>();
  /** Disks that are looked at and not locked, because another process writes them still. */
  private readonly peeked = new Set<DriveSpec>();
  private readonly emptied = new Set<DriveSpec>();

  private constructor(
    private readonly specs: readonly DriveSpec[],
    private readonly owner: string,
  ) {}

  /**
   * Opens every medium, or none.
   * @param owner who holds the images, in words that others are refused with
   * @throws ControlError naming the drive and the file
   */
  static async open(specs: readonly DriveSpec[], owner: string): Promise<Drives> {
    const drives = new Drives(specs, owner);
    try {
      for (const spec of specs) if (spec.medium) await drives.begin(spec, spec.medium);
      return drives;
    } catch (error) {
      await drives.close();
      throw error;
    }
  }

  /**
   * Looks at every medium, or none, and locks no disk that is written: another process has them still.
   * @throws ControlError naming the drive and the file
   */
  static async peek(specs: readonly DriveSpec[], owner: string): Promise<Drives> {
    const drives = new Drives(specs, owner);
    await drives.look();
    return drives;
  }

  /** Looks at the media anew, as they are now; those that are locked have not changed. */
  async look(): Promise<void> {
    try {
      for (const spec of this.specs) {
        if (!spec.medium || (this.images.has(spec) && !this.peeked.has(spec))) continue;
        const before = this.images.get(spec);
        await this.begin(spec, spec.medium, spec.type === 'hdd' && !spec.medium.readOnly);
        await before?.close();
      }
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  /** Disks that are written, by their slots. @throws ControlError for a floppy that can be written: it cannot change hands */
  get changingHands(): { slot: DriveSettings['slot']; path: string }[] {
    for (const [spec, image] of this.images) {
      if (spec.type !== 'hdd' && !image.readOnly) throw new ControlError('VBOX_E_NOT_SUPPORTED', `${placeOf(spec)}: only hard disks are handed over, so a medium that the guest can write and that is no hard disk would be open for writing on both sides: take it out first`);
    }
    return [...this.media].flatMap(([spec, { path, readOnly }]) => (readOnly ? [] : [{ slot: slotOf(spec), path }]));
  }

  /** Takes the disks, as whoever had them meanwhile has left them; at once where they are taken. @throws ControlError; none is held then that was not before */
  async take(): Promise<void> {
    const taken: DriveSpec[] = [];
    try {
      for (const [spec, medium] of this.media) {
        if (medium.readOnly || (this.images.has(spec) && !this.peeked.has(spec))) continue;
        const before = this.images.get(spec);
        await this.use(spec, medium);
        taken.push(spec);
        this.peeked.delete(spec);
        await before?.close();
      }
    } catch (error) {
      for (const spec of taken) await this.letGo(spec);
      throw error;
    }
  }

  /** Flushes the disks and lets them go; the guest stands still. */
  async release(): Promise<void> {
    for (const [spec, { readOnly }] of this.media) if (!readOnly && !this.peeked.has(spec)) await this.letGo(spec);
  }

  private async letGo(spec: DriveSpec): Promise<void> {
    const image = this.images.get(spec);
    this.images.delete(spec);
    await image?.close();
  }

  private async begin(spec: DriveSpec, medium: MediumSpec, peek = false): Promise<void> {
    const image = await this.openMedium(spec, peek ? { ...medium, readOnly: true } : medium);
    this.images.set(spec, image);
    if (spec.type !== 'hdd') return;
    this.media.set(spec, medium);
    const known = this.disks.get(spec);
    if (known?.size === image.size) known.use(image);
    else this.disks.set(spec, new Disk(image, medium.readOnly));
    if (peek) this.peeked.add(spec);
  }

  get settings(): DriveSettings[] {
    return this.specs.map((spec) => ({ slot: slotOf(spec), kind: kindOf(spec), device: this.disks.get(spec) ?? this.images.get(spec) ?? null }));
  }

  /** The image that each hard disk writes. */
  get written(): (DrivePlace & { path: string })[] {
    return [...this.media].map(([{ controller, port, device }, { path }]) => ({ controller, port, device, path }));
  }

  /**
   * Lets disks go on in new differencing images, all of them or none. The guest stands still, and nothing is under way.
   * @throws ControlError; LostDiskError when a disk could not be opened again as it was
   */
  async branch(branches: readonly BranchSpec[]): Promise<void> {
    const undo: (() => Promise<void>)[] = [];
    try {
      for (const branch of branches) {
        const spec = this.hardDisk(branch);
        const before = this.media.get(spec)!;
        await this.images.get(spec)!.close();
        undo.push(() => this.use(spec, before));
        const parent = { uuid: branch.parent, path: before.path, format: before.format };
        await createVdi(branch.path, { uuid: branch.uuid, parent: { path: parent.path, uuid: parent.uuid, format: parent.format } });
        undo.push(() => deleteImage(branch.path));
        await this.use(spec, { path: branch.path, format: 'VDI', readOnly: false, parents: [parent, ...before.parents] });
        undo.push(() => this.images.get(spec)!.close());
      }
    } catch (cause) {
      for (const step of undo.reverse()) {
        await step().catch((error: Error) => {
          throw new LostDiskError(`a disk is lost to the machine: ${error.message}, after ${(cause as Error).message}`, { cause: error });
        });
      }
      throw cause instanceof ControlError ? cause : new ControlError('VBOX_E_FILE_ERROR', (cause as Error).message, { cause });
    }
  }

  /** A disk takes over what its image hangs on. It reads the same at every moment. */
  async absorbParent(place: DrivePlace): Promise<void> {
    const spec = this.hardDisk(place);
    await absorbParent(this.images.get(spec)!);
    const medium = this.media.get(spec)!;
    this.media.set(spec, { ...medium, parents: medium.parents.slice(1) });
  }

  private hardDisk(at: DrivePlace): DriveSpec {
    const spec = [...this.media.keys()].find(({ controller, port, device }) => controller === at.controller && port === at.port && device === at.device);
    if (!spec) throw new ControlError('VBOX_E_OBJECT_NOT_FOUND', `controller '${at.controller}' has no hard disk at port ${at.port}, device ${at.device}`);
    return spec;
  }

  private async use(spec: DriveSpec, medium: MediumSpec): Promise<void> {
    const image = await this.openMedium(spec, medium);
    const disk = this.disks.get(spec)!;
    if (image.size !== disk.size) {
      await image.close();
      throw new ControlError('VBOX_E_FILE_ERROR', `${placeOf(spec)}: ${medium.path} has ${image.size} bytes now, and had ${disk.size}`);
    }
    this.images.set(spec, image);
    this.media.set(spec, medium);
    disk.use(image);
  }

  /**
   * Changes the medium of one drive: the new one is opened first and the old one closed last, so that a failure changes nothing.
   * @param insert puts the image into the running machine
   */
  async change(at: DrivePlace, medium: MediumSpec | null, insert: (settings: DriveSettings) => Promise<void>): Promise<void> {
    const spec = this.specs.find(({ controller, port, device }) => controller === at.controller && port === at.port && device === at.device);
    if (!spec) throw new ControlError('VBOX_E_OBJECT_NOT_FOUND', `controller '${at.controller}' has no drive at port ${at.port}, device ${at.device}; a drive is added while the machine is off`);
    if (spec.type === 'hdd') throw new ControlError('VBOX_E_INVALID_VM_STATE', 'a hard disk cannot be changed while the machine runs; power it off first');
    const image = medium ? await this.openMedium(spec, medium) : null;
    try {
      await insert({ slot: slotOf(spec), kind: kindOf(spec), device: image });
    } catch (error) {
      await image?.close();
      if (error instanceof TrayLockedError) throw new ControlError('VBOX_E_OBJECT_IN_USE', `${placeOf(spec)}: ${error.message} (--forceunmount)`, { cause: error });
      throw error;
    }
    this.emptied.delete(spec);
    const old = this.images.get(spec);
    if (image) this.images.set(spec, image);
    else this.images.delete(spec);
    await old?.close();
  }

  /** Drives whose medium the guest has ejected, until they have another. */
  get ejected(): DrivePlace[] {
    return [...this.emptied].map(({ controller, port, device }) => ({ controller, port, device }));
  }

  /** The guest has ejected the medium at `slot`: closes it. @returns the drive; undefined where it has another one meanwhile */
  async eject(slot: DriveSettings['slot']): Promise<DrivePlace | undefined> {
    const spec = this.specs.find((known) => slotOf(known) === slot);
    const image = spec && this.images.get(spec);
    if (!image) return undefined;
    this.images.delete(spec);
    this.emptied.add(spec);
    await image.close();
    const { controller, port, device } = spec;
    return { controller, port, device };
  }

  /** Resolves when all that was written is on the host's disks. */
  async flush(): Promise<void> {
    await Promise.all([...this.images.values()].filter(({ readOnly }) => !readOnly).map((image) => image.flush()));
  }

  /** Flushes and closes all; the first failure is thrown after every image was tried. */
  async close(): Promise<void> {
    const results = await Promise.allSettled([...this.images.values()].map((image) => image.close()));
    this.images.clear();
    this.peeked.clear();
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  }

  private async openMedium(spec: DriveSpec, medium: MediumSpec): Promise<Image> {
    try {
      return await openImage(medium.path, {
        format: medium.format,
        device: kindOf(spec),
        owner: this.owner,
        ...(medium.readOnly ? { readOnly: true } : {}),
        resolveParent: (uuid) => medium.parents.find((parent) => parent.uuid === uuid),
      });
    } catch (cause) {
      const code = cause instanceof ImageLockedError ? 'VBOX_E_OBJECT_IN_USE' : cause instanceof ImageError ? 'VBOX_E_FILE_ERROR' : 'VBOX_E_HOST_ERROR';
      throw new ControlError(code, `${placeOf(spec)}: ${(cause as Error).message}`, { cause });
    }
  }
}

/** A disk could not be opened again: the machine cannot go on. */
export class LostDiskError extends Error {
  override readonly name = 'LostDiskError';
}

const placeOf = ({ type, port, device, controller }: DriveSpec): string => `${type} at port ${port}, device ${device} of '${controller}'`;
