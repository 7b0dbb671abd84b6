/** What cannot be done is refused with what to do instead, and changes nothing; and what the manual names beside its list works. */
import { connect, createServer, type AddressInfo, type Server } from 'node:net';
import { networkInterfaces } from 'node:os';
import { once } from 'node:events';
import { copyFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { TESTCARD_ISO } from '@belvedere/guests';
import { fromPng } from '@belvedere/viewers';
import { type Done, freePort, Home } from './home.js';
import { attachDvd } from './machines.js';

let home: Home;
beforeAll(async () => {
  home = new Home();
  await home.type('VBoxManage createvm --name box --ostype Other --register');
  await home.type('VBoxManage modifyvm box --memory 32 --boot1 dvd --vrde on --vrde-address 127.0.0.1');
  await attachDvd(home, 'box', TESTCARD_ISO);
}, 120_000);
afterAll(() => home.close(), 60_000);

/** All that can be seen of the home's machines and media. */
const everything = async (): Promise<string> => (await Promise.all(['VBoxManage list vms', 'VBoxManage list hdds', 'VBoxManage showvminfo box --machinereadable'].map((line) => home.type(line)))).join('');

async function refused(line: string): Promise<Done> {
  const before = await everything();
  const done = await home.attempt(line);
  expect(done.code).toBe(1);
  expect(done.stderr).toMatch(/^VBoxManage: error: ./m);
  expect(await everything()).toBe(before);
  return done;
}

describe('refused', () => {
  test('an unknown machine', async () => {
    const { stderr } = await refused('VBoxManage startvm nobody --type headless');
    expect(stderr).toContain("VBoxManage: error: Could not find a registered machine named 'nobody'");
    expect(stderr).toContain('VBOX_E_OBJECT_NOT_FOUND (0x80bb0001)');
  }, 60_000);

  test.each([
    ['a second machine of one name', 'VBoxManage createvm --name box --ostype Other --register', /box/],
    ['an unknown system type', 'VBoxManage createvm --name other --ostype Nonsense --register', /list ostypes/],
    ['a number that is none', 'VBoxManage modifyvm box --memory lots', /lots/],
    ['a number out of range', 'VBoxManage modifyvm box --memory 999999999', /999999999/],
    ['one bad option among good ones', 'VBoxManage modifyvm box --memory 64 --vrde-port 99999', /99999/],
    ['an unknown option', 'VBoxManage modifyvm box --no-such-option on', /no-such-option/],
    ['an unknown command', 'VBoxManage frobnicate box', /frobnicate/],
    ['an image that is not there', 'VBoxManage storageattach box --storagectl "IDE Controller" --port 1 --device 0 --type hdd --medium absent.vdi', /absent\.vdi/],
    ['an image without a size', 'VBoxManage createhd --filename sizeless.vdi', /--size/],
    ['a controller that is not there', `VBoxManage storageattach box --storagectl "SATA" --port 0 --device 0 --type dvddrive --medium "${TESTCARD_ISO}"`, /SATA/],
    ['control of a machine that is off', 'VBoxManage controlvm box poweroff', /box/],
  ])('%s', async (_name, line, text) => {
    expect((await refused(line)).stderr).toMatch(text);
  }, 60_000);

  test('an image that lies, naming the field', async () => {
    await home.type('VBoxManage createhd --filename good.vdi --size 16');
    const bytes = readFileSync(join(home.folder, 'good.vdi'));
    bytes.writeUInt32LE(0xffffffff, 384); // cBlocks
    writeFileSync(join(home.folder, 'bad.vdi'), bytes);
    const { stderr } = await refused('VBoxManage storageattach box --storagectl "IDE Controller" --port 1 --device 0 --type hdd --medium bad.vdi');
    expect(stderr).toMatch(/bad\.vdi.*VDIHEADER\.cBlocks/s);
  }, 60_000);

  test('an image where a file is', async () => {
    copyFileSync(TESTCARD_ISO, join(home.folder, 'taken.vdi'));
    expect((await refused('VBoxManage createhd --filename taken.vdi --size 16')).stderr).toMatch(/exists/);
    expect(statSync(join(home.folder, 'taken.vdi')).size).toBe(statSync(TESTCARD_ISO).size);
  }, 60_000);

  test('a start when every port of the list is taken, all of them named; then one that is free is found', async () => {
    const taken = [await occupied(), await occupied()];
    const ports = taken.map((server) => (server.address() as AddressInfo).port);
    try {
      await home.type(`VBoxManage modifyvm box --vrde-port ${ports.join(',')}`);
      const { stderr } = await refused('VBoxManage startvm box --type headless');
      for (const port of ports) expect(stderr).toContain(String(port));
      const free = await freePort();
      await home.type(`VBoxManage modifyvm box --vrde-port ${ports.join(',')},${free}`);
      await home.type('VBoxManage startvm box --type headless');
      expect(await home.port('box')).toBe(free);
    } finally {
      for (const server of taken) server.close();
    }
  }, 60_000);

  test('a second start, a change and a removal of the running machine', async () => {
    const start = await home.attempt('VBoxManage startvm box --type headless');
    expect(start.code).toBe(1);
    expect(start.stderr).toMatch(/VBOX_E_INVALID_OBJECT_STATE|already/);
    for (const line of ['VBoxManage modifyvm box --memory 64', 'VBoxManage unregistervm box --delete']) {
      const { code, stderr } = await home.attempt(line);
      expect(code).toBe(1);
      expect(stderr).toMatch(/running/);
    }
    expect((await home.info('box')).get('VMState')).toBe('running');
  }, 60_000);
});

async function occupied(): Promise<Server> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  return server;
}

describe('the running machine', () => {
  test('is paused, resumed, reset and shown', async () => {
    await home.type('VBoxManage controlvm box pause');
    expect((await home.info('box')).get('VMState')).toBe('paused');
    await home.type('VBoxManage controlvm box resume');
    expect((await home.info('box')).get('VMState')).toBe('running');
    await home.type('VBoxManage controlvm box reset');
    await home.type('VBoxManage controlvm box keyboardputscancode 1e 9e');
    await home.type('VBoxManage controlvm box keyboardputstring "hello"');
    await home.type('VBoxManage controlvm box screenshotpng shot.png');
    expect(fromPng(readFileSync(join(home.folder, 'shot.png'))).width).toBeGreaterThan(0);
    await home.type('VBoxManage controlvm box poweroff');
    await home.untilState('box', 'poweroff');
  }, 60_000);

  test('runs by its old name, and with its remote display turned off for once', async () => {
    await home.type('VBoxVRDP -startvm box > vrdp.log 2>&1 &');
    await home.untilState('box', 'running');
    await home.type('VBoxManage controlvm box poweroff');
    await home.untilState('box', 'poweroff');
    await home.type('VBoxHeadless --startvm box --vrde off > off.log 2>&1 &');
    await home.untilState('box', 'running');
    expect((await home.info('box')).get('vrdeport')).not.toMatch(/^[1-9]/);
    await home.type('VBoxManage controlvm box poweroff');
    await home.untilState('box', 'poweroff');
  }, 60_000);

  test('listens on IPv6 beside IPv4, where the host has that', async () => {
    const port = await freePort();
    await home.type(`VBoxManage modifyvm box --vrde-port ${port} --vrde-address ""`);
    await home.type('VBoxManage startvm box --type headless');
    const hosts = Object.values(networkInterfaces()).some((addresses) => addresses?.some(({ address }) => address === '::1')) ? ['127.0.0.1', '::1'] : ['127.0.0.1'];
    for (const host of hosts) {
      const socket = connect(port, host);
      await once(socket, 'connect');
      socket.destroy();
    }
    await home.type('VBoxManage controlvm box poweroff');
    await home.untilState('box', 'poweroff');
  }, 60_000);
});

test('extra data is kept, listed and removed', async () => {
  await home.type('VBoxManage setextradata box "VBoxAuthSimple/users/john" 2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b');
  expect(await home.type('VBoxManage getextradata box "VBoxAuthSimple/users/john"')).toBe('Value: 2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b\n');
  expect(await home.type('VBoxManage getextradata box enumerate')).toBe('Key: VBoxAuthSimple/users/john, Value: 2bb80d537b1da3e38bd30361aa855686bde0eacd7162fef6a25fe97bf527a25b\n');
  await home.type('VBoxManage setextradata box "VBoxAuthSimple/users/john"');
  expect(await home.type('VBoxManage getextradata box "VBoxAuthSimple/users/john"')).toBe('No value set!\n');
}, 60_000);

test('a machine is unregistered, and registered again from its settings file', async () => {
  const file = (await home.info('box')).get('CfgFile')!;
  const before = await home.info('box');
  await home.type('VBoxManage unregistervm box');
  expect(await home.type('VBoxManage list vms')).toBe('');
  await home.type(`VBoxManage registervm "${file}"`);
  const after = await home.info('box');
  for (const key of ['name', 'UUID', 'memory', 'boot1', 'vrdeports', 'IDE Controller-0-1']) expect(after.get(key)).toBe(before.get(key));
}, 60_000);
