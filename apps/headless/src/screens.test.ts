import { expect, jest, test } from '@jest/globals';
import { type ScreenPlace, SettingsError } from '@belvedere/emulator';
import { changeScreen } from './screens.js';

function machine() {
  const screen = { width: 720, height: 400, on: true, x: 0, y: 0 };
  const requestSize = jest.fn((width: number, _height: number) => {
    if (width > 4000) throw new RangeError('too wide');
  });
  const arrange = jest.fn((screenNumber: number, place: ScreenPlace) => {
    if (screenNumber === 0 && !place.on) throw new SettingsError('not the first one');
  });
  return { arrange, requestSize, machine: { screens: [screen, { ...screen, x: 720, requestSize }], arrange } as never };
}

test('a screen is placed and asked for a size', () => {
  const { machine: target, arrange, requestSize } = machine();
  changeScreen(target, { screen: 1, size: { width: 800, height: 600 }, place: { on: true, x: 1, y: 2 } });
  expect(arrange).toHaveBeenCalledWith(1, { on: true, x: 1, y: 2 });
  expect(requestSize).toHaveBeenCalledWith(800, 600);
});

test('a screen whose guest cannot be asked is refused another size, and may keep its own', () => {
  const { machine: target, arrange } = machine();
  expect(() => changeScreen(target, { screen: 0, size: { width: 800, height: 600 }, place: { on: true, x: 1, y: 2 } })).toThrow(/no way to ask the guest/);
  expect(arrange).not.toHaveBeenCalled();
  changeScreen(target, { screen: 0, size: { width: 720, height: 400 } });
});

test('what cannot be leaves the screen as it was', () => {
  const { machine: target, arrange } = machine();
  expect(() => changeScreen(target, { screen: 1, size: { width: 5000, height: 600 }, place: { on: true, x: 1, y: 2 } })).toThrow('too wide');
  expect(arrange).toHaveBeenLastCalledWith(1, { on: true, x: 720, y: 0 });
  expect(() => changeScreen(target, { screen: 0, place: { on: false, x: 0, y: 0 } })).toThrow('not the first one');
  expect(() => changeScreen(target, { screen: 2 })).toThrow('the machine has 2, counted from 0');
});
