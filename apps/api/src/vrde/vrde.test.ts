import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { Machine } from '../machines/machine.dto.js';
import { TestHome } from '../test/home.js';
import { parsePorts } from './ports.js';
import { changeVrde, newVrde, overridesOf, vrdeSpec } from './settings.js';

describe('VRDE settings', () => {
  test('a port list is tried in its order, each port once', () => {
    expect(parsePorts('5000,5010-5012, 5000')).toEqual([5000, 5010, 5011, 5012]);
    expect(parsePorts('1-65535')).toHaveLength(65535);
    for (const text of ['', ',', '0', '65536', '5-', '-5', '5000;5001', 'a', '50-40', '1e3', '999999']) expect(() => parsePorts(text)).toThrow(/VRDE ports/);
  });

  test('options and properties are the same settings', () => {
    const byOption = changeVrde(newVrde, { ports: '5000,5010-5012', addresses: '127.0.0.1' });
    expect(changeVrde(newVrde, { properties: { 'tcp/ports': '5000,5010-5012', 'TCP/Address': '127.0.0.1' } })).toEqual(byOption);
    expect(vrdeSpec({ vrde: byOption, extraData: {} })).toMatchObject({ ports: [5000, 5010, 5011, 5012], addresses: ['127.0.0.1'], properties: {} });
    expect(changeVrde(byOption, { ports: 'default', properties: { 'TCP/Address': null } })).toEqual(newVrde);
    expect(changeVrde(byOption, { ports: '0', addresses: '0.0.0.0' })).toEqual(newVrde);
  });

  test('the security method is kept in its own spelling, in any letter case', () => {
    expect(changeVrde(newVrde, { properties: { 'Security/Method': 'tls' } }).properties).toEqual({ 'Security/Method': 'TLS' });
    expect(changeVrde(newVrde, { properties: { 'security/method': 'NEGOTIATE' } }).properties).toEqual({});
    expect(() => changeVrde(newVrde, { properties: { 'Security/Method': 'SSL' } })).toThrow("VRDE property Security/Method: 'SSL' is none of Negotiate, RDP, TLS");
  });

  test('certificates are absolute paths, and the oldest TLS version is one of four', () => {
    for (const name of ['Security/ServerCertificate', 'Security/ServerPrivateKey', 'Security/CACertificate']) {
      expect(changeVrde(newVrde, { properties: { [name.toLowerCase()]: '/etc/rdp/../rdp/x.pem' } }).properties).toEqual({ [name]: '/etc/rdp/x.pem' });
      expect(() => changeVrde(newVrde, { properties: { [name]: 'x.pem' } })).toThrow(`VRDE property ${name}: 'x.pem' is not the absolute path of a PEM file`);
    }
    for (const version of ['1.0', '1.1', '1.3']) expect(vrdeSpec({ vrde: changeVrde(newVrde, { properties: { 'Security/TLSMinVersion': version } }), extraData: {} }).properties).toEqual({ 'Security/TLSMinVersion': version });
    expect(changeVrde(newVrde, { properties: { 'Security/TLSMinVersion': '1.2' } })).toEqual(newVrde);
    for (const address of ['192.0.2.1', '::1', 'host-1.example']) expect(changeVrde(newVrde, { properties: { 'teleport/vieweraddress': address } }).properties).toEqual({ 'Teleport/ViewerAddress': address });
    for (const address of ['a b', 'x:3389', '-x', 'a..b', 'a'.repeat(64)]) expect(() => changeVrde(newVrde, { properties: { 'Teleport/ViewerAddress': address } })).toThrow('neither an IP address nor the name of a host');
    expect(() => changeVrde(newVrde, { properties: { 'Security/TLSMinVersion': '3' } })).toThrow("'3' is none of 1.0, 1.1, 1.2, 1.3");
  });

  test('the library is the own one, else that of the run, else VBoxAuth', () => {
    const own = changeVrde(newVrde, { authType: 'external', authLibrary: 'VBoxAuthSimple' });
    expect(vrdeSpec({ vrde: own, extraData: {} }, { defaultLibrary: '/x.mjs' })).toMatchObject({ authType: 'external', authLibrary: 'VBoxAuthSimple' });
    for (const authLibrary of [null, '', 'default']) expect(changeVrde(own, { authLibrary })).toEqual({ ...newVrde, authType: 'external' });
    expect(vrdeSpec({ vrde: newVrde, extraData: {} }, { defaultLibrary: '/x.mjs' }).authLibrary).toBe('/x.mjs');
    expect(vrdeSpec({ vrde: newVrde, extraData: {} }).authLibrary).toBe('VBoxAuth');
    expect(() => changeVrde(newVrde, { authLibrary: 'vboxauth' })).toThrow("unknown authentication library 'vboxauth': use VBoxAuth, VBoxAuthSimple, or the absolute path of a module of your own");
  });

  test('the switches take 1, 0 and nothing, in any letter case of their names', () => {
    for (const what of ['Display', 'Input', 'USB', 'Audio', 'Clipboard', 'UpstreamAudio', 'RDPDR']) {
      const name = `Client/Disable${what}`;
      const off = changeVrde(newVrde, { properties: { [name.toLowerCase()]: '1' } });
      expect(vrdeSpec({ vrde: off, extraData: {} }).properties).toEqual({ [name]: '1' });
      for (const value of ['', null]) expect(changeVrde(off, { properties: { [name]: value } })).toEqual(newVrde);
      expect(changeVrde(off, { properties: { [name]: '0' } }).properties).toEqual({ [name]: '0' });
      for (const value of ['2', 'on', 'true', ' 1', '01']) {
        expect(() => changeVrde(newVrde, { properties: { [name]: value } })).toThrow(`VRDE property ${name}: '${value}' is neither 1, which switches it off for all clients, nor 0; leave it empty`);
      }
      // A run may have on what the settings have off.
      for (const value of ['0', '', null]) expect(vrdeSpec({ vrde: off, extraData: {} }, overridesOf('config', { [name]: value })).properties).toEqual({ [name]: '0' });
      expect(vrdeSpec({ vrde: newVrde, extraData: {} }, overridesOf('config', { [name.toUpperCase()]: '1' })).properties).toEqual({ [name]: '1' });
    }
    expect(() => changeVrde(newVrde, { properties: { 'Client/DisablePrinter': '1' } })).toThrow("unknown VRDE property 'Client/DisablePrinter': known are ");
  });

  test('the video channel and its quality are properties by another name', () => {
    const on = changeVrde(newVrde, { videoChannel: true, videoChannelQuality: 50 });
    expect(on.properties).toEqual({ 'VideoChannel/Enabled': '1', 'VideoChannel/Quality': '50' });
    expect(vrdeSpec({ vrde: on, extraData: {} }).properties).toEqual(on.properties);
    expect(changeVrde(on, { videoChannel: false, videoChannelQuality: 75 })).toEqual(newVrde);
    expect(changeVrde(on, { properties: { 'videochannel/enabled': '', 'VideoChannel/Quality': null } })).toEqual(newVrde);
    for (const [word, kept] of [['1', '1'], ['true', '1'], ['On', '1'], ['0', '0'], ['FALSE', '0'], ['off', '0']]) {
      expect(changeVrde(newVrde, { properties: { 'VideoChannel/Enabled': word } }).properties).toEqual({ 'VideoChannel/Enabled': kept });
    }
    for (const quality of [10, 100]) expect(changeVrde(newVrde, { videoChannelQuality: quality }).properties).toEqual({ 'VideoChannel/Quality': String(quality) });
    for (const quality of [9, 101]) expect(() => changeVrde(newVrde, { videoChannelQuality: quality })).toThrow(`VRDE video channel quality ${quality} is not between 10 and 100`);
    for (const quality of ['9', '101', '7.5', '1e1', 'high', '-50', ' 50']) {
      expect(() => changeVrde(newVrde, { properties: { 'VideoChannel/Quality': quality } })).toThrow(`VRDE property VideoChannel/Quality: '${quality}' is no whole number from 10 to 100`);
    }
    for (const word of ['2', 'yes', 'constructor']) expect(() => changeVrde(newVrde, { properties: { 'VideoChannel/Enabled': word } })).toThrow(`'${word}' is neither 1 (or true) nor 0 (or false)`);
    // A run may have off what the settings have on.
    expect(vrdeSpec({ vrde: on, extraData: {} }, overridesOf('config', { 'VideoChannel/Enabled': '' })).properties).toEqual({ ...on.properties, 'VideoChannel/Enabled': '0' });
  });

  test('what has no effect yet is refused by name, its default is not', () => {
    for (const name of ['VideoChannel/DownscaleProtection', 'H3DRedirect/Enabled']) {
      expect(() => changeVrde(newVrde, { properties: { [name]: '1' } })).toThrow(`VRDE property ${name}: '1' has no effect in this version`);
      expect(changeVrde(newVrde, { properties: { [name]: '' } })).toEqual(newVrde);
    }
    expect(changeVrde(newVrde, { videoChannel: false, videoChannelQuality: 75, authLibrary: null, authType: 'null' })).toEqual(newVrde);
    expect(() => changeVrde(newVrde, { properties: { 'TCP/Prots': '1' } })).toThrow("unknown VRDE property 'TCP/Prots': known are TCP/Ports, ");
    expect(() => changeVrde(newVrde, { addresses: 'localhost' })).toThrow("VRDE address 'localhost' is no IP address");
  });
});

describe('the remote display of a running machine', () => {
  let home: TestHome;
  const taken: Server[] = [];
  beforeAll(async () => {
    home = await TestHome.make();
  });
  afterAll(async () => {
    for (const server of taken) server.close();
    await home.remove();
  });

  const port = async (): Promise<number> => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    taken.push(server);
    return (server.address() as AddressInfo).port;
  };
  const free = async (): Promise<number> => {
    const found = await port();
    await new Promise((resolve) => taken.pop()!.close(resolve));
    return found;
  };

  test('takes the first free port of the list, and is changed while it runs', async () => {
    const [busy, first, second] = [await port(), await free(), await free()];
    await home.machine('display');
    await home.get('PATCH', '/machines/display', { vrde: { enabled: true, ports: `${busy},${first}` } });
    const events = await home.events();
    expect(await home.get<Machine>('POST', '/machines/display/start')).toMatchObject({ run: { vrde: { port: first } }, vrde: { ports: `${busy},${first}` } });
    expect(await home.get('PATCH', '/machines/display/vrde', { ports: String(second), multiConnection: true })).toMatchObject({ run: { vrde: { port: second } }, vrde: { ports: String(second), multiConnection: true } });
    expect(await events.next({ type: 'vrde' })).toMatchObject({ name: 'display', vrde: { port: second } });

    const refused = await home.ask('PATCH', '/machines/display/vrde', { body: { ports: String(busy) } });
    expect(refused).toMatchObject({ status: 500, body: { code: 'VBOX_E_HOST_ERROR', message: expect.stringContaining(String(busy)) } });
    expect(await home.get('GET', '/machines/display')).toMatchObject({ run: { vrde: { port: second } }, vrde: { ports: String(second) } });
    expect(await home.get('PATCH', '/machines/display/vrde', { properties: { 'Client/DisableInput': '1' } })).toMatchObject({ run: { vrde: { port: second } }, vrde: { properties: { 'Client/DisableInput': '1' } } });
    expect((await home.ask('PATCH', '/machines/display/vrde', { body: { properties: { 'Client/DisableInput': 'yes' } } })).body).toMatchObject({ code: 'E_INVALIDARG' });
    expect(await home.get('PATCH', '/machines/display/vrde', { properties: { 'Client/DisableInput': '' } })).toMatchObject({ vrde: { properties: { 'Client/DisableInput': null } } });

    expect(await home.get('PATCH', '/machines/display/vrde', { enabled: false })).toMatchObject({ run: { vrde: { port: null } }, vrde: { enabled: false } });
    await home.get('POST', '/machines/display/power-off');
    expect((await home.ask('PATCH', '/machines/display/vrde', { body: { enabled: true } })).body).toMatchObject({ code: 'VBOX_E_INVALID_VM_STATE' });
    events.close();
  });

  test('a machine none of whose ports is free does not start, and every port is named', async () => {
    const ports = [await port(), await port()];
    await home.machine('blocked');
    await home.get('PATCH', '/machines/blocked', { vrde: { enabled: true, ports: ports.join(',') } });
    const { body } = await home.ask('POST', '/machines/blocked/start');
    expect(body).toMatchObject({ code: 'VBOX_E_HOST_ERROR' });
    for (const each of ports) expect(body.message).toContain(String(each));
    expect(await home.get('GET', '/machines/blocked')).toMatchObject({ state: 'poweroff', run: null });
    expect(await home.get('POST', '/machines/blocked/start', { vrde: 'off' })).toMatchObject({ state: 'running', run: { vrde: { port: null } }, vrde: { enabled: true } });
    await home.get('POST', '/machines/blocked/power-off');
  });

  test('a run of its own display: the settings stay, and a change keeps what the run was started with, also past a restart', async () => {
    const [one, two] = [await free(), await free()];
    await home.machine('run');
    expect(await home.get('POST', '/machines/run/start', { vrde: 'on', vrdeProperties: { 'TCP/Ports': String(one) } })).toMatchObject({ run: { vrde: { port: one } }, vrde: { enabled: false, ports: '3389' } });
    await home.stop();
    await home.start();
    expect(await home.get('PATCH', '/machines/run/vrde', { multiConnection: true })).toMatchObject({ run: { vrde: { port: one } }, vrde: { enabled: false } });
    expect(await home.get('PATCH', '/machines/run/vrde', { ports: String(two) })).toMatchObject({ run: { vrde: { port: two } }, vrde: { enabled: false, ports: String(two) } });
    await home.get('POST', '/machines/run/power-off');
    expect((await home.ask('POST', '/machines/run/start', { body: { vrde: 'on', vrdeProperties: { 'TCP/Port': '1' } } })).body).toMatchObject({ code: 'E_INVALIDARG' });
  });
});
