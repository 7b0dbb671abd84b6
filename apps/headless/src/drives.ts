/** The images in a machine's drives: opened under their locks, changed while the machine runs, closed in the end. */
import { ControlError, type DrivePlace, type DriveSpec, type MediumSpec } from '@belvedere/control';
import { type Image, ImageError, ImageLockedError, openImage } from '@belvedere/disk';
import { type DriveSettings, TrayLockedError } from '@belvedere/emulator';
import { kindOf, slotOf } from './hardware.js';

export class Drives {
  private readonly images = new Map<DriveSpec, Image>();
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
      for (const spec of specs) if (spec.medium) drives.images.set(spec, await drives.openMedium(spec, spec.medium));
      return drives;
    } catch (error) {
      await drives.close();
      throw error;
    }
  }

  get settings(): DriveSettings[] {
    return this.specs.map((spec) => ({ slot: slotOf(spec), kind: kindOf(spec), device: this.images.get(spec) ?? null }));
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

const placeOf = ({ type, port, device, controller }: DriveSpec): string => `${type} at port ${port}, device ${device} of '${controller}'`;
