/**
 * The guests that an engine is judged by: boot sectors that report over COM1. Pure.
 */
import { BootSector, Jump } from './boot-sector.js';

/** Says `B`, then answers each byte with the byte after it. */
export const echo = (): Uint8Array =>
  new BootSector()
    .say('B')
    .label('next')
    .listen()
    .code(0xfe, 0xc0)
    .call('send')
    .jump(Jump.always, 'next')
    .build();

/** Says `B`, then every byte that the keyboard sends; interrupts stay off. */
export const keyboard = (): Uint8Array =>
  new BootSector()
    .say('B')
    .label('next')
    .in8(0x64)
    .code(0xa8, 0x01)
    .jump(Jump.zero, 'next')
    .in8(0x60)
    .call('send')
    .jump(Jump.always, 'next')
    .build();

/** Reads keys with the BIOS, slowly, and says each one's character; `B` when it begins. */
export const biosKeyboard = (): Uint8Array =>
  new BootSector()
    .code(0xfb)
    .say('B')
    .label('next')
    .ax(0x0000)
    .int(0x16)
    .call('send')
    .jump(Jump.always, 'next')
    .build();

/**
 * Switches the mouse on, says `B`, then every byte that it sends.
 *
 * @param rates sample rates that ask for more buttons and a wheel: 200, 100, 80 or 200, 200, 80
 */
export const mouse = (rates: readonly number[]): Uint8Array => {
  const sector = new BootSector().out8(0x64, 0xa8);
  const command = (byte: number): void => void sector.code(0xb3, byte).call('mouse');
  for (const rate of rates) {
    command(0xf3);
    command(rate);
  }
  command(0xf4);
  sector
    .say('B')
    .label('next')
    .in8(0x64)
    .code(0xa8, 0x01)
    .jump(Jump.zero, 'next')
    .in8(0x60)
    .call('send')
    .jump(Jump.always, 'next')
    // Sends bl to the mouse and takes its answer.
    .label('mouse')
    .out8(0x64, 0xd4)
    .dx(0x60)
    .code(0x88, 0xd8, 0xee)
    .label('answer')
    .in8(0x64)
    .code(0xa8, 0x01)
    .jump(Jump.zero, 'answer')
    .in8(0x60)
    .code(0xc3);
  return sector.build();
};

/** Says `B`, sleeps until the next timer interrupt, and says `.` for each. */
export const ticker = (): Uint8Array =>
  new BootSector()
    .code(0xfb)
    .say('B')
    .label('next')
    .code(0xf4)
    // Only timer ticks count: the BIOS counts them at 0040:006c.
    .code(0xa0)
    .word(0x046c)
    .code(0x38, 0xd8)
    .jump(Jump.zero, 'next')
    .code(0x88, 0xc3)
    .say('.')
    .jump(Jump.always, 'next')
    .build();

/** Says `B`, then for each byte that it is sent: the real-time clock's hours, minutes and seconds, the BIOS's timer ticks, and the time stamp counter, low bytes first. */
export const clocks = (): Uint8Array => {
  const sector = new BootSector().code(0xfb).say('B').label('next').listen();
  for (const register of [4, 2, 0]) sector.out8(0x70, register).in8(0x71).call('send');
  // mov eax, [046c], or the counter; then four bytes, each by shr eax, 8
  for (const read of [[0x66, 0xa1, 0x6c, 0x04], [0x0f, 0x31]]) {
    sector.code(...read);
    for (let byte = 0; byte < 4; byte++) sector.call('send').code(0x66, 0xc1, 0xe8, 0x08);
  }
  return sector.jump(Jump.always, 'next').build();
};

/** Says `B`, then what its processor says of itself: CPUID's highest leaf, and ECX and EDX of leaf 1, low bytes first. */
export const cpuid = (): Uint8Array => {
  const sector = new BootSector().say('B');
  // mov eax, leaf; cpuid; mov eax, ecx or edx; then four bytes
  for (const [leaf, move] of [[0, []], [1, [0x66, 0x89, 0xc8]], [1, [0x66, 0x89, 0xd0]]] as const) {
    sector.code(0x66, 0xb8, leaf, 0, 0, 0, 0x0f, 0xa2, ...move);
    for (let byte = 0; byte < 4; byte++) sector.call('send').code(0x66, 0xc1, 0xe8, 0x08);
  }
  return sector.halt().build();
};

/** `mover`, with the first disk's write cache off. */
export const uncachedMover = (): Uint8Array => mover([[0x1f6, 0xe0], [0x1f1, 0x82], [0x1f7, 0xef]]);

/** Says `B` and resets the PC when it is sent a byte. */
export const resetter = (): Uint8Array => new BootSector().say('B').listen().out8(0x64, 0xfe).halt().build();

/** Says `B`, and when it is sent a byte says `E` and switches the PC off, as ACPI's soft off. */
export const switchOff = (): Uint8Array => new BootSector().say('B').listen().say('E').out16(0x604, 0x2000).halt().build();

/** Says `B`, then `P` when the power button is pressed, as ACPI tells it. */
export const powerButton = (): Uint8Array =>
  new BootSector()
    .say('B')
    .label('next')
    .in16(0x600)
    .code(0xf6, 0xc4, 0x01)
    .jump(Jump.zero, 'next')
    .say('P')
    // Clearing the bit takes the press back.
    .out16(0x600, 0x0100)
    .in16(0x600)
    .code(0xf6, 0xc4, 0x01)
    .jump(Jump.notZero, 'next')
    .say('C')
    .jump(Jump.always, 'next')
    .build();

/**
 * Moves sectors with the BIOS as it is told: says `B`, then for each command, three bytes long, the drive's number,
 * `r` or `w`, and a sector's number from 1 up. Answers `+` or `-`, and after a read the sector's first byte.
 * A write writes what was read last.
 *
 * @param first what it writes to ports before it says `B`
 */
export const mover = (first: readonly (readonly [port: number, value: number])[] = []): Uint8Array =>
  first
    .reduce((sector, [port, value]) => sector.out8(port, value), new BootSector())
    .code(0xfb)
    .say('B')
    .label('next')
    .listen()
    .code(0x50)
    .listen()
    .code(0x50)
    .listen()
    // Cylinder 0, the sector; then `r` is 0201 and `w` is 0301 in ax; the drive in dl, head 0.
    .code(0xb5, 0x00, 0x88, 0xc1, 0x58)
    .code(0xb4, 0x02, 0x3c, 0x72)
    .jump(Jump.zero, 'go')
    .code(0xb4, 0x03)
    .label('go')
    .code(0xb0, 0x01, 0x5a, 0xb6, 0x00)
    .bx(0x8000)
    .code(0x50)
    .int(0x13)
    .jump(Jump.carry, 'bad')
    .say('+')
    .code(0x58, 0x80, 0xfc, 0x02)
    .jump(Jump.notZero, 'next')
    .code(0xa0)
    .word(0x8000)
    .call('send')
    .jump(Jump.always, 'next')
    .label('bad')
    .say('-')
    .code(0x58)
    .jump(Jump.always, 'next')
    .build();

/** Says `B`, then sends the first disk a flush when it is sent a byte, waits until it is done, and says its status register. */
export const flusher = (): Uint8Array =>
  new BootSector()
    .say('B')
    .label('next')
    .listen()
    .out8(0x1f6, 0xe0)
    .out8(0x1f7, 0xe7)
    .label('busy')
    .in8(0x1f7)
    .code(0xa8, 0x80)
    .jump(Jump.notZero, 'busy')
    .call('send')
    .jump(Jump.always, 'next')
    .build();

/**
 * Obeys a test that drives ports: says `B`, then takes commands, each a letter and a port of two bytes, low byte first. `o` and a byte: writes it;
 * `d` and four bytes: writes them as one; `w`: writes 512 bytes from 0000:8000; `r`: reads as many to there; each answers `+`. `i`: reads and says a byte.
 * `m`, for the port an address, and a byte: puts it into memory.
 */
export const ports = (): Uint8Array =>
  new BootSector()
    .say('B')
    .label('next')
    // bl: the letter, cx: the port
    .listen()
    .code(0x88, 0xc3)
    .listen()
    .code(0x88, 0xc1)
    .listen()
    .code(0x88, 0xc5)
    .code(0x80, 0xfb, 'i'.charCodeAt(0))
    .jump(Jump.zero, 'input')
    .code(0x80, 0xfb, 'w'.charCodeAt(0))
    .jump(Jump.zero, 'words out')
    .code(0x80, 0xfb, 'r'.charCodeAt(0))
    .jump(Jump.zero, 'words in')
    .code(0x80, 0xfb, 'd'.charCodeAt(0))
    .jump(Jump.zero, 'double')
    .listen()
    .code(0x80, 0xfb, 'm'.charCodeAt(0))
    .jump(Jump.zero, 'memory')
    .code(0x89, 0xca, 0xee)
    .label('done')
    .say('+')
    .jump(Jump.always, 'next')
    .label('input')
    .code(0x89, 0xca, 0xec)
    .call('send')
    .jump(Jump.always, 'next')
    // mov dx, cx; mov si, 0x8000; mov cx, 256; rep outsw
    .label('words out')
    .code(0x89, 0xca, 0xbe, 0x00, 0x80, 0xb9, 0x00, 0x01, 0xf3, 0x6f)
    .jump(Jump.always, 'done')
    .label('words in')
    .code(0x89, 0xca, 0xbf, 0x00, 0x80, 0xb9, 0x00, 0x01, 0xf3, 0x6d)
    .jump(Jump.always, 'done')
    // mov di, cx; mov [di], al
    .label('memory')
    .code(0x89, 0xcf, 0x88, 0x05)
    .jump(Jump.always, 'done')
    // four bytes to 0000:7000; mov dx, cx; mov eax, [0x7000]; out dx, eax
    .label('double')
    .code(0xbf, 0x00, 0x70)
    .listen()
    .code(0xaa)
    .listen()
    .code(0xaa)
    .listen()
    .code(0xaa)
    .listen()
    .code(0xaa, 0x89, 0xca, 0x66, 0xa1, 0x00, 0x70, 0x66, 0xef)
    .jump(Jump.always, 'done')
    .build();

/** Says `B`, then reads one sector of the first DVD when it is sent a byte: `+` and its first byte, or `-`. */
export const dvdReader = (): Uint8Array =>
  new BootSector()
    .code(0xfb)
    .say('B')
    .label('next')
    .listen()
    .code(0xbe)
    .address('packet')
    // mov word [si + 2], 1: after an error the BIOS leaves the number of sectors that it did read.
    .code(0xc7, 0x44, 0x02, 0x01, 0x00)
    .ax(0x4200)
    .code(0xb2, 0xe0)
    .int(0x13)
    .jump(Jump.carry, 'bad')
    .say('+')
    .code(0xa0)
    .word(0x8000)
    .call('send')
    .jump(Jump.always, 'next')
    .label('bad')
    .say('-')
    .jump(Jump.always, 'next')
    // Disk address packet: one sector, to 0000:8000, the seventeenth.
    .label('packet')
    .code(0x10, 0x00, 0x01, 0x00, 0x00, 0x80, 0x00, 0x00, 0x10, 0, 0, 0, 0, 0, 0, 0)
    .build();

/** Sets mode 13h, fills the screen with bytes counting up, and says `B`. */
export const mode13h = (): Uint8Array =>
  new BootSector()
    .ax(0x0013)
    .int(0x10)
    .ax(0xa000)
    // mov es, ax; xor di, di; mov cx, 64000; fill: mov ax, di; stosb; loop fill
    .code(0x8e, 0xc0, 0x31, 0xff)
    .cx(64000)
    .label('fill')
    .code(0x89, 0xf8, 0xaa)
    .jump(Jump.loop, 'fill')
    .say('B')
    .halt()
    .build();

/**
 * Sets a text mode, writes `Text` in a colour of its own to the top left corner, hides the cursor, and says `B`.
 *
 * @param attribute of the four characters
 */
export const textMode = (attribute: number): Uint8Array => {
  const sector = new BootSector().ax(0x0003).int(0x10).ax(0x0100).cx(0x2000).int(0x10).ax(0xb800).code(0x8e, 0xc0);
  [...'Text'].forEach((character, column) => {
    // mov word [es:column * 2], attribute and character
    sector.code(0x26, 0xc7, 0x06).word(column * 2).code(character.charCodeAt(0), attribute);
  });
  return sector.say('B').halt().build();
};

/** Sets a BIOS mode, draws one pixel with the BIOS, and says `B`. */
export const pixel = (mode: number, x: number, y: number, colour: number): Uint8Array =>
  new BootSector().ax(mode).int(0x10).ax(0x0c00 | colour).bx(0).cx(x).dx(y).int(0x10).say('B').halt().build();

/** Fills a text screen, says `B`, and switches the picture off, then on again, for each byte that it is sent. */
export const blanker = (): Uint8Array => {
  const sector = new BootSector().ax(0x0e41).int(0x10).say('B');
  // The sequencer's clocking mode register, bit 5.
  for (const bit of [0x20, 0x00]) sector.listen().out8(0x3c4, 0x01).in8(0x3c5).code(0x24, 0xdf, 0x0c, bit, 0xee);
  return sector.halt().build();
};

/** Says which it is. */
export const named = (name: string): Uint8Array => new BootSector().say(name).halt().build();

/**
 * Sets a VBE mode, writes eight bytes to the start of video memory, and says `B`.
 *
 * @param mode VBE number, without the linear bit
 */
export const vbeMode = (mode: number, bytes: readonly number[]): Uint8Array => {
  const sector = new BootSector().ax(0x4f02).bx(mode).int(0x10).ax(0xa000).code(0x8e, 0xc0);
  bytes.forEach((byte, at) => {
    // mov byte [es:at], byte
    sector.code(0x26, 0xc6, 0x06).word(at).code(byte);
  });
  return sector.say('B').halt().build();
};

/** Says `B`, and jumps into memory that is not there when it is sent a byte. */
export const wildJump = (): Uint8Array =>
  new BootSector()
    .say('B')
    .listen()
    // lgdt [gdtr]; set cr0.pe; jmp 8:flat
    .code(0x0f, 0x01, 0x16)
    .address('gdtr')
    .code(0x0f, 0x20, 0xc0, 0x0c, 0x01, 0x0f, 0x22, 0xc0, 0xea)
    .address('flat')
    .word(8)
    .label('flat')
    // mov eax, 0xf0000000; jmp eax
    .code(0xb8, 0x00, 0x00, 0x00, 0xf0, 0xff, 0xe0)
    .label('gdt')
    .code(0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0x00, 0x00, 0x00, 0x9a, 0xcf, 0x00)
    .label('gdtr')
    .word(15)
    .address('gdt')
    .word(0)
    .build();

/**
 * Asks VMware's backdoor for absolute positions, says `B`, then one packet of four 16-bit words, low byte first, for each byte that it is
 * sent: status, x, y, wheel.
 */
export const absoluteMouse = (): Uint8Array => {
  const sector = new BootSector();
  const backdoor = (command: number, parameter: number): void =>
    // mov eax, magic; mov ebx, parameter; mov ecx, command; mov dx, port; in eax, dx
    void sector
      .code(0x66, 0xb8, 0x68, 0x58, 0x4d, 0x56, 0x66, 0xbb)
      .word(parameter & 0xffff)
      .word(parameter >>> 16)
      .code(0x66, 0xb9)
      .word(command)
      .word(0)
      .dx(0x5658)
      .code(0x66, 0xed);
  backdoor(41, 0x45414552);
  // The driver takes the identifier that enabling leaves.
  backdoor(39, 1);
  backdoor(41, 0x53424152);
  sector.say('B').label('next').listen();
  backdoor(39, 4);
  // push dx; push cx; push bx; then the four words
  sector.code(0x52, 0x51, 0x53).call('word');
  for (let word = 0; word < 3; word++) sector.code(0x58).call('word');
  return sector
    .jump(Jump.always, 'next')
    .label('word')
    .code(0x50)
    .call('send')
    .code(0x58, 0x88, 0xe0)
    .call('send')
    .code(0xc3)
    .build();
};

/**
 * Finds a display adapter that is no VGA by the BIOS's PCI calls, gives it 640x480 at 32 bits a pixel by the Bochs display interface's
 * registers, writes `colour` to its first two pixels, and says `B`. Then for each byte: at `E` the adapter's EDID of 128 bytes; any other is
 * written to the first pixel's lowest byte, and said again.
 *
 * @param index which of the adapters, from 0
 */
export const furtherScreen = (index: number, colour: number): Uint8Array => {
  const sector = new BootSector();
  const long = (value: number): number[] => [value & 0xff, (value >> 8) & 0xff, (value >> 16) & 0xff, value >>> 24];
  // mov ecx, class; mov si, index; int 0x1a: bx is the device
  sector.code(0x66, 0xb9, ...long(0x038000)).code(0xbe).word(index).ax(0xb103).int(0x1a).jump(Jump.noCarry, 'found').go('none').label('found');
  // The command register: memory.
  sector.ax(0xb10c).code(0xbf).word(4).cx(2).int(0x1a);
  // BAR 2, then BAR 0 without its lower bits, by `push ecx`.
  sector.ax(0xb10a).code(0xbf).word(0x18).int(0x1a).code(0x66, 0x51);
  sector.ax(0xb10a).code(0xbf).word(0x10).int(0x1a).code(0x80, 0xe1, 0xf0, 0x66, 0x51);
  // fs reaches all of memory: lgdt; protected mode on, fs = 8, and off again.
  sector.code(0x0f, 0x01, 0x16).address('table').code(0x0f, 0x20, 0xc0, 0x0c, 0x01, 0x0f, 0x22, 0xc0).bx(8).code(0x8e, 0xe3, 0x24, 0xfe, 0x0f, 0x22, 0xc0);
  // pop esi; pop edi
  sector.code(0x66, 0x5e, 0x66, 0x5f);
  // mov word [fs:edi + 0x500 + 2 * register], value
  for (const [register, value] of [[1, 640], [2, 480], [3, 32], [4, 0x41]] as const) sector.code(0x64, 0x67, 0xc7, 0x87, ...long(0x500 + 2 * register)).word(value);
  // mov dword [fs:esi + at], colour
  for (const at of [0, 4]) sector.code(0x66, 0x64, 0x67, 0xc7, 0x86, ...long(at), ...long(colour));
  sector.say('B').label('next').listen().code(0x3c, 0x45).jump(Jump.zero, 'tell');
  // mov [fs:esi], al
  sector.code(0x64, 0x67, 0x88, 0x06).call('send').jump(Jump.always, 'next');
  // mov cx, 128; push edi; mov al, [fs:edi]; inc edi
  sector.label('tell').cx(128).code(0x66, 0x57).label('byte').code(0x64, 0x67, 0x8a, 0x07, 0x66, 0x47).call('send').jump(Jump.loop, 'byte').code(0x66, 0x5f).go('next');
  sector.label('none').say('-').halt();
  // Its limit and address; nothing, and a segment of 4 GiB.
  sector.label('table').word(15).address('segments').word(0).label('segments').code(0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff, 0, 0, 0, 0x92, 0xcf, 0);
  return sector.build();
};
