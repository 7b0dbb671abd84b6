import { describe, expect, test } from '@jest/globals';
import { resolve } from 'node:path';
import { BadValue, choice, hexByte, mac, machine, path, ports, property, uuid, type ValueType } from './value.js';

const read = <V>(type: ValueType<V>, ...words: string[]): V => type.read({ next: () => words.shift() ?? 'nothing' });

describe('ports', () => {
  test.each(['3389', '5000,5010-5012', '1-65535'])('%s', (word) => expect(read(ports, word)).toBe(word));
  test.each(['default', '0'])('%s is the default', (word) => expect(read(ports, word)).toBe('default'));
  test.each(['', '65536', '5-4', '1,', '-1', '1-2-3', '0-5', 'x'])('%j is refused', (word) => expect(() => read(ports, word)).toThrow(BadValue));
});

describe('properties', () => {
  test('have a name, and a value or none', () => {
    expect(read(property, 'Security/Method=a=b')).toEqual(['Security/Method', 'a=b']);
    expect(read(property, 'Client/DisableInput=')).toEqual(['Client/DisableInput', null]);
    for (const word of ['=1', 'Client/DisableInput', '']) expect(() => read(property, word)).toThrow('written NAME=VALUE, or NAME= to unset it');
  });
});

test('hardware addresses lose their colons', () => {
  expect(read(mac, '08:00:27:a1:b2:c3')).toBe('080027A1B2C3');
  expect(read(mac, 'auto')).toBe('auto');
  for (const word of ['08002', '0800 27A1B2', 'Auto']) expect(() => read(mac, word)).toThrow(BadValue);
});

test('machines and UUIDs lose their braces', () => {
  const id = 'B2A1C0DE-0000-4000-8000-000000000001';
  expect(read(uuid, `{${id}}`)).toBe(id.toLowerCase());
  expect(read(machine, `{${id}}`)).toBe(id);
  expect(read(machine, 'Windows XP')).toBe('Windows XP');
  expect(() => read(machine, '')).toThrow(BadValue);
  expect(() => read(uuid, 'b2a1c0de')).toThrow(BadValue);
});

test('paths are made absolute where the command was typed', () => {
  expect(read(path(), 'a/../b.vdi')).toBe(resolve('b.vdi'));
  expect(read(path(), '/x/y')).toBe('/x/y');
});

test('choices are found without regard to case; those of VirtualBox alone are told apart', () => {
  const format = choice(['VDI'], ['VMDK']);
  expect(read(format, 'vdi')).toBe('VDI');
  expect(() => read(format, 'vmdk')).toThrow("'vmdk' is not supported by this version of Belvedere; use VDI");
  expect(() => read(format, 'x')).toThrow("must be VDI, not 'x'");
});

test('scancodes are hexadecimal bytes', () => {
  expect([read(hexByte, '1c'), read(hexByte, 'E0'), read(hexByte, '1')]).toEqual([0x1c, 0xe0, 1]);
  for (const word of ['100', '0x1c', 'g', '']) expect(() => read(hexByte, word)).toThrow(BadValue);
});
