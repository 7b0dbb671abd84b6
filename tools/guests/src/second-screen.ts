// A real Linux on a second screen: the Debian installer's kernel, with its own driver for the adapter and its console mapped there.
// A program, not a test: `node tools/guests/dist/second-screen.js`, some two minutes. It says what it saw, and fails where the console never shows.
import { findFirmware, v86Engine, type Machine, type Screen } from '@belvedere/emulator';
import { debianInstallerIso } from './images.js';
import { fileDevice } from './machine.testing.js';

/** Milliseconds. */
const PATIENCE = 480_000;
/** Pixels of the console's text, at least: a few lines of it. */
const TEXT_LEAST = 2000;

/** Set-1 scancodes of an American keyboard, by what they type alone and with Shift. */
const ROWS = [
  [0x02, '1234567890-=', '!@#$%^&*()_+'],
  [0x10, 'qwertyuiop[]', 'QWERTYUIOP{}'],
  [0x1e, "asdfghjkl;'", 'ASDFGHJKL:"'],
  [0x2c, 'zxcvbnm,./', 'ZXCVBNM<>?'],
  [0x39, ' ', ''],
  [0x1c, '\n', ''],
] as const;
const SHIFT = 0x2a;

function type({ keyboard }: Machine, text: string): void {
  for (const character of text) {
    const row = ROWS.find(([, plain, shifted]) => plain.includes(character) || shifted.includes(character));
    if (!row) throw new Error(`no key types ${JSON.stringify(character)}`);
    const [first, plain, shifted] = row;
    const isPlain = plain.includes(character);
    const code = first + (isPlain ? plain : shifted).indexOf(character);
    if (!isPlain) keyboard.scancode(SHIFT, true);
    keyboard.scancode(code, true);
    keyboard.scancode(code, false);
    if (!isPlain) keyboard.scancode(SHIFT, false);
  }
}

/** Looks at a screen whenever it changes. @throws Error when the time is over */
function until(what: string, screen: Screen, seen: () => boolean): Promise<void> {
  return new Promise((resolve, reject) => {
    const finish = (settle: () => void): void => {
      clearTimeout(timer);
      for (const stop of stops) stop();
      settle();
    };
    const look = (): void => {
      screen.takeDamage();
      if (seen()) finish(resolve);
    };
    const timer = setTimeout(() => finish(() => reject(new Error(`waited ${PATIENCE / 1000} s in vain for ${what}`))), PATIENCE);
    const stops = [screen.onDamage(look), screen.onResize(look), screen.onPlace(look)];
    look();
  });
}

/** Pixels that are not black. */
function lit({ pixels }: Screen): number {
  let count = 0;
  for (let at = 0; at < pixels.length; at += 4) if (pixels[at]! | pixels[at + 1]! | pixels[at + 2]!) count++;
  return count;
}

const iso = debianInstallerIso();
if (iso === undefined) throw new Error("no image of the Debian installer: 'npm run setup' makes one where Debian's packages can be had");
const device = await fileDevice(iso);
const begin = performance.now();
const machine = await v86Engine.start(
  { memoryMiB: 512, vramMiB: 16, monitorCount: 2, cpuCount: 1, acpi: true, rtcUtc: true, bootOrder: ['dvd'], drives: [{ slot: 'ide1-0', kind: 'dvd', device }], serialPorts: [], networkAdapters: [] },
  { firmware: await findFirmware() },
);
try {
  const [first, second] = machine.screens as [Screen, Screen];
  await until("GRUB's menu", first, () => machine.textScreen!().some((row) => row.includes('Debian installer (text)')));
  // GRUB's command line; the console goes to the second frame buffer.
  type(machine, 'c');
  await until("GRUB's command line", first, () => machine.textScreen!().some((row) => row.startsWith('grub>')));
  for (const line of ['linux16 /LINUX.IMG vga=788 fbcon=map:1 ---', 'initrd16 /INITRD.GZ', 'boot']) type(machine, `${line}\n`);
  await until('the second screen', second, () => second.on);
  const on = performance.now();
  await until("Linux's console on it", second, () => lit(second) > TEXT_LEAST);
  const seconds = (at: number): number => Math.round((at - begin) / 1000);
  process.stdout.write(`the second screen is on after ${seconds(on)} s with ${second.width}x${second.height} pixels, and shows Linux's console after ${seconds(performance.now())} s: ${lit(second)} pixels are lit, and ${lit(first)} of the first screen's\n`);
} finally {
  await machine.powerOff();
  await device.close();
}
