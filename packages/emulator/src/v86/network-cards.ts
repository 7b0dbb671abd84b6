/**
 * Network cards: as many as the machine has slots, of either model, each with frames that wait until it has room.
 *
 * v86 builds one card, loses a frame that finds no room without a word, and lowers a shared interrupt that another card still holds.
 */
import { MTU, wrapPort, type CardBus, type CardClasses, type Cpu, type Ne2000, type PciDevice, type VirtioNet } from './inside.js';
import type { AdapterShape, FromWorker } from './protocol.js';

/** Ethernet's header, and that with a payload and a VLAN's tag. */
const FRAME_LEAST = 14;
const FRAME_MOST = 14 + MTU + 4;
/** What the shortest frame is filled up to in a DP8390's memory, before its checksum. */
const DP8390_LEAST = 60;
const BOUNDARY = 3;
/** Bytes that the guest took are told of with what it sends, or when they are so many: each message wakes the other thread. */
const TELL = 64 * 1024;
/** PCI slots from here on are free. */
const FIRST_PCI_SLOT = 20;
/** Where the cards' I/O ports are until the firmware moves them: above what it hands out, apart from each other. */
const NE2000_FIRST_ID = 0xb3;
const VIRTIO_SHIFT = 0x800;
const VIRTIO_APART = 0x400;

type Room = 'room' | 'full' | 'off';

interface Card {
  readonly device: Ne2000 | VirtioNet;
  readonly pciId: number;
  /** It asks for its interrupt. */
  interrupts(): boolean;
  receive(frame: Uint8Array): void;
  /** What becomes of a frame now. */
  room(frame: Uint8Array): Room;
  /** Tells the guest again of frames that it has let lie; returns whether there were any. */
  remind(): boolean;
  setCable(connected: boolean): void;
  reset(): void;
}

class Adapter {
  readonly card: Card;
  connected: boolean;
  #waiting: Uint8Array[] = [];
  #out: Uint8Array[] = [];
  #takenBytes = 0;

  constructor(cpu: Cpu, classes: CardClasses, readonly shape: AdapterShape) {
    this.connected = shape.connected;
    let receive: (frame: Uint8Array) => void = () => undefined;
    const bus: CardBus = {
      send: (event, data) => {
        if (event.endsWith('-send')) this.#sent(data as Uint8Array);
      },
      register: (_event, listener, self) => {
        receive = listener.bind(self);
      },
    };
    this.card = shape.model === 'ne2000' ? ne2000(cpu, classes, shape, bus, () => this.feed()) : virtio(cpu, classes, shape, bus);
    this.card.receive = receive;
    this.card.setCable(this.connected);
  }

  setCable(connected: boolean): void {
    this.connected = connected;
    this.card.setCable(connected);
  }

  arrived(frames: readonly Uint8Array[]): void {
    this.#waiting.push(...frames);
    this.feed();
  }

  /** Hands over what fits; returns whether that was anything. */
  feed(): boolean {
    let fed = 0;
    for (const frame of this.#waiting) {
      const room = this.connected && frame.length >= FRAME_LEAST && frame.length <= FRAME_MOST ? this.card.room(frame) : 'off';
      if (room === 'full') break;
      if (room === 'room') this.card.receive(frame);
      this.#takenBytes += frame.length;
      fed++;
    }
    if (fed === 0) return false;
    this.#waiting = this.#waiting.slice(fed);
    return true;
  }

  collect(post: (message: FromWorker) => void): void {
    if (this.#out.length === 0 && this.#takenBytes < TELL) return;
    post({ type: 'frames', slot: this.shape.slot, frames: this.#out, taken: this.#takenBytes });
    this.#takenBytes = 0;
    this.#out = [];
  }

  #sent(frame: Uint8Array): void {
    // A DP8390's frame stands in its memory, which goes on changing.
    if (this.connected && frame.length >= FRAME_LEAST && frame.length <= FRAME_MOST) this.#out.push(frame.slice());
  }
}

/** Part of the processor's state, where v86 has its one card. Of a class: v86 prints plain objects that it saves. */
class CardStates {
  constructor(private readonly devices: readonly (Ne2000 | VirtioNet)[]) {}

  get_state(): unknown[] {
    return [...this.devices];
  }

  set_state(states: unknown[]): void {
    this.devices.forEach((device, index) => device.set_state(states[index] as unknown[]));
  }
}

export class NetworkCards {
  readonly #adapters: readonly Adapter[];

  constructor(cpu: Cpu, classes: CardClasses, shapes: readonly AdapterShape[]) {
    this.#adapters = shapes.map((shape) => new Adapter(cpu, classes, shape));
    if (shapes.length === 0) return;
    const cards = this.#adapters.map(({ card }) => card);
    shareInterrupts(cpu, cards);
    cpu.devices.net = new CardStates(cards.map(({ device }) => device));
  }

  arrived(slot: number, frames: readonly Uint8Array[]): void {
    this.#adapter(slot).arrived(frames);
  }

  setCable(slot: number, connected: boolean): void {
    this.#adapter(slot).setCable(connected);
  }

  /** @returns milliseconds until the guest should run: none when a card has told it of a frame */
  feed(): number {
    let told = false;
    for (const adapter of this.#adapters) told = adapter.feed() || adapter.card.remind() || told;
    return told ? 0 : Infinity;
  }

  /** Sends what the guest sent, and how much it took. */
  collect(post: (message: FromWorker) => void): void {
    for (const adapter of this.#adapters) adapter.collect(post);
  }

  reset(): void {
    for (const { card } of this.#adapters) card.reset();
  }

  #adapter(slot: number): Adapter {
    return this.#adapters.find(({ shape }) => shape.slot === slot)!;
  }
}

const STOPPED = 1;
/** In the interrupt status: a frame has been received. */
const RECEIVED = 1;
const RESET_CONTROL = 0x21;

/** v86 leaves the multicast addresses out of the card's state. */
function keepMulticast(device: Ne2000): void {
  const [save, restore] = [device.get_state.bind(device), device.set_state.bind(device)];
  device.get_state = () => [...save(), device.mar];
  device.set_state = (state) => {
    const mar = state.at(-1) as Uint8Array;
    restore(state);
    device.mar = mar;
  };
}

/** The ring's page before the first unread one. A driver that has read to the ring's end may leave it before the ring's start. */
const lastRead = ({ boundary, pstart, pstop }: Ne2000): number => (boundary >= pstart && boundary < pstop ? boundary : pstop - 1);

function ne2000(cpu: Cpu, classes: CardClasses, { slot, mac }: AdapterShape, bus: CardBus, freed: () => void): Card {
  const Ne2000 = classes.ne2000!;
  const device = placed(cpu, slot, 0, () => new Ne2000(cpu, bus, true, false, NE2000_FIRST_ID + slot));
  keepMulticast(device);
  device.mac.set(mac);
  // The card's PROM has each byte of its address twice.
  mac.forEach((byte, index) => device.memory.fill(byte, index * 2, index * 2 + 2));
  wrapPort(cpu, device.port + BOUNDARY, (before) => ({
    write8: (value) => {
      before.write8.call(device, value);
      freed();
    },
  }));
  const room = (frame: Uint8Array): Room => {
    const { cr, pstart, pstop, curpg, memory } = device;
    if (cr & STOPPED || pstart >= pstop || pstop > memory.length >> 8 || curpg < pstart || curpg >= pstop) return 'off';
    const pages = 1 + ((Math.max(DP8390_LEAST, frame.length) + 4) >> 8);
    const boundary = lastRead(device);
    // A ring whose write page has come up to the boundary would look empty.
    const free = boundary > curpg ? boundary - curpg : pstop - curpg + boundary - pstart;
    return free > pages ? 'room' : 'full';
  };
  /** Linux reads ten frames at a time, and calls the interrupt served though there are more. */
  const remind = (): boolean => {
    const { cr, isr, pstart, pstop, curpg } = device;
    if (cr & STOPPED || isr & RECEIVED) return false;
    const boundary = lastRead(device);
    const next = boundary + 1 === pstop ? pstart : boundary + 1;
    if (curpg === boundary || curpg === next) return false;
    device.do_interrupt(RECEIVED);
    return true;
  };
  const reset = (): void => {
    device.cr = RESET_CONTROL;
    cpu.devices.pci.lower_irq(device.pci_id);
  };
  return {
    device,
    pciId: device.pci_id,
    interrupts: () => (device.isr & device.imr) !== 0,
    room,
    receive: () => undefined,
    remind,
    setCable: () => undefined,
    reset,
  };
}

const DRIVER_OK = 4;
const LINK_UP = 1;

function virtio(cpu: Cpu, classes: CardClasses, { slot, mac }: AdapterShape, bus: CardBus): Card {
  const VirtioNet = classes.virtio!;
  const device = placed(cpu, slot, VIRTIO_SHIFT + VIRTIO_APART * slot, () => new VirtioNet(cpu, bus, true, MTU));
  device.mac = mac.slice();
  const room = (): Room => ((device.virtio.device_status & DRIVER_OK) === 0 ? 'off' : device.virtio.queues[0]!.has_request() ? 'room' : 'full');
  const setCable = (connected: boolean): void => {
    device.status = connected ? LINK_UP : 0;
    device.virtio.notify_config_changes();
  };
  const reset = (): void => {
    device.mac = mac.slice();
    device.reset();
  };
  return {
    device,
    pciId: device.virtio.pci_id,
    interrupts: () => device.virtio.isr_status !== 0,
    room,
    receive: () => undefined,
    remind: () => false,
    setCable,
    reset,
  };
}

/** Lets `build` build a card into the PCI slot and at the I/O ports of a machine's adapter: v86's classes know one place each. */
function placed<T>(cpu: Cpu, slot: number, shift: number, build: () => T): T {
  const { io } = cpu;
  const { pci } = cpu.devices;
  const { register_read: read, register_write: write } = io;
  const { register_device: register } = pci;
  io.register_read = (port, ...handlers) => read.call(io, port + shift, ...handlers);
  io.register_write = (port, ...handlers) => write.call(io, port + shift, ...handlers);
  pci.register_device = (device) => {
    device.pci_id = (FIRST_PCI_SLOT + slot) << 3;
    moveBars(device, shift);
    return register.call(pci, device);
  };
  try {
    return build();
  } finally {
    Object.assign(io, { register_read: read, register_write: write });
    pci.register_device = register;
  }
}

/** Base address registers 0 to 3 stand from 0x10 on, four bytes each, low byte first. */
function moveBars({ pci_space: space }: PciDevice, shift: number): void {
  for (let at = 0x10; shift > 0 && at < 0x20; at += 4) space[at + 1]! += shift >> 8;
}

/** An interrupt that several cards share stays up until the last of them lets go of it. */
function shareInterrupts(cpu: Cpu, cards: readonly Card[]): void {
  const { pci } = cpu.devices;
  const interruptOf = (id: number): number => {
    const pin = (pci.device_spaces[id]![15]! >> 8) & 0xff;
    return pci.isa_bridge_space8[0x60 + ((pin - 1 + (id >> 3) - 1) & 3)]!;
  };
  pci.lower_irq = (id) => {
    const irq = interruptOf(id);
    const isHeld = cards.some(({ pciId, interrupts }) => pciId !== id && interruptOf(pciId) === irq && interrupts());
    if (!isHeld) cpu.device_lower_irq(irq);
  };
}
