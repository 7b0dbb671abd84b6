/**
 * What a network card must do, for any engine that has an NE2000: a boot sector drives it and sends each frame back to whom it came from.
 */
import { afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { SettingsError, type Engine, type HardwareSettings, type NetworkAdapterSettings } from '../engine.js';
import { findFirmware, type Firmware } from '../firmware.js';
import type { NetworkLink } from '../ports.js';
import { Bench, FLOPPY, PLAIN } from './bench.js';
import { BootSector, Jump } from './boot-sector.js';
import { MemoryDisk } from './memory-disk.js';
import { kept } from './states.js';

/** Registers of a DP8390, and its pages: one frame to send, then the ring. */
const Register = { command: 0, pageStart: 1, pageStop: 2, boundary: 3, sendPage: 4, status: 7, current: 7, remoteStart: 8, remoteCount: 10, receive: 12, data: 14 } as const;
const SEND_PAGE = 0x40;
const RING = { start: 0x46, stop: 0x80 };
const BUFFER = 0x8000;

/**
 * Finds the card, switches it on, says `B` and sends back every frame with its addresses exchanged.
 *
 * @param index which of the PCI bus's RTL8029 it is, from 0
 * @param asLinux looks when the card says that something came, calls that done when it has read some of it, and leaves the boundary outside of the
 * ring once it has read the ring's last page
 */
export function frameEcho(index: number, asLinux = false): Uint8Array {
  const sector = new BootSector();
  // lea dx, [bp + register]; mov al, value; out dx, al
  const at = (register: number): BootSector => sector.code(0x8d, 0x56, register);
  const out = (register: number, value: number): BootSector => at(register).code(0xb0, value, 0xee);
  const outAl = (register: number): BootSector => at(register).code(0xee);
  const inAl = (register: number): BootSector => at(register).code(0xec);
  /** A DMA from or to the card's memory of cx bytes. */
  const dma = (command: number): void => {
    sector.code(0x88, 0xc8); // mov al, cl
    outAl(Register.remoteCount);
    sector.code(0x88, 0xe8); // mov al, ch
    outAl(Register.remoteCount + 1);
    out(Register.command, command);
    at(0x10);
  };
  // PCI BIOS: find the device, read its first base address; bp = the I/O base
  sector.ax(0xb102).cx(0x8029).dx(0x10ec).code(0xbe).word(index).int(0x1a);
  sector.ax(0xb109).code(0xbf).word(0x10).int(0x1a);
  sector.code(0x83, 0xe1, 0xfc, 0x89, 0xcd); // and cx, ~3; mov bp, cx
  out(Register.command, 0x21);
  out(Register.data, 0x48);
  out(Register.pageStart, RING.start);
  out(Register.pageStop, RING.stop);
  out(Register.boundary, RING.start);
  out(Register.command, 0x61);
  out(Register.current, RING.start + 1);
  out(Register.command, 0x22);
  out(Register.receive, 0x04);
  sector.say('B').label('next');
  if (asLinux) {
    inAl(Register.status).code(0xa8, 0x01).jump(Jump.zero, 'next'); // test al, 1
  }
  out(Register.command, 0x62);
  inAl(Register.current).code(0x88, 0xc3); // mov bl, al
  out(Register.command, 0x22);
  inAl(Register.boundary).code(0xfe, 0xc0, 0x3c, RING.stop).jump(Jump.notZero, 'inside'); // inc al; cmp al, stop
  sector.code(0xb0, RING.start).label('inside').code(0x38, 0xd8).jump(Jump.zero, 'next'); // cmp al, bl
  // The header, then the frame behind it
  outAl(Register.remoteStart + 1);
  out(Register.remoteStart, 0);
  sector.code(0xbf).word(BUFFER).cx(4);
  dma(0x0a);
  sector.code(0xf3, 0x6c); // rep insb
  sector.code(0x8b, 0x0e).word(BUFFER + 2).code(0x83, 0xe9, 0x04, 0x51); // mov cx, [length]; sub cx, 4; push cx
  dma(0x0a);
  sector.code(0xf3, 0x6c);
  // The boundary is the page before the next frame's.
  sector.code(0xa0).word(BUFFER + 1);
  if (!asLinux) sector.code(0x3c, RING.start).jump(Jump.notZero, 'before').code(0xb0, RING.stop).label('before');
  sector.code(0xfe, 0xc8);
  outAl(Register.boundary);
  for (const word of [4, 6, 8]) {
    // mov ax, [receiver]; xchg ax, [sender]; mov [receiver], ax
    sector.code(0xa1).word(BUFFER + word).code(0x87, 0x06).word(BUFFER + word + 6).code(0xa3).word(BUFFER + word);
  }
  out(Register.remoteStart, 0);
  out(Register.remoteStart + 1, SEND_PAGE);
  sector.code(0x59, 0x51, 0xbe).word(BUFFER + 4); // pop cx; push cx; mov si, frame
  dma(0x12);
  sector.code(0xf3, 0x6e, 0x59); // rep outsb; pop cx
  out(Register.sendPage, SEND_PAGE);
  sector.code(0x88, 0xc8);
  outAl(Register.sendPage + 1);
  sector.code(0x88, 0xe8);
  outAl(Register.sendPage + 2);
  out(Register.command, 0x26);
  if (asLinux) out(Register.status, 0x01);
  return sector.go('next').build();
}

const MACS = ['080027000001', '080027000002'];
const HOST = '020000000009';

/** What a card's cable leads to in a test: it keeps what the guest sent, and holds back what it is told to. */
class TestLink implements NetworkLink {
  readonly #sent: Buffer[] = [];
  readonly #held: Uint8Array[] = [];
  #listener: ((frame: Uint8Array) => void) | undefined;
  #paused = false;
  #wake: () => void = () => undefined;

  send(frame: Uint8Array): void {
    this.#sent.push(Buffer.from(frame));
    this.#wake();
  }

  onFrame(listener: (frame: Uint8Array) => void): () => void {
    this.#listener = listener;
    return () => {
      this.#listener = undefined;
    };
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    while (!this.#paused && this.#held.length > 0) this.#listener?.(this.#held.shift()!);
  }

  /** Sends a frame to the guest, once it is let. */
  give(frame: Uint8Array): void {
    this.#held.push(frame);
    if (!this.#paused) this.resume();
  }

  /** The next frame from the guest. */
  async take(): Promise<Buffer> {
    const until = Date.now() + PATIENCE;
    while (this.#sent.length === 0) {
      await new Promise<void>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error('waited too long for a frame from the guest')), Math.max(0, until - Date.now()));
        this.#wake = () => {
          clearTimeout(timer);
          resolve();
        };
      });
    }
    return this.#sent.shift()!;
  }

  get idle(): boolean {
    return this.#sent.length === 0;
  }
}

/** Milliseconds. */
const PATIENCE = 60_000;

/** A frame of `length` bytes, numbered. */
function frame(to: string, number: number, length = 100): Buffer {
  const bytes = Buffer.alloc(length, number & 0xff);
  Buffer.from(`${to}${HOST}88b5`, 'hex').copy(bytes);
  bytes.writeUInt32BE(number, 14);
  return bytes;
}

const answerTo = (sent: Buffer): Buffer => Buffer.concat([sent.subarray(6, 12), sent.subarray(0, 6), sent.subarray(12)]);

export function describeNetwork(engine: Engine): void {
  describe('network', () => {
    let firmware: Firmware;
    let bench: Bench | undefined;

    beforeAll(async () => {
      firmware = await findFirmware();
    });

    afterEach(async () => {
      await bench?.machine.powerOff();
      bench = undefined;
    });

    const adapter = (slot: number, link: NetworkLink | null, change: Partial<NetworkAdapterSettings> = {}): NetworkAdapterSettings => ({
      slot,
      model: 'ne2000',
      mac: MACS[slot - 1]!,
      cableConnected: true,
      link,
      ...change,
    });
    const boot = async (index: number, networkAdapters: HardwareSettings['networkAdapters'], asLinux = false): Promise<Bench> => {
      bench = await Bench.boot(engine, firmware, frameEcho(index, asLinux), { networkAdapters });
      return bench;
    };

    test('carries frames both ways, and fills up the short ones', async () => {
      const link = new TestLink();
      await boot(0, [adapter(1, link)]);
      for (const length of [60, 61, 999, 1514]) {
        const sent = frame(MACS[0]!, length, length);
        link.give(sent);
        expect(await link.take()).toEqual(answerTo(sent));
      }
      const short = frame(MACS[0]!, 7, 20);
      link.give(short);
      expect(await link.take()).toEqual(answerTo(Buffer.concat([short, Buffer.alloc(40)])));
    });

    test('delivers what is for the guest, and no frame that is none', async () => {
      const link = new TestLink();
      await boot(0, [adapter(1, link)]);
      for (const other of [frame('080027000009', 1), frame(MACS[0]!, 2).subarray(0, 13), frame(MACS[0]!, 3, 1600), new Uint8Array(0)]) link.give(other);
      const broadcast = frame('ffffffffffff', 4);
      link.give(broadcast);
      expect(await link.take()).toEqual(answerTo(broadcast));
    });

    test('loses nothing of a link that waits when it is told to', async () => {
      const link = new TestLink();
      await boot(0, [adapter(1, link)]);
      const count = 600;
      for (let number = 0; number < count; number++) link.give(frame(MACS[0]!, number, 1514));
      for (let number = 0; number < count; number++) expect((await link.take()).readUInt32BE(14)).toBe(number);
    });

    test('loses nothing for a driver that leaves the boundary outside of the ring, and lets frames lie that it was told of', async () => {
      const link = new TestLink();
      await boot(0, [adapter(1, link)], true);
      const count = 200;
      const length = (number: number): number => [100, 1514, 500, 1514, 800][number % 5]!;
      for (let number = 0; number < count; number++) link.give(frame(MACS[0]!, number, length(number)));
      for (let number = 0; number < count; number++) expect(await link.take()).toEqual(answerTo(frame(MACS[0]!, number, length(number))));
    });

    test('has no more of a cable that is pulled', async () => {
      const link = new TestLink();
      const { machine } = await boot(0, [adapter(1, link, { cableConnected: false })]);
      link.give(frame(MACS[0]!, 1));
      machine.network.setCable(1, true);
      link.give(frame(MACS[0]!, 2));
      expect((await link.take()).readUInt32BE(14)).toBe(2);
      machine.network.setCable(1, false);
      link.give(frame(MACS[0]!, 3));
      machine.network.setCable(1, true);
      link.give(frame(MACS[0]!, 4));
      expect((await link.take()).readUInt32BE(14)).toBe(4);
      expect(() => machine.network.setCable(2, true)).toThrow(SettingsError);
    });

    test('has several cards, each with its own cable', async () => {
      const links = [new TestLink(), new TestLink()];
      await boot(1, [adapter(1, links[0]!), adapter(2, links[1]!), adapter(3, null, { model: 'virtio', mac: '080027000003' })]);
      links[0]!.give(frame(MACS[0]!, 1));
      const sent = frame(MACS[1]!, 2);
      links[1]!.give(sent);
      expect(await links[1]!.take()).toEqual(answerTo(sent));
      expect(links[0]!.idle).toBe(true);
    });

    test('goes on from a saved state', async () => {
      const link = new TestLink();
      const settings = { networkAdapters: [adapter(1, link)] };
      const { machine } = await boot(0, settings.networkAdapters);
      link.give(frame(MACS[0]!, 1));
      await link.take();
      await machine.pause();
      const state = await kept(await machine.saveState());
      await machine.powerOff();
      const floppy = { slot: 'floppy0', kind: 'floppy', device: new MemoryDisk(FLOPPY, frameEcho(0)) } as const;
      bench = await Bench.restore(engine, firmware, { ...settings, drives: [floppy] }, state);
      await bench.machine.resume();
      const sent = frame(MACS[0]!, 2);
      link.give(sent);
      expect(await link.take()).toEqual(answerTo(sent));
      await expect(engine.restore({ ...PLAIN, drives: [floppy] }, state, { firmware })).rejects.toThrow(/network adapter 1: ne2000 in the state, none/);
    });
  });
}
