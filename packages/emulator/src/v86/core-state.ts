/**
 * v86's own state without its memory, and the registers that v86 forgets to save although a guest can see them.
 */
import type { Acpi, ByteQueue, Core, Cpu, IdeInterface, Uart, Vga } from './inside.js';
import type { StateSection } from '../saved-state.js';
import { StateError } from '../saved-state.js';
import { jsonSection, sectionOf, Values } from './section-values.js';

/** The integer that v86 versions its state with; the engine's version, which is compared before, pins the rest. */
const CORE = { name: 'v86', version: 6 } as const;
const LEFT_OUT = { name: 'v86-left-out', version: 1 } as const;

const BYTE = 0xff;
const WORD = 0xffff_ffff;

/** @param videoMemory false: left out too, because it goes its own way */
export function saveCore(core: Core, videoMemory: boolean): StateSection[] {
  const { cpu } = core;
  const { pack_memory: original } = cpu;
  const { vga } = cpu.devices;
  const { svga_memory: pixels } = vga;
  // Memory goes its own way, page by page.
  cpu.pack_memory = () => ({ bitmap: { get_buffer: () => new ArrayBuffer(0) }, packed_memory: new Uint8Array(0) });
  if (!videoMemory) vga.svga_memory = new Uint8Array(0);
  try {
    return [{ ...CORE, bytes: new Uint8Array(core.save_state()) }, jsonSection(LEFT_OUT.name, LEFT_OUT.version, leftOut(cpu))];
  } finally {
    cpu.pack_memory = original;
    vga.svga_memory = pixels;
  }
}

/** May be done again. @throws StateError when v86 cannot take it; the emulator is of no use then */
export function restoreCore(core: Core, sections: readonly StateSection[]): void {
  const { cpu } = core;
  const { bytes } = sectionOf(sections, CORE.name, CORE.version);
  const values = Values.of(sections, LEFT_OUT.name, LEFT_OUT.version);
  const [memory, videoMemory] = [cpu.mem8.length, cpu.devices.vga.vga_memory_size];
  const { unpack_memory: original } = cpu;
  cpu.unpack_memory = () => undefined;
  try {
    core.restore_state(bytes.slice().buffer);
  } catch (cause) {
    throw new StateError(`the processor's state cannot be restored: ${(cause as Error).message}`, { cause });
  } finally {
    cpu.unpack_memory = original;
  }
  if (cpu.memory_size[0] !== memory || cpu.devices.vga.vga_memory_size !== videoMemory) throw new StateError('the state is of a machine with other memory: it is damaged');
  restoreLeftOut(cpu, values);
}

function leftOut(cpu: Cpu): object {
  const { acpi, ps2, vga, vmware, uart0, uart1, uart2, uart3 } = cpu.devices;
  return {
    keyboardController: { keyboard: peek(ps2.kbd_buffer), mouse: peek(ps2.mouse_buffer), wheel: ps2.wheel_movement, ready: ps2.next_byte_is_ready, aux: ps2.next_byte_is_aux },
    display: { x: vga.svga_offset_x, y: vga.svga_offset_y, version: vga.svga_version },
    backdoor: { queue: vmware.queue.map((word) => word >>> 0), buttons: vmware.buttons, x: vmware.last_x, y: vmware.last_y, moved: vmware.tail_is_move },
    serial: [uart0, uart1, uart2, uart3].map((uart) => ({ input: uart?.input ?? [] })),
    drives: interfaces(cpu).map((drive) => ({ changed: drive.medium_changed, sense: drive.atapi_sense_key, additional: drive.atapi_add_sense })),
    ...(acpi ? { timer: { last: acpi.last_timer, value: acpi.timer_last_value, offset: acpi.timer_imprecision_offset } } : {}),
  };
}

function restoreLeftOut(cpu: Cpu, values: Values): void {
  const { acpi, ps2, vga, vmware } = cpu.devices;
  const controller = values.within('keyboardController');
  ps2.kbd_buffer.clear();
  ps2.mouse_buffer.clear();
  for (const byte of controller.numbers('keyboard', BYTE)) ps2.kbd_buffer.push(byte);
  for (const byte of controller.numbers('mouse', BYTE)) ps2.mouse_buffer.push(byte);
  ps2.wheel_movement = controller.number('wheel');
  ps2.next_byte_is_ready = controller.flag('ready');
  ps2.next_byte_is_aux = controller.flag('aux');
  restoreDisplay(vga, values.within('display'));
  const backdoor = values.within('backdoor');
  vmware.queue.splice(0, Infinity, ...backdoor.numbers('queue', WORD).map((word) => word | 0));
  vmware.buttons = backdoor.number('buttons');
  vmware.last_x = backdoor.number('x');
  vmware.last_y = backdoor.number('y');
  vmware.tail_is_move = backdoor.flag('moved');
  values.all('serial').forEach((port, index) => restoreUart(cpu.devices[`uart${index}` as 'uart0'], port));
  const drives = values.all('drives');
  interfaces(cpu).forEach((drive, index) => drives[index] && restoreDrive(drive, drives[index]));
  if (acpi) restoreTimer(acpi, values.within('timer'));
}

function restoreDisplay(vga: Vga, values: Values): void {
  vga.svga_offset_x = values.number('x');
  vga.svga_offset_y = values.number('y');
  vga.svga_version = values.number('version');
}

function restoreUart(uart: Uart | undefined, values: Values): void {
  uart?.input.splice(0, Infinity, ...values.numbers('input', BYTE));
}

function restoreDrive(drive: IdeInterface, values: Values): void {
  drive.medium_changed = values.number('changed');
  drive.atapi_sense_key = values.number('sense');
  drive.atapi_add_sense = values.number('additional');
}

function restoreTimer(acpi: Acpi, values: Values): void {
  acpi.last_timer = values.number('last');
  acpi.timer_last_value = values.number('value');
  acpi.timer_imprecision_offset = values.number('offset');
}

const interfaces = (cpu: Cpu): IdeInterface[] => [cpu.devices.ide.primary, cpu.devices.ide.secondary].flatMap(({ master, slave }) => [master, slave]);

/** What a queue holds; it can only be emptied, and is filled again. */
function peek(queue: ByteQueue): number[] {
  const bytes: number[] = [];
  while (queue.length > 0) bytes.push(queue.shift());
  for (const byte of bytes) queue.push(byte);
  return bytes;
}
