/** The manager of dynamic channels: what a client may answer, in which order, and what it may not; a model of many channels. */
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { decode, encode, WireError } from '@belvedere/wire';
import { ProtocolError } from '../errors.js';
import * as dvc from '../pdu/dynamicChannel.js';
import { type DynamicEffect, type DynamicEvent, type DynamicState, dynamicStep, OFFERED_VERSION } from './dynamicChannels.js';

/** A manager and all that came of it. */
class Manager {
  state: DynamicState = { step: 'idle' };
  readonly sent: Uint8Array[] = [];
  readonly effects: DynamicEffect[] = [];

  do(...events: DynamicEvent[]): this {
    for (const event of events) {
      const { state, send, effects } = dynamicStep(this.state, event);
      this.state = state;
      this.sent.push(...send);
      this.effects.push(...effects);
    }
    return this;
  }

  hear(bytes: Uint8Array): this {
    return this.do({ type: 'received', bytes });
  }

  /** Started, and with channels that the client listens for, from identifier 1 on. */
  static with(...names: string[]): Manager {
    const manager = new Manager().do({ type: 'start' }).hear(caps(2));
    names.forEach((name, at) => manager.do(open(name)).hear(created(at + 1)));
    return manager;
  }
}

const open = (name: string, limit = 100): DynamicEvent => ({ type: 'open', key: name, name, limit });
const caps = (Version: number): Uint8Array => encode(dvc.DYNVC_CAPS_RSP, { Version });
const created = (ChannelId: number, CreationStatus = 0): Uint8Array => encode(dvc.DYNVC_CREATE_RSP, { ChannelId, CreationStatus });
const data = (ChannelId: number, ...octets: number[]): Uint8Array => encode(dvc.DYNVC_DATA, { ChannelId, Data: Uint8Array.from(octets) });
const first = (ChannelId: number, Length: number, ...octets: number[]): Uint8Array => encode(dvc.DYNVC_DATA_FIRST, { ChannelId, Length, Data: Uint8Array.from(octets) });
const closing = (ChannelId: number): Uint8Array => encode(dvc.DYNVC_CLOSE, { ChannelId });
const message = (name: string, ...octets: number[]): DynamicEffect => ({ type: 'message', key: name, name, message: Uint8Array.from(octets) });

describe('capabilities', () => {
  test('nothing is said to a client before the start, and nothing that it says before means anything', () => {
    expect(new Manager().do(open('a'), { type: 'close', key: 'a' }).hear(Uint8Array.of(0xff)).sent).toEqual([]);
  });

  test('come first; channels that are wanted meanwhile are asked for after the answer', () => {
    const manager = new Manager().do({ type: 'start' }, { type: 'start' }, open('a'), open('b'), open('a'), { type: 'close', key: 'b' });
    expect(manager.sent.map(dvc.cmdOf)).toEqual([dvc.Cmd.CAPABILITY]);
    manager.hear(caps(1)).hear(caps(1));
    expect(manager.sent.slice(1).map((pdu) => decode(dvc.DYNVC_CREATE_REQ, pdu))).toEqual([{ ChannelId: 1, Pri: 0, ChannelName: 'a' }]);
    expect(manager.state).toMatchObject({ step: 'ready', version: 1 });
  });

  test('a client that knows more than it is offered says so', () => {
    expect(new Manager().do({ type: 'start' }).hear(caps(3)).state).toMatchObject({ version: OFFERED_VERSION });
    expect(() => new Manager().do({ type: 'start' }).hear(caps(0))).toThrow(ProtocolError);
  });

  test('a client that answers what it was not asked yet is in the wrong', () => {
    expect(() => new Manager().do({ type: 'start' }).hear(created(1))).toThrow(ProtocolError);
  });
});

describe('a channel', () => {
  test('opens where somebody listens, and says where nobody does', () => {
    const manager = Manager.with().do(open('a'), open('b'), open('a')).hear(created(1)).hear(created(2, -2147023728));
    expect(manager.sent.length).toBe(3);
    expect(manager.effects).toEqual([{ type: 'opened', key: 'a', name: 'a', id: 1 }, { type: 'unheard', key: 'b', name: 'b', status: -2147023728 }]);
    for (const id of [1, 2, 3]) expect(() => manager.hear(created(id))).toThrow(`channel ${id} is not being created`);
  });

  test('brings messages, whole or in fragments, each channel by itself', () => {
    const manager = Manager.with('a', 'b').hear(first(1, 5, 1, 2)).hear(data(2, 9)).hear(data(1, 3)).hear(first(2, 2, 7)).hear(data(1, 4, 5)).hear(data(2, 8)).hear(data(1, 6)).hear(data(1)).hear(first(1, 1, 2));
    expect(manager.effects.slice(2)).toEqual([message('b', 9), message('a', 1, 2, 3, 4, 5), message('b', 7, 8), message('a', 6), message('a'), message('a', 2)]);
  });

  test('takes no message that is too long, and none that is longer than it says', () => {
    expect(() => Manager.with('a').hear(first(1, 101))).toThrow('a message of 101 bytes, at most 100 are taken');
    expect(() => Manager.with('a').hear(data(1, ...new Array<number>(101).fill(0)))).toThrow(WireError);
    expect(() => Manager.with('a').hear(first(1, 0xffffffff))).toThrow(WireError);
    expect(() => Manager.with('a').hear(first(1, 2, 1)).hear(data(1, 2, 3))).toThrow('3 bytes of a message of 2');
    expect(() => Manager.with('a').hear(first(1, 2, 1)).hear(first(1, 2, 1))).toThrow(ProtocolError);
  });

  test('takes nothing compressed, no soft sync and no data before it is open', () => {
    for (const cmd of [0, 6, 7, 8, 9, 15]) expect(() => Manager.with('a').hear(Uint8Array.of(cmd << 4, 1, 0))).toThrow(`Cmd ${cmd} is not one`);
    expect(() => Manager.with().do(open('a')).hear(data(1, 1))).toThrow('not open yet');
  });

  test('is closed by this side, and what was on its way is for nobody', () => {
    const manager = Manager.with('a').do({ type: 'close', key: 'a' }, { type: 'close', key: 'a' });
    expect(decode(dvc.DYNVC_CLOSE, manager.sent.at(-1)!)).toEqual({ ChannelId: 1 });
    manager.hear(data(1, 1)).do(open('a')).hear(created(2)).hear(closing(1)).hear(data(2, 3)).hear(closing(7)).hear(data(1, 4));
    expect(manager.effects.slice(1)).toEqual([{ type: 'late', key: 'a', name: 'a' }, { type: 'opened', key: 'a', name: 'a', id: 2 }, { type: 'closed', key: 'a', name: 'a', id: 1 }, message('a', 3), message('', 4)]);
  });

  test('is closed before the client has answered: as soon as it has', () => {
    const manager = Manager.with().do(open('a'), { type: 'close', key: 'a' });
    expect(manager.sent.length).toBe(2);
    manager.hear(created(1));
    expect(decode(dvc.DYNVC_CLOSE, manager.sent[2])).toEqual({ ChannelId: 1 });
    expect(Manager.with().do(open('a'), { type: 'close', key: 'a' }).hear(created(1, -1)).effects).toEqual([]);
  });

  test('is closed by the client, and may be opened again under another number', () => {
    const manager = Manager.with('a').hear(first(1, 9, 1)).hear(closing(1)).do(open('a')).hear(created(2)).hear(data(2, 5));
    expect(manager.effects.slice(1)).toEqual([{ type: 'closed', key: 'a', name: 'a', id: 1 }, { type: 'opened', key: 'a', name: 'a', id: 2 }, message('a', 5)]);
  });
});

test('several channels of one name are known by their keys', () => {
  const wanted = (key: string): DynamicEvent => ({ type: 'open', key, name: 'a', limit: 100 });
  const manager = Manager.with().do(wanted('x'), wanted('y')).hear(created(1)).hear(created(2)).do({ type: 'close', key: 'x' }).hear(data(2, 5));
  expect(manager.effects.slice(2)).toEqual([{ type: 'message', key: 'y', name: 'a', message: Uint8Array.of(5) }]);
});

test('any messages in any fragments over several channels come out as they went in', () => {
  const messages = fc.array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 0, max: 5000 })), { maxLength: 12 });
  fc.assert(
    fc.property(messages, fc.array(fc.nat(2), { maxLength: 60 }), (all, order) => {
      const names = ['a', 'b', 'c'];
      const manager = new Manager().do({ type: 'start' }).hear(caps(3));
      names.forEach((name, at) => manager.do(open(name, 5000)).hear(created(at + 1)));
      const queues = names.map((_, at) => all.flatMap(([channel, length]) => (channel === at ? dvc.dataPdus(at + 1, new Uint8Array(length).fill(length)) : [])));
      for (const at of [...order, ...queues.flatMap((queue, index) => queue.map(() => index))]) {
        const pdu = queues[at].shift();
        if (pdu) manager.hear(pdu);
      }
      const heard = manager.effects.flatMap((effect) => (effect.type === 'message' ? [[effect.name, effect.message.length, effect.message.every((octet) => octet === (effect.message.length & 0xff))]] : []));
      for (const [at, name] of names.entries()) {
        expect(heard.filter(([of]) => of === name)).toEqual(all.filter(([channel]) => channel === at).map(([, length]) => [name, length, true]));
      }
    }),
  );
});
