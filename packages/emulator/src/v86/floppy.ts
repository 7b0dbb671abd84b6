/**
 * Floppy drives over v86's controller.
 */
import type { Cpu, FloppyDrive } from './inside.js';
import type { MediumShape } from './protocol.js';
import { RemoteDisk, type Ask } from './remote-disk.js';

/** CMOS: the types of both drives. */
const CMOS_FLOPPY_TYPES = 0x10;
const NO_DRIVE = 0;
const DRIVE_1440 = 4;
/** Result bytes of a failed transfer: abnormal termination; data error. */
const ST0_ABNORMAL = 0x40;
const ST1_DATA_ERROR = 0x20;

/** Sizes of images that make a known format, in sectors of 512 bytes. */
const FORMATS = [
  320, 360, 400, 640, 720, 800, 820, 840, 1280, 1440, 1600, 1640, 1660, 1760, 2080, 2240, 2400, 2880, 2952, 2988, 3200, 3360, 3444, 3486,
  3520, 3680, 3840, 5760, 6240, 6400, 7040, 7680,
];
export const FLOPPY_SIZES: readonly number[] = FORMATS.map((sectors) => sectors * 512);

export class FloppyDrives {
  readonly #disks: (RemoteDisk | null)[] = [null, null];

  constructor(
    private readonly cpu: Cpu,
    private readonly log: (level: 'info' | 'warn', text: string) => void,
  ) {
    for (const drive of this.#drives) drive.drive_type = NO_DRIVE;
    this.#writeTypes();
  }

  /** Plugs a drive in; only before the machine runs. Its type is that of its first medium, 1.44 MB without one. */
  attach(index: number, medium: MediumShape | null, ask: Ask): void {
    const drive = this.#drives[index]!;
    if (medium) this.#put(index, medium, ask);
    else drive.drive_type = DRIVE_1440;
    this.#writeTypes();
  }

  insert(index: number, medium: MediumShape | null, ask: Ask): void {
    this.#disks[index]?.abandon();
    this.#disks[index] = null;
    this.#drives[index]!.eject_disk();
    if (medium) this.#put(index, medium, ask);
  }

  get #drives(): FloppyDrive[] {
    return this.cpu.devices.fdc.drives;
  }

  #put(index: number, medium: MediumShape, ask: Ask): void {
    const disk = new RemoteDisk(medium, ask, (operation, reason) => {
      this.log('warn', `floppy ${operation} failed: ${reason}`);
      this.cpu.devices.fdc.end_read_write(ST0_ABNORMAL, ST1_DATA_ERROR, 0);
    });
    // A floppy has no command that flushes: a write that it reports is one that is kept.
    disk.durable = true;
    this.#disks[index] = disk;
    this.#drives[index]!.insert_disk(disk, medium.readOnly);
  }

  #writeTypes(): void {
    const [first, second] = this.#drives;
    this.cpu.devices.rtc.cmos_write(CMOS_FLOPPY_TYPES, (first!.drive_type << 4) | second!.drive_type);
  }
}
