// The test card on several screens: each has its own picture, and the pointer moves over all of them.
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { Machine } from '@belvedere/emulator';
import { TESTCARD_FLOPPY } from './images.js';
import { boot, copyOnWrite } from './machine.testing.js';
import { expectedPicture, type Mode, type Picture } from './picture.js';
import { difference, untilScreen } from './screen.testing.js';
import { TestCardError, type TestCard } from './testcard.js';

const MODES: readonly Mode[] = [
  { width: 640, height: 480, depth: 32 },
  { width: 800, height: 600, depth: 32, screen: 1 },
  { width: 1024, height: 768, depth: 16, screen: 2 },
];

/** A picture with the pointer's cross on it, which inverts 15 pixels either way. */
function withCross({ width, height, pixels }: Picture, x: number, y: number): Picture {
  const crossed = pixels.slice();
  const flip = (column: number, row: number): void => {
    for (let at = (row * width + column) * 4, end = at + 3; at < end; at++) crossed[at]! ^= 0xff;
  };
  for (let step = -7; step <= 7; step++) {
    flip(x + step, y);
    if (step !== 0) flip(x, y + step);
  }
  return { width, height, pixels: crossed };
}

describe('the test card on three screens', () => {
  let machine: Machine;
  let card: TestCard;

  beforeAll(async () => {
    ({ machine, card } = await boot('disk', [{ slot: 'ide0-0', kind: 'hdd', device: await copyOnWrite(TESTCARD_FLOPPY) }], 3));
  }, 120_000);
  afterAll(async () => {
    await machine?.powerOff();
  });

  test('draws a picture of its own on each', async () => {
    for (const mode of MODES) {
      const number = (mode.screen ?? 0) + 1;
      expect(await card.screen(number)).toBe(3);
      await card.mode(mode);
    }
    for (const [number, mode] of MODES.entries()) await untilScreen(machine, () => difference(machine, expectedPicture(mode), number), number);
    const places = (): string => machine.screens.map(({ x, y, on }) => `${x},${y} ${on ? 'on' : 'off'}`).join('; ');
    await untilScreen(machine, () => (places() === '0,0 on; 640,0 on; 1440,0 on' ? undefined : places()), 2);
    expect(difference(machine, expectedPicture({ ...MODES[1]!, screen: 0 }), 1)).toBeDefined();
  }, 120_000);

  test('refuses a screen that is not there, and what only the first one has', async () => {
    await expect(card.screen(4)).rejects.toThrow('this machine has no such screen');
    await card.screen(2);
    for (const refused of [card.text(), card.rectStart(), card.blinkStart(), card.modes()]) await expect(refused).rejects.toThrow(TestCardError);
    await expect(card.mode({ width: 640, height: 480, depth: 8 })).rejects.toThrow('no such mode');
    await card.screen(1);
  });

  test('sees an absolute pointer where it is, on each screen', async () => {
    await card.mouse('absolute');
    for (const [number, x, y, left] of [[1, 100, 90, 640], [2, 1000, 700, 1440], [0, 320, 240, 0]] as const) {
      card.forget();
      machine.pointer.move(x, y, 1, number);
      const at = await card.pointer(({ buttons }) => buttons === 1);
      expect([at.x, at.y]).toEqual([left + x, y]);
      machine.pointer.move(x, y, 0, number);
      await card.pointer(({ buttons }) => buttons === 0);
      // The cross is there, and on no other screen.
      for (const [other, mode] of MODES.entries()) {
        if (mode.depth !== 32) continue;
        const picture = expectedPicture(mode);
        await untilScreen(machine, () => difference(machine, other === number ? withCross(picture, x, y) : picture, other), other);
      }
    }
    await card.mouse('relative');
  }, 120_000);

  test('sees PS/2 movements from one screen to another', async () => {
    await card.screen(1);
    await card.mode(MODES[0]!);
    card.forget();
    // From an edge of the desk both sides count alike.
    machine.pointer.move(0, 0, 0, 0);
    await card.pointer(({ x, y }) => x === 0 && y === 0);
    machine.pointer.move(200, 100, 0, 1);
    expect(await card.pointer(({ x }) => x >= 840)).toMatchObject({ x: 840, y: 100 });
    await untilScreen(machine, () => difference(machine, withCross(expectedPicture(MODES[1]!), 200, 100), 1), 1);
  }, 120_000);

  test('fills an area of one screen', async () => {
    await card.screen(2);
    await card.fill(700, 500, 100, 100, 0x123456);
    const picture = expectedPicture(MODES[1]!);
    const crossed = withCross(picture, 200, 100);
    for (let y = 500; y < 600; y++) for (let x = 700; x < 800; x++) crossed.pixels.set([0x56, 0x34, 0x12], (y * 800 + x) * 4);
    await untilScreen(machine, () => difference(machine, crossed, 1), 1);
    await card.picture();
    await untilScreen(machine, () => difference(machine, picture, 1), 1);
    await card.screen(1);
  }, 120_000);

  test('has one screen after a reset, until it is told to use the others', async () => {
    await card.reset();
    await card.ready();
    await untilScreen(machine, () => (machine.screens[1]!.on ? 'the second screen is on' : undefined), 1);
    expect(machine.screens[1]!.pixels.every((value) => value === 0)).toBe(true);
  }, 120_000);
});
