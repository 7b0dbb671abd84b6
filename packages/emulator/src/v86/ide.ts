/**
 * IDE drives over v86's controller: any kind in any of the four places, and the parts of ATA that v86 leaves out.
 * Here a flush reaches the disk before it is acknowledged, a write is acknowledged when it is done, what cannot be read or
 * written ends in an ATA error, and a read-only disk refuses writes.
 *
 * ATA8-ACS 7 (commands), MMC-3 (sense data).
 */
import { wrapPort, type Cpu, type IdeChannel, type IdeInterface } from './inside.js';
import type { MediumShape } from './protocol.js';
import type { StateSection } from '../saved-state.js';
import { jsonSection, Values } from './section-values.js';
import { RemoteDisk, type Ask } from './remote-disk.js';

const Status = { BSY: 0x80, DRDY: 0x40, DF: 0x20, DSC: 0x10, ERR: 0x01 } as const;
const AtaError = { ABRT: 0x04, IDNF: 0x10, UNC: 0x40, WP: 0x40 } as const;
const Sense = { mediumError: 0x03, illegalRequest: 0x05 } as const;
const AdditionalSense = { unrecoveredRead: 0x11, outOfRange: 0x21, removalPrevented: 0x53 } as const;

const COMMAND_REGISTER = 7;
const Command = {
  NOP: 0x00,
  STANDBY_IMMEDIATE: 0xe0,
  FLUSH_CACHE: 0xe7,
  FLUSH_CACHE_EXT: 0xea,
  SET_FEATURES: 0xef,
} as const;
const READS = new Map([
  [0x20, false],
  [0x24, true],
  [0x25, true],
  [0x29, true],
  [0xc4, false],
  [0xc8, false],
]);
const WRITES = new Map([
  [0x30, false],
  [0x34, true],
  [0x35, true],
  [0x39, true],
  [0xc5, false],
  [0xca, false],
]);
/** Writes that are on the host's disk when they are done, and v86's commands that write as they do: DMA FUA EXT, MULTIPLE FUA EXT. */
const FORCED_WRITES = new Map([
  [0x3d, 0x35],
  [0xce, 0x39],
]);
const PACKET = 0xa0;
const Feature = { ENABLE_WRITE_CACHE: 0x02, DISABLE_WRITE_CACHE: 0x82 } as const;
/** IDENTIFY DEVICE words: command sets supported and enabled, and their write cache bit. */
const IDENTIFY = { supported: 82, enabled: 85, writeCache: 1 << 5, mandatory: { word: 86, flush: (1 << 12) | (1 << 13) }, forced: { words: [84, 87], bit: 1 << 6 } } as const;

/** CMOS: the types of the first two disks. */
const CMOS_DISK_TYPES = 0x12;

const Packet = { START_STOP_UNIT: 0x1b, PREVENT_ALLOW_MEDIUM_REMOVAL: 0x1e, READ_10: 0x28, READ_12: 0xa8 } as const;
/** START STOP UNIT, byte 4: what is started or stopped, and that it is the tray. */
const Tray = { mask: 0x03, open: 0x02 } as const;

const SECTION = { name: 'ide', version: 1 } as const;

interface Unit {
  disk: RemoteDisk | null;
  writeCache: boolean;
  /** The guest allows nobody to take the medium out. */
  locked: boolean;
}

export class IdeDrives {
  readonly #units = new Map<IdeInterface, Unit>();

  /**
   * @param ask requests to one slot's medium
   * @param log what an operator should know
   * @param ejected told when the guest has ejected a medium
   */
  constructor(
    private readonly cpu: Cpu,
    private readonly log: (level: 'info' | 'warn', text: string) => void,
    private readonly ejected: (channel: number, device: number) => void,
  ) {
    const { primary, secondary } = cpu.devices.ide;
    for (const unit of this.#places) {
      unit.drive_connected = false;
      unit.buffer = null;
    }
    for (const channel of [primary, secondary]) {
      // v86 clears the interrupt after the command, with that of a command that is done already; a drive clears it before.
      wrapPort(cpu, channel.command_base + COMMAND_REGISTER, () => ({
        write8: (command) => {
          cpu.device_lower_irq(channel.irq);
          const drive = channel.current_interface;
          drive.status_reg &= ~(Status.ERR | Status.DF);
          drive.ata_command(command);
        },
      }));
    }
    cpu.devices.rtc.cmos_write(CMOS_DISK_TYPES, 0);
    this.#extend(Object.getPrototypeOf(primary.master) as IdeInterface);
  }

  /** Plugs a drive in; only before the machine runs. */
  attach(channel: number, device: number, kind: 'hdd' | 'dvd', medium: MediumShape | null, ask: Ask): void {
    const drive = this.#drive(channel, device);
    drive.drive_connected = true;
    drive.is_atapi = kind === 'dvd';
    drive.sector_size = kind === 'dvd' ? 2048 : 512;
    drive.head_count = kind === 'dvd' ? 1 : 0;
    const disk = medium && this.#disk(drive, medium, ask);
    this.#units.set(drive, { disk, writeCache: true, locked: false });
    if (disk) drive.set_disk_buffer(disk);
  }

  /**
   * Puts another medium into a DVD drive, or none.
   * @param force also where the guest has locked the tray
   * @returns false where it has, and nothing was changed
   */
  insert(channel: number, device: number, medium: MediumShape | null, ask: Ask, force: boolean): boolean {
    const drive = this.#drive(channel, device);
    const unit = this.#units.get(drive)!;
    if (unit.locked && unit.disk && !force) return false;
    unit.locked = false;
    unit.disk?.abandon();
    if (drive.buffer) drive.eject();
    unit.disk = medium && this.#disk(drive, medium, ask);
    if (unit.disk) drive.set_cdrom(unit.disk);
    return true;
  }

  /** The PC was reset, and its drives with it. */
  reset(): void {
    for (const unit of this.#units.values()) {
      unit.locked = false;
      unit.writeCache = true;
      if (unit.disk) unit.disk.durable = false;
    }
  }

  save(): StateSection {
    const units = this.#places.map((drive) => {
      const { writeCache = true, locked = false, disk } = this.#units.get(drive) ?? {};
      return { writeCache, locked, durable: disk?.durable ?? false };
    });
    return jsonSection(SECTION.name, SECTION.version, { units });
  }

  /** After v86's own state, which says of a place that nothing was plugged into only that it has no medium. */
  restore(sections: readonly StateSection[]): void {
    const saved = Values.of(sections, SECTION.name, SECTION.version).all('units');
    this.#places.forEach((drive, index) => {
      const unit = this.#units.get(drive);
      drive.drive_connected = unit !== undefined;
      if (!unit || !saved[index]) return;
      unit.writeCache = saved[index].flag('writeCache');
      unit.locked = saved[index].flag('locked');
      if (unit.disk) unit.disk.durable = saved[index].flag('durable');
    });
  }

  get #places(): IdeInterface[] {
    const { primary, secondary } = this.cpu.devices.ide;
    return [primary, secondary].flatMap(({ master, slave }: IdeChannel) => [master, slave]);
  }

  #drive(channel: number, device: number): IdeInterface {
    const { primary, secondary } = this.cpu.devices.ide;
    const { master, slave } = channel === 0 ? primary : secondary;
    return device === 0 ? master : slave;
  }

  #disk(drive: IdeInterface, medium: MediumShape, ask: Ask): RemoteDisk {
    return new RemoteDisk(medium, ask, (operation, reason) => {
      this.log('warn', `disk ${operation} failed: ${reason}`);
      if (drive.is_atapi) senseError(drive, Sense.mediumError, AdditionalSense.unrecoveredRead);
      else ataError(drive, operation === 'read' ? AtaError.UNC : AtaError.ABRT);
    });
  }

  /** Replaces methods of v86's drives; the objects themselves are sealed, their prototype is not. */
  #extend(prototype: IdeInterface): void {
    const units = this.#units;
    const ejected = (drive: IdeInterface): void => this.ejected(drive.channel === this.cpu.devices.ide.primary ? 0 : 1, drive === drive.channel.master ? 0 : 1);
    const original = {
      ata_command: prototype.ata_command,
      atapi_handle: prototype.atapi_handle,
      create_identify_packet: prototype.create_identify_packet,
      device_reset: prototype.device_reset,
    };

    prototype.ata_command = function (this: IdeInterface, asked) {
      const unit = units.get(this);
      const disk = unit?.disk;
      if (!unit || !disk || this.is_atapi) return original.ata_command.call(this, asked);
      const command = FORCED_WRITES.get(asked) ?? asked;
      disk.durable = !unit.writeCache || command !== asked;
      switch (command) {
        case Command.FLUSH_CACHE:
        case Command.FLUSH_CACHE_EXT:
        case Command.STANDBY_IMMEDIATE:
          begin(this, command);
          return disk.flush(() => complete(this));
        case Command.SET_FEATURES: {
          const feature = this.features_reg & 0xff;
          if (feature === Feature.ENABLE_WRITE_CACHE) unit.writeCache = true;
          else if (feature === Feature.DISABLE_WRITE_CACHE) {
            unit.writeCache = false;
            begin(this, command);
            return disk.flush(() => complete(this));
          }
          return original.ata_command.call(this, command);
        }
      }
      const is48 = READS.get(command) ?? WRITES.get(command);
      if (is48 === undefined) return original.ata_command.call(this, command);
      if (disk.readOnly && WRITES.has(command)) return refuse(this, AtaError.ABRT | AtaError.WP);
      if ((this.get_lba(is48) + this.get_count(is48)) * 512 > disk.byteLength) return refuse(this, AtaError.IDNF);
      return original.ata_command.call(this, command);
    };

    prototype.atapi_handle = function (this: IdeInterface) {
      const unit = units.get(this);
      const disk = this.buffer ? unit?.disk : undefined;
      const command = this.data[0]!;
      if (unit && command === Packet.PREVENT_ALLOW_MEDIUM_REMOVAL) unit.locked = (this.data[4]! & 1) !== 0;
      if (unit && disk && command === Packet.START_STOP_UNIT && (this.data[4]! & Tray.mask) === Tray.open) {
        if (unit.locked) return refusePacket(this, command, Sense.illegalRequest, AdditionalSense.removalPrevented);
        original.atapi_handle.call(this);
        if (!this.buffer) {
          unit.disk = null;
          ejected(this);
        }
        return;
      }
      if (disk && (command === Packet.READ_10 || command === Packet.READ_12)) {
        const view = new DataView(this.data.buffer, this.data.byteOffset, 12);
        const count = command === Packet.READ_10 ? view.getUint16(7) : view.getUint32(6);
        if ((view.getUint32(2) + count) * 2048 > disk.byteLength) {
          return refusePacket(this, command, Sense.illegalRequest, AdditionalSense.outOfRange);
        }
      }
      return original.atapi_handle.call(this);
    };

    prototype.create_identify_packet = function (this: IdeInterface) {
      original.create_identify_packet.call(this);
      const unit = units.get(this);
      if (!unit || this.is_atapi) return;
      const words = new DataView(this.data.buffer, this.data.byteOffset, 512);
      const add = (word: number, bits: number): void => words.setUint16(word * 2, words.getUint16(word * 2, true) | bits, true);
      // Without a write cache to flush, a guest never flushes.
      add(IDENTIFY.supported, IDENTIFY.writeCache);
      add(IDENTIFY.enabled, unit.writeCache ? IDENTIFY.writeCache : 0);
      add(IDENTIFY.mandatory.word, IDENTIFY.mandatory.flush);
      for (const word of IDENTIFY.forced.words) add(word, IDENTIFY.forced.bit);
    };

    prototype.device_reset = function (this: IdeInterface) {
      units.get(this)?.disk?.abandon();
      original.device_reset.call(this);
    };

    // Programmed writes: v86 acknowledges them before they are done.
    prototype.do_write = function (this: IdeInterface) {
      const disk = units.get(this)!.disk!;
      const sectors = this.data_length / 512;
      const command = this.current_command;
      this.status_reg = Status.BSY | Status.DRDY;
      disk.set(this.write_dest, this.data.subarray(0, this.data_length), () => {
        this.ata_advance(command, sectors);
        complete(this);
      });
    };
  }
}

function begin(drive: IdeInterface, command: number): void {
  drive.current_command = command;
  drive.error_reg = 0;
  drive.status_reg = Status.BSY | Status.DRDY;
}

function complete(drive: IdeInterface): void {
  drive.status_reg = Status.DRDY | Status.DSC;
  drive.push_irq();
}

/** Ends the command under way with an error. */
function ataError(drive: IdeInterface, error: number): void {
  stopDma(drive);
  drive.error_reg = error;
  drive.status_reg = Status.DRDY | Status.ERR;
  drive.push_irq();
}

/** Ends a command before it began; starting the bus master for it then transfers nothing. */
function refuse(drive: IdeInterface, error: number): void {
  drive.current_command = Command.NOP;
  ataError(drive, error);
}

function senseError(drive: IdeInterface, key: number, additional: number): void {
  stopDma(drive);
  drive.atapi_check_condition_response(key, additional);
  drive.push_irq();
}

function refusePacket(drive: IdeInterface, command: number, key: number, additional: number): void {
  drive.current_command = PACKET;
  drive.current_atapi_command = command;
  drive.data_pointer = 0;
  senseError(drive, key, additional);
}

/** The bus master stops. Its own error bit stays clear: that is for a fault of the bus. */
function stopDma(drive: IdeInterface): void {
  drive.channel.dma_status &= ~1;
}
