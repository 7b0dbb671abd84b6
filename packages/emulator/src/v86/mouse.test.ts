import { beforeEach, describe, expect, test } from '@jest/globals';
import type { ByteQueue, Cpu, PortEntry, Ps2 } from './inside.js';
import { MouseQueue } from './mouse.js';

/** A PS/2 mouse whose packets wait until the test takes them. */
class FakePc {
  readonly bytes: number[] = [];
  readonly sent: [string, readonly unknown[]][] = [];
  readonly vmware = { enabled: false, absolute: false, queue: [] as number[] };
  readonly ports: PortEntry[] = [];
  readonly ps2 = {
    mouse_buffer: this.#queue(),
    use_mouse: true,
    enable_mouse_stream: true,
    command_register: 0,
    mouse_id: 0,
    wheel_movement: 0,
    mouse_clicks: 0,
    raise_irq: () => undefined,
  } as unknown as Ps2;
  readonly mouse: MouseQueue;

  constructor() {
    this.ports[0x60] = { read8: () => this.bytes.shift() ?? 0 } as unknown as PortEntry;
    const cpu = { devices: { ps2: this.ps2, vmware: this.vmware }, io: { ports: this.ports } } as unknown as Cpu;
    this.mouse = new MouseQueue(cpu, (event, data) => this.sent.push([event, data]), { desk: { width: 1024, height: 768 } });
  }

  /** Reads packets of three bytes as the guest does, until there are none. */
  read(): number[][] {
    const packets: number[][] = [];
    while (this.bytes.length > 0) packets.push([0, 1, 2].map(() => this.ports[0x60]!.read8.call(undefined, 0x60)));
    return packets;
  }

  #queue(): ByteQueue {
    const { bytes } = this;
    return {
      get length() {
        return bytes.length;
      },
      push: (byte: number) => void bytes.push(byte),
      shift: () => bytes.shift() ?? -1,
      clear: () => void bytes.splice(0),
    } as ByteQueue;
  }
}

const movement = (packets: number[][]): [number, number] =>
  packets.reduce<[number, number]>(([x, y], [flags, dx, dy]) => [x + dx! - (flags! & 0x10 ? 256 : 0), y - dy! + (flags! & 0x20 ? 256 : 0)], [0, 0]);

describe('mouse queue', () => {
  let pc: FakePc;

  beforeEach(() => {
    pc = new FakePc();
    pc.mouse.move({ x: 500, y: 400 }, 0);
    expect(pc.read()).toEqual([]);
  });

  test('joins movement while the guest reads nothing, and loses none of it', () => {
    for (let step = 1; step <= 100; step++) pc.mouse.move({ x: 500 + step * 3, y: 400 - step * 2 }, 0);
    const packets = pc.read();
    expect(packets.length).toBeLessThan(5);
    expect(movement(packets)).toEqual([300, -200]);
  });

  test('keeps clicks apart from each other and in their place', () => {
    pc.mouse.move({ x: 510, y: 400 }, 0);
    pc.mouse.move({ x: 520, y: 400 }, 0);
    pc.mouse.move({ x: 520, y: 400 }, 1);
    pc.mouse.move({ x: 520, y: 400 }, 0);
    pc.mouse.move({ x: 530, y: 400 }, 0);
    const packets = pc.read();
    expect(packets.map(([flags]) => flags! & 7)).toEqual([0, 0, 1, 0]);
    expect(movement(packets)).toEqual([30, 0]);
  });

  test('is bounded when a guest never reads, and ends at the right place and buttons', () => {
    pc.mouse.move({ x: 501, y: 400 }, 0);
    for (let click = 0; click < 2000; click++) pc.mouse.move({ x: 501 + (click % 7), y: 400 }, click % 2);
    const packets = pc.read();
    expect(packets.length).toBeLessThan(600);
    expect(movement(packets)[0]).toBe(1 + (1999 % 7));
    expect(packets.at(-1)![0]! & 7).toBe(1);
  });

  test('goes past an edge once, to be sure, and not while it stays there', () => {
    pc.mouse.move({ x: 1023, y: 400 }, 0);
    expect(movement(pc.read())).toEqual([523 + 1024, 0]);
    pc.mouse.move({ x: 1023, y: 300 }, 0);
    expect(movement(pc.read())).toEqual([0, -100]);
    pc.mouse.move({ x: 2000, y: -50 }, 0);
    expect(movement(pc.read())).toEqual([0, -300 - 768]);
    pc.mouse.move({ x: 1000, y: 10 }, 0);
    expect(movement(pc.read())).toEqual([-23, 10]);
  });

  test('holds back while the guest has the mouse off, and forgets what moved before it was on', () => {
    pc.ps2.command_register = 0x20;
    pc.mouse.move({ x: 510, y: 400 }, 0);
    expect(pc.read()).toEqual([]);
    pc.ps2.command_register = 0;
    pc.mouse.feed();
    expect(movement(pc.read())).toEqual([10, 0]);
    pc.ps2.enable_mouse_stream = false;
    pc.mouse.move({ x: 600, y: 400 }, 0);
    pc.ps2.enable_mouse_stream = true;
    pc.mouse.move({ x: 601, y: 400 }, 0);
    expect(movement(pc.read())).toEqual([1, 0]);
  });

  test('gives positions to the backdoor, and one empty packet that wakes its driver', () => {
    pc.vmware.enabled = pc.vmware.absolute = true;
    pc.mouse.move({ x: 0, y: 0 }, 0);
    pc.mouse.move({ x: 1023, y: 767 }, 0);
    expect(pc.sent.map(([event]) => event)).toEqual(['mouse-absolute', 'mouse-absolute']);
    const [x, y] = pc.sent[1]![1] as number[];
    expect([Math.floor((x! * 1024) / 0x10000), Math.floor((y! * 768) / 0x10000)]).toEqual([1023, 767]);
    expect(pc.read()).toEqual([[0x08, 0, 0]]);
  });
});
